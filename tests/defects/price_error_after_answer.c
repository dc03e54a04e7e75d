/* Returns an error from its start function although it has answered. */
#define DEFECT_FETCH(c) ANSWER(c); return STIPEND_E_UNAVAILABLE
#include "async_price.h"
