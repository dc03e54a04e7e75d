// What a ledger's file records about itself, outside of the chain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/sqlite.hpp"

namespace stipend::ledger {

// True while a writer has the file open. A file in use without a WAL beside it is a copy, and lacks the newest rows. It
// is a view, so that it is in no table that is compared or exported.
[[nodiscard]] Result<bool> is_in_use(sqlite::Database& database);
[[nodiscard]] Result<void> set_in_use(sqlite::Database& database, bool in_use);

// How often the ledger was opened for writing, which is the fence of the writer that opened it last; 0: not since there
// are fences. It only grows, and is a view for the same reason.
[[nodiscard]] Result<std::int64_t> fence_of(sqlite::Database& database);
[[nodiscard]] Result<void> set_fence(sqlite::Database& database, std::int64_t fence);

// Marks with a value: rows of `kv` under a name that no plugin instance has.
//
// In a backup: when it was made, in nanoseconds.
inline constexpr std::string_view mark_backup = "backup";
// In a restored ledger: the body of the row of the chain that records it, with the row's position as `seq`.
inline constexpr std::string_view mark_restored = "restored";
// In one that may pay again since: the body of the row of the chain that records that.
inline constexpr std::string_view mark_restored_accepted = "restored-accepted";

[[nodiscard]] Result<std::optional<std::string>> get_mark(sqlite::Database& database, std::string_view mark);
[[nodiscard]] Result<void> set_mark(sqlite::Database& database, std::string_view mark, std::string_view value);
[[nodiscard]] Result<void> erase_mark(sqlite::Database& database, std::string_view mark);

// Opens a ledger's file beside a writer, to read it.
[[nodiscard]] Result<void> open_to_read(sqlite::Database& database, const std::string& path,
                                        std::int64_t busy_timeout_ms = 5'000);

// Whether a WAL with contents lies beside the file. Only before SQLite opens it, since that may create one.
[[nodiscard]] bool wal_present(const std::string& path);

}  // namespace stipend::ledger
