/* A monitor whose verdict is none, and whose watch reports a look that ended before it began. */
#include <stddef.h>

#include "stipend/abi/monitor.h"

static stipend_observation look(const stipend_target* t) {
    const stipend_observation out = {.size = sizeof(stipend_observation),
                                     .verdict = STIPEND_UP,
                                     .target_id = t->target_id,
                                     .started_at = 2000,
                                     .ended_at = 2000};
    return out;
}
static stipend_status probe(stipend_instance* i, const stipend_target* t, stipend_mono_ns deadline,
                            stipend_completion c, stipend_error* e) {
    (void)i, (void)deadline, (void)e;
    stipend_observation seen = look(t);
    seen.verdict = 77;
    c.done(c.host, c.op, STIPEND_OK, &seen, NULL);
    return STIPEND_OK;
}
static stipend_status watch(stipend_instance* i, const stipend_target* t, uint64_t count, uint64_t stride,
                            stipend_observe observe, stipend_completion c, stipend_error* e) {
    (void)i, (void)count, (void)stride, (void)e;
    stipend_observation seen = look(t);
    seen.ended_at = 1000;
    observe(c.host, c.op, &seen);
    c.done(c.host, c.op, STIPEND_OK, NULL, NULL);
    return STIPEND_OK;
}
static void cancel(stipend_instance* i, stipend_op op) { (void)i, (void)op; }
static const stipend_monitor_v1 monitor_table = {probe, watch, cancel};

#define DEFECT_KIND STIPEND_MONITOR
#define DEFECT_INTERFACE_ID STIPEND_MONITOR
#define DEFECT_INTERFACE (&monitor_table)
#include "defect.h"
