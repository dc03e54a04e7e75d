// The operations of each kind in the process of a plugin: their arguments come from the host, their records go there.
#pragma once

#include "host/plugin/isolated/wire.hpp"
#include "stipend/abi/entry.h"

namespace stipend::plugin::isolated {

// Begins an operation of the plugin with the arguments in `body`; `observe` takes the observations of a watch. Any
// exception of the plugin passes through.
stipend_status begin_operation(const stipend_entry& entry, stipend_instance* instance, Begins kind, Reader& body,
                               stipend_observe observe, stipend_completion completion, stipend_error* error);
void cancel_operation(const stipend_entry& entry, stipend_instance* instance, Begins kind, stipend_op op);
// The record with which an operation of that kind ends; not NULL.
void write_answer(Writer& to, Begins kind, const void* record);

}  // namespace stipend::plugin::isolated
