// The system service of a worker.
#pragma once

#include <filesystem>
#include <string>

#include "stipend/result.hpp"

namespace stipend::cli {

// The command that starts a worker with that configuration: by its service where the service reads that file.
[[nodiscard]] std::string start_command(const std::filesystem::path& config_file);
// Whether this process can start the service for that configuration: systemd runs this machine, the service reads that
// file, and this is root.
[[nodiscard]] bool can_start_unit(const std::filesystem::path& config_file);
// Enables and starts the service; `again` restarts one that runs. Blocks until it has started. UNAVAILABLE: it did not.
[[nodiscard]] Result<void> start_unit(bool again);

}  // namespace stipend::cli
