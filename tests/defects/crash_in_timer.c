/* A service whose timer, set at its start, crashes when it fires. */
#include <signal.h>
#include <stddef.h>

#include "stipend/abi/host.h"
#include "stipend/abi/service.h"

static const stipend_host* the_host;
static void fired(void* user) {
    (void)user;
    raise(SIGILL);
}
static void set_timer(void) {
    const stipend_host_timer_v1* timer = the_host->get_interface(the_host, STIPEND_HOST_TIMER);
    timer->after(the_host, UINT64_C(60000000000), fired, NULL);
}
static stipend_status report(stipend_instance* i, const stipend_sink* out, stipend_error* e) {
    (void)i, (void)e;
    return out->write(out->ctx, "{}", 2);
}
static const stipend_service_v1 service_table = {report};

#define DEFECT_KIND STIPEND_SERVICE
#define DEFECT_INTERFACE_ID STIPEND_SERVICE
#define DEFECT_INTERFACE (&service_table)
#define DEFECT_IN_CREATE (the_host = h)
#define DEFECT_IN_START set_timer()
#include "defect.h"
