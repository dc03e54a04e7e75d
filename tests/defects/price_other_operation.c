/* Answers for an operation that never was, and then for its own. */
#define DEFECT_ANSWER(c) c.op += 1000000; ANSWER(c); c.op -= 1000000; ANSWER(c)
#include "async_price.h"
