/* Never answers the first request, and all others. */
#define DEFECT_FETCH(c) static int asked; if (asked++ == 0) return STIPEND_OK; ANSWER(c); return STIPEND_OK
#include "async_price.h"
