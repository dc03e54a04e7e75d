// The terminal: lines on it, keys from it.
#pragma once

#include "tools/flow/api.hpp"

namespace stipend::flow {

// Keeps the signals that end `show` from the threads of the process. Call it before any thread begins.
void block_ending_signals();

// Shows the lanes until q, or until SIGINT, SIGTERM or SIGHUP. The terminal is as it was when it returns.
// UNAVAILABLE: standard input or output is no terminal, or one that ncurses does not know. Returns the signal that
// ended it; 0: q.
[[nodiscard]] Result<int> show(const Api& api);

}  // namespace stipend::flow
