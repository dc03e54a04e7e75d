/* A service whose report is no JSON. */
#include <stddef.h>

#include "stipend/abi/service.h"

static stipend_status report(stipend_instance* i, const stipend_sink* out, stipend_error* e) {
    (void)i, (void)e;
    return out->write(out->ctx, "all is well", 11);
}
static const stipend_service_v1 service_table = {report};

#define DEFECT_KIND STIPEND_SERVICE
#define DEFECT_INTERFACE_ID STIPEND_SERVICE
#define DEFECT_INTERFACE (&service_table)
#include "defect.h"
