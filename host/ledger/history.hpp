// What changed about one orchestrator beside its decisions, as the audit chain has it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/canonical.hpp"
#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

struct HistoryLine {
    Seq seq = 0;
    AuditKind kind = AuditKind::orchestrator;  // or adjustment, pardon, manual_payment, objection, objection_answer
    std::string body = {};                     // the canonical JSON that is hashed
    // The time of the decision ahead of it in the chain; none: there is none in this file.
    std::optional<stipend_unix_ns> not_before = {};
};

struct HistoryQuery {
    std::string_view key;            // of the orchestrator
    std::optional<Seq> before = {};  // where the part before ended
    std::uint64_t limit = 100;       // lines
};

struct HistoryPart {
    std::vector<HistoryLine> lines = {};  // the newest first
    std::optional<Seq> next = {};         // where the next part goes on; nothing at the end
};

// None: there is no such orchestrator in the namespace. Rows that were archived are left out. Opens the file for
// itself, beside a writer; blocks on the disk. CONFIG: there is no ledger. INVALID: a row is damaged. [any thread but
// control and the ledger's]
[[nodiscard]] Result<std::optional<HistoryPart>> history(const std::filesystem::path& database, const Namespace& ns,
                                                         const HistoryQuery& query);

// Observations of one orchestrator that overlap [from, to), the newest `limit` of them, by target and time. None: there
// is no such orchestrator in the namespace. The rest as above.
struct ObservedPart {
    std::vector<Observation> spans = {};
    bool complete = true;  // there are not more than the limit
};
[[nodiscard]] Result<std::optional<ObservedPart>> observed(const std::filesystem::path& database, const Namespace& ns,
                                                           std::string_view key, stipend_unix_ns from,
                                                           stipend_unix_ns to, std::uint64_t limit);

}  // namespace stipend::ledger
