// Notices that files became others: by looking at them twice a second. A look follows links and names anew each time,
// so it notices a link that leads elsewhere, a folder that was removed and made anew, and a file on any file system;
// there is no watch that could be lost.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "host/base/lane.hpp"
#include "host/plugin/settled.hpp"

namespace stipend::runtime {

class FileWatch {
  public:
    // Calls `on_change(file)` on `lane` after a file that is watched became another and is the same since the look
    // before; again when it changes again. The lane has a width of 1 and is used by nothing else: a file system may
    // hang.
    FileWatch(std::shared_ptr<Lane> lane, std::function<void(const std::filesystem::path&)> on_change);
    ~FileWatch() { lane_->end(); }
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    // These from now on. What a file is at its first look is no change. [any]
    void watch(std::set<std::filesystem::path> files);
    // Reports the file once more, where it is watched, as if it had changed now. [any]
    void look_again(const std::filesystem::path& file);

    // Looks no more. False: a look has not ended, so the watch may not be destroyed. [any thread but the lane's]
    [[nodiscard]] bool stop_within(std::int64_t patience_ns);

  private:
    struct FileState {
        std::optional<plugin::FileStamp> reported;  // none: there is no file
        std::optional<plugin::FileStamp> last;
        bool again = false;
    };
    void look();

    const std::shared_ptr<Lane> lane_;
    const std::function<void(const std::filesystem::path&)> on_change_;
    std::mutex mutex_;
    std::map<std::filesystem::path, FileState> files_;  // guarded by mutex_
};

}  // namespace stipend::runtime
