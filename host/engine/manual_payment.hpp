// A payment that an administrator orders beside the decisions: what is asked for, and the row that carries it out.
#pragma once

#include <optional>
#include <string>

#include "host/engine/price_gate.hpp"
#include "host/ledger/rows.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

struct ManualRequest {
    ledger::Stated stated = ledger::Stated::usd;
    Usd usd = {};            // above 0 where dollars are stated
    SignedWei wei = {};      // above 0 where units of the asset are
    std::string asset = {};  // its symbol; empty where dollars are stated
    std::string recipient = {};
    std::string orchestrator = {};  // empty: whichever the recipient is
    std::string call_type = {};
    std::string reference = {};
    std::string metadata = {};  // a JSON object
    std::string by = {};
};

// {"amount","asset","recipient","orchestrator_id","call_type","reference","metadata","by"}; `amount` is taken by its
// digits: US dollars, or with `asset` its smallest units. INVALID: malformed, or not above 0.
[[nodiscard]] Result<ManualRequest> parse_manual_payment(const Json& json);

// The row, at an accepted rate. LIMIT: the amount fits in no entry; INVALID: it is worth nothing.
[[nodiscard]] Result<ledger::ManualPayment> make_manual_payment(const ManualRequest& request, std::string id,
                                                                ledger::OrchestratorId to, const Quote& rate,
                                                                std::uint32_t decimals, stipend_unix_ns now);

// What the API answers.
[[nodiscard]] Json manual_payment_answer(const ledger::ManualPayment& row, const std::string& orchestrator,
                                         std::optional<std::int64_t> latency_ns);

}  // namespace stipend::engine
