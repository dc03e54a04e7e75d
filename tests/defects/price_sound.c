/* A price plugin that is sound. */
#include "async_price.h"
