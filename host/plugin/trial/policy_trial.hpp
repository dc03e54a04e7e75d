// Tries a policy: its decisions on samples of many kinds, each decided several times in other circumstances.
#pragma once

#include "host/plugin/trial/life.hpp"

namespace stipend::plugin {

// Refused: a decision that the host would not take, or above the policy's own bounds.
Result<void> try_decisions(Calls& calls, const Subject& subject);
// Refused: answers that are not the same for the same sample.
Result<void> try_order(Calls& calls, const Subject& subject);
// Warns of what instances leave behind.
Result<void> try_policy_lives(Calls& calls, const Subject& subject);

}  // namespace stipend::plugin
