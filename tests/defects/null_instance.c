#include "stipend/abi/lifecycle.h"
static stipend_status create_nothing(const stipend_host* h, stipend_str id, stipend_str name, stipend_str config,
                                     const stipend_terms* t, stipend_instance** out, stipend_error* e) {
    (void)h, (void)id, (void)name, (void)config, (void)t, (void)out, (void)e;
    return STIPEND_OK;
}
#define DEFECT_CREATE create_nothing
#include "defect.h"
