// Objections as they are read: with their answers, and with what these paid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/ledger.hpp"

namespace stipend::ledger {

// A SELECT of what `next_objection` reads, of the namespace ?1; `rest` begins with AND, or is an ORDER BY.
[[nodiscard]] std::string select_objections(std::string_view rest);
// The next one; none at the end. INVALID: it is damaged.
[[nodiscard]] Result<std::optional<ObjectionLine>> next_objection(sqlite::Database& database, sqlite::Statement& rows);
// Of the namespace, by orchestrator: those that wait for an answer.
[[nodiscard]] Result<std::vector<OpenObjections>> load_open_objections(sqlite::Database& database, std::int64_t ns);

}  // namespace stipend::ledger
