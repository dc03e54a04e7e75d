#include <stdlib.h>

#include "stipend/abi/price.h"

static stipend_status fetch(stipend_instance* i, stipend_str base, stipend_str quote, stipend_mono_ns deadline,
                            stipend_completion c, stipend_error* e) {
    (void)i, (void)base, (void)quote, (void)deadline, (void)c, (void)e;
    exit(0);
}
static void cancel(stipend_instance* i, stipend_op op) {
    (void)i, (void)op;
}
static const stipend_price_v1 price_table = {fetch, cancel};

#define DEFECT_KIND STIPEND_PRICE
#define DEFECT_INTERFACE_ID STIPEND_PRICE
#define DEFECT_INTERFACE (&price_table)
#include "defect.h"
