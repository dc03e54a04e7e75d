/* A price source quotes one currency in another, exactly. */
#ifndef STIPEND_ABI_PRICE_H
#define STIPEND_ABI_PRICE_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_PRICE "stipend.price/1"

typedef struct stipend_quote { /* 1 `base` = mantissa x 10^exponent `quote`; borrowed for the call */
    uint32_t size;
    int32_t exponent;
    int64_t mantissa;
    stipend_str base;  /* what is quoted, in what: as in the request, else the host rejects the quote */
    stipend_str quote;
    stipend_str source;
    stipend_unix_ns observed_at;
    stipend_unix_ns valid_until; /* 0: only the host's `max_age` applies */
} stipend_quote;

typedef struct stipend_price_v1 {
    /* Requests a quote; completes with a stipend_quote. [pool & started] */
    stipend_status (*fetch)(stipend_instance* i, stipend_str base, stipend_str quote, stipend_mono_ns deadline,
                            stipend_completion c, stipend_error* e);
    /* Cancels an operation. [any] A finished one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_price_v1;

#ifdef __cplusplus
}
#endif
#endif
