// Tries the kinds of a plugin that do I/O: a little of each, on a host without effects.
#pragma once

#include "host/plugin/trial/life.hpp"

namespace stipend::plugin {

// How an operation ends is not looked at, since there is no network: only that each call comes back.
Result<void> try_kinds(Calls& calls, const Subject& subject);

}  // namespace stipend::plugin
