// What the process gives up once it has its key, its store and its socket.
#pragma once

#include "stipend/result.hpp"

namespace stipend::signer {

// Before any secret is read: no core dump, and no other process of the user reads this one's memory.
[[nodiscard]] Result<void> hide_memory();
// All memory, now and later, stays out of swap. CONFIG: the limit of locked memory is too low.
[[nodiscard]] Result<void> lock_memory();
// From here on only the system calls that answering takes; any other ends the process by SIGSYS. No files are opened,
// no connections made, no processes started, no memory made executable.
[[nodiscard]] Result<void> restrict_system_calls();

}  // namespace stipend::signer
