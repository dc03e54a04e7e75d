// What a payee says against a decision, and what the payer says to that: what is asked for, and what is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/engine/adjust.hpp"
#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

inline constexpr std::uint64_t max_open_objections = 10'000;      // of all orchestrators
inline constexpr std::uint64_t max_objections_of_one_a_day = 20;  // in a UTC day

struct ObjectionRequest {
    std::string orchestrator = {};  // its key
    std::uint64_t epoch = 0;
    std::string text = {};
    std::string by = {};
};
// {"orchestrator","epoch","text","by"}. INVALID: a member is missing, or is none of its kind.
[[nodiscard]] Result<ObjectionRequest> parse_objection(const Json& json);

struct ObjectionAnswerRequest {
    std::string orchestrator = {};
    std::uint64_t epoch = 0;
    std::string reason = {};
    std::optional<Usd> usd = {};  // above 0; none: nothing is paid
    std::string by = {};
};
// {"orchestrator","epoch","reason","usd","by"}; `usd` may be missing or null.
[[nodiscard]] Result<ObjectionAnswerRequest> parse_objection_answer(const Json& json);

// What was written, as the API shows it, and what of this orchestrator is open after it.
struct Objected {
    Json shown;
    std::optional<ledger::OpenObjections> open = {};
};

// Writes the objection of the orchestrator `id`. Where the same is recorded, nothing changes. CONFLICT: another one is;
// LIMIT: by one of the limits above; INVALID: there is no such decision.
[[nodiscard]] Result<Objected> record_objection(ledger::Ledger& ledger, const ObjectionRequest& request,
                                                ledger::OrchestratorId id, stipend_unix_ns now);

// Writes the answer, and in the same transaction the adjustment that pays for it, over the time of the decision. Where
// the same is recorded, nothing changes. Nothing: there is no such objection. CONFLICT: it is answered otherwise;
// UNAVAILABLE: something is to be paid, and `terms` have no rate.
[[nodiscard]] Result<std::optional<Objected>> record_objection_answer(ledger::Ledger& ledger,
                                                                      const ObjectionAnswerRequest& request,
                                                                      const AdjustTerms& terms, stipend_unix_ns now);

}  // namespace stipend::engine
