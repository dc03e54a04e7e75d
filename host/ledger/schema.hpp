// The tables and their migrations.
#pragma once

#include <cstdint>

#include "host/base/sqlite.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

inline constexpr std::int64_t application_id = 0x73747064;  // "stpd"
inline constexpr std::int64_t schema_version = 10;

// The size of the WAL at which a checkpoint is due. A larger one makes a checkpoint stall longer, a smaller one writes
// the rows of engine_state, which change with each decision, into the database more often.
inline constexpr std::int64_t checkpoint_pages = 4'000;

// CONFIG if the file is not a ledger, or newer than this program. True if it is new and empty.
[[nodiscard]] Result<bool> check_identity(sqlite::Database& database);

// Settings of the connection; persistent ones only when `writer`.
[[nodiscard]] Result<void> configure(sqlite::Database& database, bool writer);

// Migrates the tables to `schema_version`, one transaction for each version; a new file gets the chain's id.
[[nodiscard]] Result<void> migrate(sqlite::Database& database, std::uint64_t chain_id, std::int64_t created_at);

// CONFIG if the database belongs to another chain.
[[nodiscard]] Result<void> check_chain(sqlite::Database& database, std::uint64_t chain_id);

// The tables that an archive holds, in an attached database named `arc`.
[[nodiscard]] const char* archive_tables();

}  // namespace stipend::ledger
