// The C tables through which plugins reach the host's services.
#pragma once

#include "stipend/abi/host.h"
#include "stipend/abi/monitor.h"

namespace stipend::plugin {

// stipend_host.get_interface of every instance that is not pure.
const void* host_interface(const stipend_host* host, const char* id);

// stipend_completion.done of every operation.
void operation_done(const stipend_host* host, stipend_op op, stipend_status status, const void* record,
                    const stipend_error* error);

// The `observe` of every watch.
void observation_made(const stipend_host* host, stipend_op op, const stipend_observation* observation);

}  // namespace stipend::plugin
