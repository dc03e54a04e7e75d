/* Answers a minute later, whatever deadline it was given. */
#include "stipend/abi/host.h"
#include "stipend/abi/price.h"
static void answer_late(void* user);
static stipend_status wait_a_minute(stipend_completion c);
#define DEFECT_FETCH(c) return wait_a_minute(c)
#include "async_price.h"

static void answer_late(void* user) {
    const stipend_completion c = *(stipend_completion*)user;
    free(user);
    ANSWER(c);
}
static stipend_status wait_a_minute(stipend_completion c) {
    const stipend_host_timer_v1* timer =
        (const stipend_host_timer_v1*)c.host->get_interface(c.host, STIPEND_HOST_TIMER);
    stipend_completion* kept = (stipend_completion*)malloc(sizeof *kept);
    *kept = c;
    timer->after(c.host, UINT64_C(60000000000), answer_late, kept);
    return STIPEND_OK;
}
