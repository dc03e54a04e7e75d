// Tries instances of a plugin of any kind beside policy, on a host without effects.
#pragma once

#include "host/plugin/trial/life.hpp"

namespace stipend::plugin {

// One instance, of any kind, that is asked for nothing.
Result<void> try_life(Calls& calls, const Subject& subject);
// A little of each kind, by some instances one after the other. Warns of what they leave behind.
Result<void> try_kinds(Calls& calls, const Subject& subject);
// Each kind against a network that answers in each of the ways of scripted.hpp. What breaks a rule of asynchronous work
// is a finding.
Result<void> try_operations(Calls& calls, const Subject& subject);

}  // namespace stipend::plugin
