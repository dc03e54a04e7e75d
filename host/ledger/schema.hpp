// The tables and their migrations.
#pragma once

#include <cstdint>

#include "host/ledger/sqlite.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

inline constexpr std::int64_t application_id = 0x73747064;  // "stpd"
inline constexpr std::int64_t schema_version = 3;
// What opening a ledger migrates it to. Version 3 adds the fees of jobs; a ledger gets it with its first fee, so that
// an earlier program opens a ledger without fees.
inline constexpr std::int64_t schema_version_without_fees = 2;

// The size of the WAL at which a checkpoint is due. A larger one makes a checkpoint stall longer, a smaller one writes
// the rows of engine_state, which change with each decision, into the database more often.
inline constexpr std::int64_t checkpoint_pages = 4'000;

// CONFIG if the file is not a ledger, or newer than this program. True if it is new and empty.
[[nodiscard]] Result<bool> check_identity(sqlite::Database& database);

// Settings of the connection; persistent ones only when `writer`.
[[nodiscard]] Result<void> configure(sqlite::Database& database, bool writer);

// Migrates the tables to `schema_version_without_fees`, one transaction for each version; a new file gets the chain's
// id.
[[nodiscard]] Result<void> migrate(sqlite::Database& database, std::uint64_t chain_id, std::int64_t created_at);

// Whether the ledger has the tables of version 3.
[[nodiscard]] Result<bool> has_fees(sqlite::Database& database);
// Adds them, within the transaction under way, if they are missing.
[[nodiscard]] Result<void> add_fee_tables(sqlite::Database& database);

// CONFIG if the database belongs to another chain.
[[nodiscard]] Result<void> check_chain(sqlite::Database& database, std::uint64_t chain_id);

// The tables that an archive holds, in an attached database named `arc`.
[[nodiscard]] const char* archive_tables();

}  // namespace stipend::ledger
