#include "stipend/abi/lifecycle.h"
static stipend_status take_as_c_string(stipend_str id, stipend_str config, const stipend_terms* t, stipend_error* e) {
    (void)id, (void)t, (void)e;
    const volatile char* at = config.ptr;
    while (*at != '\0') ++at;
    return STIPEND_OK;
}
#define DEFECT_CHECK_CONFIG take_as_c_string
#include "defect.h"
