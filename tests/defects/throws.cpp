// Lets an exception through the ABI.
#include <stdexcept>

#include "stipend/abi/entry.h"

static stipend_status throwing(stipend_str, stipend_str, const stipend_terms*, stipend_error*) {
    throw std::runtime_error("boom");
}
#define DEFECT_CHECK_CONFIG throwing
#include "defect.h"
