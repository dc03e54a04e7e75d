// Backups of a ledger, their restoration, and the traces that a lost ledger leaves.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/ledger.hpp"

namespace stipend::ledger {

struct RestoreReport {
    Restored restored;
    Head head = {};           // the end of the chain, with the row that records the restoration
    std::string aside = {};   // where the ledger that was replaced is; empty if there was none
    bool incomplete = false;  // the WAL of the file that was restored is missing
    std::vector<std::string> missing_archives = {};
};

// Puts a copy of `file` in the place of the ledger at `path`, once everything in it is verified, and records that in
// its chain. `file` is a backup, or a ledger's file of this or an earlier schema; it stays as it is. BUSY: a host has
// the ledger open. CONFLICT: the ledger holds something and `replace` is not set. INVALID: `file` has errors. The
// ledger is unchanged after an error.
[[nodiscard]] Result<RestoreReport> restore(const std::filesystem::path& path, const OpenOptions& options,
                                            const std::filesystem::path& file, bool replace);

// What shows that there was a ledger at `path`, where the file is missing or holds nothing: one text for each trace.
// Empty if the ledger holds something, or if the folder is fresh. A file that cannot be read holds something.
[[nodiscard]] std::vector<std::string> traces_of_lost_ledger(const std::filesystem::path& path);

// Opens a ledger for a command that works without a host. CONFIG: there is none, or only traces of one; no file is
// created then, so that a host still finds the traces.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_existing(const std::filesystem::path& path,
                                                            const OpenOptions& options);

// Renames the ledger's file, its WAL first, to NAME.REASON-TIME. Returns the new name; none if there is nothing. The
// caller holds the ledger's lock, or no host runs.
[[nodiscard]] Result<std::optional<std::filesystem::path>> set_aside(const std::filesystem::path& path,
                                                                     const std::string& reason);

}  // namespace stipend::ledger
