// Copies of what a host keeps beside its ledger: accounts and keys of the API, registrations, targets of alerts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::cli {

// Writes each file that `state` has to BACKUP.NAME, readable by its owner alone, and returns the names of the copies.
// May run beside a host. INVALID: a copy exists already; what was written before it stays.
[[nodiscard]] Result<std::vector<std::string>> copy_stores(const std::filesystem::path& state,
                                                           const std::filesystem::path& backup);

struct RestoredStores {
    std::vector<std::string> restored = {};
    std::vector<std::string> kept = {};  // are in `state` already, and stay: a backup may have what was revoked since
};
// Puts the copies beside `backup` into `state`, where these files are missing. No host may run.
[[nodiscard]] Result<RestoredStores> restore_stores(const std::filesystem::path& state,
                                                    const std::filesystem::path& backup);

}  // namespace stipend::cli
