// A decision as `stipend ledger export` prints it.
#pragma once

#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {

// One object: the key of the decision, then the exported fields in the order of their list. [pure]
[[nodiscard]] Json decision_json(const DecisionLine& line);

}  // namespace stipend::ledger
