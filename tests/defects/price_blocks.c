/* Blocks for 5 s in each call. */
#define DEFECT_FETCH(c) sleep(5); ANSWER(c); return STIPEND_OK
#include "async_price.h"
