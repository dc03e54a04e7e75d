// Pays or excuses time that stayed unpaid through the payer's own fault: by a further entry, never by an edit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/api/order_key.hpp"
#include "host/config/settings.hpp"
#include "host/engine/stretch_request.hpp"
#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

struct AdjustRequest : StretchRequest {
    std::optional<Usd> usd = {};  // none: the base for each whole interval that stayed unpaid; 0: excused
    bool dry_run = false;         // only says what would be recorded
};

// What an amount is worked out by.
struct AdjustTerms {
    ledger::OrchestratorId orchestrator = 0;
    std::int64_t interval_ns = 0;
    Usd base;
    std::optional<std::int64_t> usd_per_eth_e8;      // none: no rate is accepted, and only an excuse can be recorded
    std::uint32_t decimals = ledger::coin_decimals;  // of the asset that it is owed in
};

// {"orchestrator","from","to","reason","usd","by"}; times as RFC 3339, `usd` a decimal string or absent,
// `dry_run` true or absent.
Result<AdjustRequest> parse_adjustment(const Json& json);

// The row that carries it out, where `unpaid` is what Ledger::unpaid says of this orchestrator. INVALID where nothing
// stayed unpaid in that time and no amount is given, and for time that has not been yet: what may become unpaid there
// would count as adjusted. Its key is made of orchestrator and time, so that the same request twice is refused by the
// ledger.
Result<ledger::Adjustment> make_adjustment(const AdjustRequest& request, const AdjustTerms& terms,
                                           const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now);

// The terms where no host runs: the configuration's, and the last rate that was accepted, if it still counts. INVALID
// where the ledger knows no such orchestrator.
Result<AdjustTerms> terms_without_host(ledger::Ledger& ledger, const config::Settings& settings,
                                       const std::string& orchestrator, stipend_unix_ns now);

// Writes the row with its answer, and answers what was written; the first answer, where `key` was carried out before.
// In a dry run it writes nothing, and answers what the row would be; that there is one of that orchestrator and time
// already is only found when it is written.
Result<Json> record_adjustment(ledger::Ledger& ledger, const AdjustRequest& request, const AdjustTerms& terms,
                               stipend_unix_ns now, const api::OrderKey& key = {});

}  // namespace stipend::engine
