// A decision and a fee as `stipend ledger export` prints them.
#pragma once

#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {

// One object: the key of the decision, then the exported fields in the order of their list. [pure]
[[nodiscard]] Json decision_json(const DecisionLine& line);
// One object, which begins with the member `fee`: what kind it is. [pure]
[[nodiscard]] Json fee_json(const FeeLine& line);

}  // namespace stipend::ledger
