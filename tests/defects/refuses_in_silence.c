/* Refuses the upper limit of its own schema without a word. */
#include <stddef.h>
#include <string.h>

#include "stipend/abi/lifecycle.h"
static stipend_status refuse_limit(stipend_str id, stipend_str config, const stipend_terms* t, stipend_error* e) {
    (void)id, (void)t, (void)e;
    for (uint64_t at = 0; at + 3 <= config.len; ++at) {
        if (memcmp(config.ptr + at, ":12", 3) == 0) return STIPEND_E_CONFIG;
    }
    return STIPEND_OK;
}
#define DEFECT_SCHEMA                                                     \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" \
    "\"level\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":12}}}"
#define DEFECT_CHECK_CONFIG refuse_limit
#include "defect.h"
