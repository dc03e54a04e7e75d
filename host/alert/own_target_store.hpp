// Where the targets of orchestrators and what waits for them survive a restart: a private SQLite file in the state
// folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "host/alert/own_target.hpp"
#include "host/base/private_database.hpp"

namespace stipend::alert {

// One thread at a time. Each change is durable when the call returns.
class OwnTargetStore {
  public:
    // Opens the file, or makes it. CONFIG: it cannot be used, others may read it, or a newer version made it.
    [[nodiscard]] static Result<std::unique_ptr<OwnTargetStore>> open(const std::filesystem::path& file);
    [[nodiscard]] Result<std::vector<OwnTarget>> load();
    [[nodiscard]] Result<void> put(const OwnTarget& target);
    [[nodiscard]] Result<void> remove(std::string_view orchestrator);

  private:
    OwnTargetStore() = default;
    sqlite::Database database_;
};

[[nodiscard]] inline std::filesystem::path own_target_file(const std::filesystem::path& state_folder) {
    return state_folder / "alert-targets.db";
}

}  // namespace stipend::alert
