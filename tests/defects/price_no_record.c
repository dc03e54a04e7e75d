/* Answers OK without a record. */
#define DEFECT_ANSWER(c) c.done(c.host, c.op, STIPEND_OK, NULL, NULL)
#include "async_price.h"
