// Reports files of a folder that were written or renamed into place (inotify).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "host/runtime/control_loop.hpp"
#include "stipend/result.hpp"

namespace stipend::runtime {

class FolderWatch {
  public:
    // Calls `on_written(name)` on [control], once for each file and turn, after a file was closed after writing or
    // renamed into place. UNAVAILABLE where the system watches no more folders.
    static Result<std::unique_ptr<FolderWatch>> create(ControlLoop& loop, const std::filesystem::path& folder,
                                                       std::function<void(const std::string& file)> on_written);
    ~FolderWatch();  // before the loop ends
    FolderWatch(const FolderWatch&) = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

  private:
    struct State;
    explicit FolderWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
    const std::shared_ptr<State> state_;
};

}  // namespace stipend::runtime
