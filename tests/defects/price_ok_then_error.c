/* Answers OK, and then with an error. */
#define DEFECT_ANSWER(c) ANSWER(c); c.done(c.host, c.op, STIPEND_E_UNAVAILABLE, NULL, NULL)
#include "async_price.h"
