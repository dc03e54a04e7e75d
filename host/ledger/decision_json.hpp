// A decision, a fee and a manual payment as `stipend ledger export` prints them.
#pragma once

#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {

// One object: the key of the decision, then the exported fields in the order of their list. [pure]
[[nodiscard]] Json decision_json(const DecisionLine& line);
// One object, which begins with the member `fee`: what kind it is. [pure]
[[nodiscard]] Json fee_json(const FeeLine& line);
// A manual payment, by the names of a decision where it has the same. [pure]
[[nodiscard]] Json manual_payment_json(const ManualLine& line);

// An objection: `open` or `answered`. Its texts are as they were written: unfit for a terminal. [pure]
[[nodiscard]] Json objection_json(const ObjectionLine& line);

}  // namespace stipend::ledger
