// The proof of one decision: two rows of the chain, each below a signed head. One is the decision, the other what the
// ledger says of its orchestrator, since a decision has only the orchestrator's number. A payee keeps it, and checks it
// without the payer: {"rows":[ROW, ROW]}, see signed_head.hpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/ledger/signed_head.hpp"

namespace stipend::ledger {

// None: there is no such decision, or it is in an archive that is not found. BUSY: a row is below no head yet.
[[nodiscard]] Result<std::optional<Json>> prove_decision(Ledger& book, const std::filesystem::path& heads,
                                                         std::string_view orchestrator, std::uint64_t epoch);

struct ProvenDecision {
    Seq seq = 0;
    std::string orchestrator = {};  // its key
    Decision decision = {};
    SignedHead head = {};  // over the decision
};
// INVALID: it is malformed, does not prove its rows, they are of different orchestrators, or different keys signed
// them.
[[nodiscard]] Result<ProvenDecision> check_decision_proof(const Json& proof);

}  // namespace stipend::ledger
