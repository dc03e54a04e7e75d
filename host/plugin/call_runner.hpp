// Runs a call that ought to return soon on a thread of its own, so that one which does not return costs its caller no
// more than its patience.
#pragma once

#include <cstdint>
#include <functional>

#include "stipend/result.hpp"

namespace stipend::plugin {

// Runs `work` on a helper thread and waits for its end. TIMEOUT: it has not ended within `patience_ns`, and what it
// refers to must outlive it. UNAVAILABLE: the system refuses a thread, and `work` is not run. [any]
[[nodiscard]] Result<void> run_within(std::int64_t patience_ns, std::function<void()> work);

// Helper threads whose work was given up and has not ended. While there are some, the process must not be torn down
// around them. [any]
[[nodiscard]] std::size_t given_up();

}  // namespace stipend::plugin
