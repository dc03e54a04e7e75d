// A plugin instance in a process of its own, as an instance of the C ABI: whatever the host does with an instance, it
// does with this one. Its tables send what they are asked to the process, and what the process answers is handed on.
#pragma once

#include <memory>

#include "stipend/abi/entry.h"

namespace stipend::plugin::isolated {

// An entry whose instances run in processes, each as `Chosen::isolation` of the instance says that the host creates.
// One for each library, whose address is that of no other library. Its `init`, `deinit`, `count` and `describe` are not
// to be called, as nothing of the library is in this process.
[[nodiscard]] std::unique_ptr<const stipend_entry> make_entry();

// Whether a plugin of that kind can run in a process of its own.
[[nodiscard]] bool can_isolate(const char* kind);

}  // namespace stipend::plugin::isolated
