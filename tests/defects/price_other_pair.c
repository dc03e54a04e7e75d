/* Quotes another pair than it was asked for. */
#define DEFECT_ANSWER(c)                  \
    stipend_quote quote = sound_quote();  \
    quote.base.ptr = "BTC";               \
    c.done(c.host, c.op, STIPEND_OK, &quote, NULL)
#include "async_price.h"
