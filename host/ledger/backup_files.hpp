// What backups, restorations and archives do with files.
#pragma once

#include <filesystem>
#include <string>

#include "host/base/sqlite.hpp"
#include "host/ledger/rows.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::ledger {

// UNAVAILABLE if the file, or with O_DIRECTORY the folder, cannot be synced.
[[nodiscard]] Result<void> sync_path(const std::filesystem::path& path, int flags);

// Renames, and never replaces: INVALID if `to` exists.
[[nodiscard]] Result<void> rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

// `path`, or the first of PATH-2, PATH-3, ... that does not exist.
[[nodiscard]] std::filesystem::path free_name(const std::filesystem::path& path);

// SHA-256 of the contents, as hex digits.
[[nodiscard]] Result<std::string> sha256_of(const std::filesystem::path& file);

// As root: gives `file` the owner of `like`, so that the service can use it.
[[nodiscard]] Result<void> give_owner_of(const std::filesystem::path& like, const std::filesystem::path& file);

// Copies what `from` has committed, its WAL included, into the new file `to`: one file, which needs no WAL. Synced.
[[nodiscard]] Result<void> copy_database(sqlite::Database& from, const std::filesystem::path& to);

// A time as part of a file's name, such as 20261122T060000Z.
[[nodiscard]] std::string time_in_name(stipend_unix_ns at);

// By the system's clock.
[[nodiscard]] stipend_unix_ns present_ns();

// What a ledger that is restored now from the backup `database` records of itself.
[[nodiscard]] Result<Restored> restored_facts(sqlite::Database& database);

}  // namespace stipend::ledger
