/* Answers with NULL for the host that it was given. */
#define DEFECT_ANSWER(c) const stipend_quote quote = sound_quote(); c.done(NULL, c.op, STIPEND_OK, &quote, NULL)
#include "async_price.h"
