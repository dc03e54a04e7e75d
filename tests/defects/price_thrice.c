/* Answers three times. */
#define DEFECT_ANSWER(c) ANSWER(c); ANSWER(c); ANSWER(c)
#include "async_price.h"
