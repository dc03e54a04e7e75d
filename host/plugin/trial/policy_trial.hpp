// Tries a policy: its decisions on samples of many kinds, each decided several times in other circumstances.
#pragma once

#include "host/plugin/trial/life.hpp"

namespace stipend::plugin {

// Refused: an access outside of a record; a decision that the host would not take, or above the policy's own bounds;
// answers that are not the same for the same sample.
Result<void> try_policy(Calls& calls, const Subject& subject);

}  // namespace stipend::plugin
