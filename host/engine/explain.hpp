// Why a decision is what it is: computed again, from what the ledger holds of it, by the code that decides.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/engine/explain_json.hpp"
#include "host/ledger/ledger.hpp"
#include "host/plugin/policy_instance.hpp"
#include "stipend/json.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {

// A policy that decides by a generation's configuration.
struct PolicyInUse {
    std::shared_ptr<const plugin::PolicyInstance> policy = {};
    std::string so_sha256 = {};  // of its code: another one than the generation's, where that is not at hand
};
// Makes one of the code of that generation, with this configuration and these terms.
using PolicySource = std::function<Result<PolicyInUse>(const ledger::Generation& row, const std::string& config_json,
                                                       const stipend_terms& terms)>;

// The terms of one orchestrator at present, where it may have its own: the ledger has the common ones.
struct PresentTerms {
    Usd base = {};
    std::string config_json = {};
};
using TermsSource = std::function<std::optional<PresentTerms>(const std::string& orchestrator)>;

// How a decision came about: by which policy, and from which state.
struct Decider {
    Recomputed again = {};  // without its range
    PolicyInUse in_use = {};
    ledger::EngineState before = {};
};
// By the ledger's terms; or by those at present, where only they give what is recorded. An error: no policy could be
// asked.
[[nodiscard]] Result<Decider> decider_of(const ledger::DecisionBasis& basis, const PolicySource& policies,
                                         const TermsSource& present);

struct Explained {
    std::string orchestrator = {};
    Json json = {};
    // What was recomputed is what is recorded, and the row is the one that the chain holds.
    bool same = false;
    bool recomputed = false;  // false: the policy could not be asked
};

// Nothing: there is no such decision, or it is in an archive that is not found. Reads the ledger, and asks the policy
// for each of a million uptimes: some 0.2 s.
[[nodiscard]] Result<std::optional<Explained>> explain(ledger::Ledger& book, const ledger::DecisionQuery& query,
                                                       const PolicySource& policies, const TermsSource& present);

}  // namespace stipend::engine
