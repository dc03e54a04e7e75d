/* A whole, small price plugin. Each file that includes it defines DEFECT_FETCH(completion), what it does when it is asked
 * for a rate, and so is broken in exactly one way. */
#ifndef STIPEND_ASYNC_PRICE_H
#define STIPEND_ASYNC_PRICE_H

#include <time.h>
#include <unistd.h>

#include "stipend/abi/price.h"

static inline stipend_quote sound_quote(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    stipend_quote quote = {.size = sizeof(stipend_quote)};
    quote.mantissa = 2000;
    quote.observed_at = (stipend_unix_ns)now.tv_sec * 1000000000 + now.tv_nsec;
    quote.valid_until = quote.observed_at + 60000000000;
    quote.base.ptr = "ETH";
    quote.base.len = 3;
    quote.quote.ptr = "USD";
    quote.quote.len = 3;
    quote.source.ptr = "defect";
    quote.source.len = 6;
    return quote;
}

#define ANSWER(c) do { const stipend_quote quote = sound_quote(); (c).done((c).host, (c).op, STIPEND_OK, &quote, NULL); } while (0)

/* What DEFECT_FETCH may hand an answer to: a thread of its own, which gives it once fetch has returned. */
#include <pthread.h>
#include <stdlib.h>
static void* answer_later(void* kept) {
    stipend_completion c = *(stipend_completion*)kept;
    free(kept);
    usleep(50000);
#ifdef DEFECT_ANSWER
    DEFECT_ANSWER(c);
#else
    ANSWER(c);
#endif
    return NULL;
}
static inline stipend_status later(stipend_completion c) {
    stipend_completion* kept = (stipend_completion*)malloc(sizeof *kept);
    pthread_t thread;
    *kept = c;
    if (pthread_create(&thread, NULL, answer_later, kept) != 0) return STIPEND_E_UNAVAILABLE;
    pthread_detach(thread);
    return STIPEND_OK;
}
#ifndef DEFECT_FETCH
#define DEFECT_FETCH(c) return later(c)
#endif

static stipend_status fetch(stipend_instance* i, stipend_str base, stipend_str quote, stipend_mono_ns deadline,
                            stipend_completion c, stipend_error* e) {
    (void)i, (void)base, (void)quote, (void)deadline, (void)e;
    DEFECT_FETCH(c);
}
static void cancel(stipend_instance* i, stipend_op op) { (void)i, (void)op; }
static const stipend_price_v1 price_table = {fetch, cancel};

#define DEFECT_KIND STIPEND_PRICE
#define DEFECT_INTERFACE_ID STIPEND_PRICE
#define DEFECT_INTERFACE (&price_table)
#include "defect.h"
#endif
