// The secret that is an orchestrator's own at its manager: made by the worker, and stored before it is sent anywhere.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::worker {

struct OwnSecret {
    std::string orchestrator_id;
    std::string url;          // of the manager that it was made for
    std::string secret;       // 64 hex digits
    bool registered = false;  // the manager has accepted it
};

// The file of one id. Ids have characters that names of files do not.
[[nodiscard]] std::filesystem::path own_secret_file(const std::filesystem::path& folder, std::string_view id);

// The secret of that file, or a new one, durable when the call returns. Blocks on the disk. CONFIG: a file that is
// damaged, that others may read, or that is of another manager. UNAVAILABLE: it cannot be read or written.
[[nodiscard]] Result<OwnSecret> read_or_make_own_secret(const std::filesystem::path& folder, std::string_view id,
                                                        std::string_view url);
// Durable when the call returns; readable by its owner alone.
[[nodiscard]] Result<void> write_own_secret(const std::filesystem::path& folder, const OwnSecret& secret);

}  // namespace stipend::worker
