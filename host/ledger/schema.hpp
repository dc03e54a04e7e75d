// The tables, and how an older file becomes one of today.
#pragma once

#include <cstdint>

#include "host/ledger/sqlite.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

inline constexpr std::int64_t application_id = 0x73747064;  // "stpd"
inline constexpr std::int64_t schema_version = 2;

// How large the write-ahead log grows before it is moved into the database: the stall of one checkpoint against the
// number of times that the rows of state, which change with each decision, are written into the database.
inline constexpr std::int64_t checkpoint_pages = 4'000;

// Tells that the file is ours and not newer than this program; CONFIG otherwise. True where it is a new, empty one.
[[nodiscard]] Result<bool> check_identity(sqlite::Database& database);

// Settings of the connection; persistent ones only when `writer`.
[[nodiscard]] Result<void> configure(sqlite::Database& database, bool writer);

// Brings the tables forward to `schema_version`, one transaction for each version; a new file gets the chain's id.
[[nodiscard]] Result<void> migrate(sqlite::Database& database, std::uint64_t chain_id, std::int64_t created_at);

// Refuses a database of another chain with CONFIG.
[[nodiscard]] Result<void> check_chain(sqlite::Database& database, std::uint64_t chain_id);

// The tables that an archive holds, in an attached database named `arc`.
[[nodiscard]] const char* archive_tables();

}  // namespace stipend::ledger
