// What a ledger holds of a span of time beside its decisions: whose they are, which time the payer could not measure,
// which checks were taken back, and what was paid apart from them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/ledger/network_rows.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/abi/types.h"
#include "stipend/usd.hpp"

namespace stipend::ledger {

inline constexpr std::size_t max_span_facts = 200'000;  // of each kind

struct SpanFacts {
    struct Account {
        OrchestratorId id = 0;
        std::string key = {};
        stipend_unix_ns first_seen_at = 0;
        bool retired = false;
    };
    struct Unmeasured {  // a gap, its ends as they are recorded
        OrchestratorId orchestrator = 0;
        stipend_unix_ns from = 0;
        stipend_unix_ns to = 0;  // the end of the span where it is open
        std::string cause = {};
    };
    struct TakenBack {  // a pardon: checks up to `epoch` that were due in [from, to)
        OrchestratorId orchestrator = 0;
        std::uint64_t epoch = 0;
        stipend_unix_ns from = 0;
        stipend_unix_ns to = 0;
    };
    struct Apart {  // an adjustment (either sign) or a manual payment
        OrchestratorId orchestrator = 0;
        stipend_unix_ns at = 0;
        Usd usd = {};
        bool manual = false;
    };
    std::vector<Account> accounts = {};   // all of the namespace, by id
    std::vector<Unmeasured> gaps = {};    // that overlap the span
    std::vector<TakenBack> pardons = {};  // of checks that were due before its end, in the order of the chain
    std::vector<Apart> apart = {};        // that were made in the span
};

// Those of [from, to) in a namespace. Opens the file for itself, beside a writer; blocks on the disk. CONFIG: there is
// no ledger. LIMIT: more than max_span_facts of a kind. [any thread but control and the ledger's]
[[nodiscard]] Result<SpanFacts> span_facts(const std::filesystem::path& database, const Namespace& ns,
                                           stipend_unix_ns from, stipend_unix_ns to);

}  // namespace stipend::ledger
