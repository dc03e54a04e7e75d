/* A monitor that blocks for 5 s in each call, but for the probe's. */
#include "trigger.h"

#include "stipend/abi/monitor.h"

static stipend_status probe(stipend_instance* i, const stipend_target* t, stipend_mono_ns deadline,
                            stipend_completion c, stipend_error* e) {
    (void)i, (void)t, (void)deadline, (void)c, (void)e;
    if (!in_probe()) sleep(5);
    return STIPEND_E_UNAVAILABLE;
}
static stipend_status watch(stipend_instance* i, const stipend_target* t, uint64_t count, uint64_t stride,
                            stipend_observe observe, stipend_completion c, stipend_error* e) {
    (void)i, (void)t, (void)count, (void)stride, (void)observe, (void)c, (void)e;
    return STIPEND_E_UNSUPPORTED;
}
static void cancel(stipend_instance* i, stipend_op op) { (void)i, (void)op; }
static const stipend_monitor_v1 monitor_table = {probe, watch, cancel};

#define DEFECT_KIND STIPEND_MONITOR
#define DEFECT_INTERFACE_ID STIPEND_MONITOR
#define DEFECT_INTERFACE (&monitor_table)
#include "defect.h"
