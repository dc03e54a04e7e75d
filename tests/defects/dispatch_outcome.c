/* A dispatcher whose outcome is none. */
#include <stddef.h>

#include "stipend/abi/dispatch.h"

static stipend_status submit(stipend_instance* i, const stipend_job* j, stipend_completion c, stipend_error* e) {
    (void)i, (void)j, (void)e;
    const stipend_job_result result = {.size = sizeof(stipend_job_result), .outcome = 55};
    c.done(c.host, c.op, STIPEND_OK, &result, NULL);
    return STIPEND_OK;
}
static stipend_status inspect(stipend_instance* i, stipend_str address, stipend_str capability, stipend_completion c,
                              stipend_error* e) {
    (void)i, (void)address, (void)capability, (void)c, (void)e;
    return STIPEND_E_UNSUPPORTED;
}
static void cancel(stipend_instance* i, stipend_op op) { (void)i, (void)op; }
static const stipend_dispatch_v1 dispatch_table = {submit, inspect, cancel};

#define DEFECT_KIND STIPEND_DISPATCH
#define DEFECT_INTERFACE_ID STIPEND_DISPATCH
#define DEFECT_INTERFACE (&dispatch_table)
#include "defect.h"
