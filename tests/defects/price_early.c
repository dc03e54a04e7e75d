/* Answers before its start function returned. */
#define DEFECT_FETCH(c) ANSWER(c); return STIPEND_OK
#include "async_price.h"
