// What belongs to the process as a whole, and must be after a call of the plugin what it was before.
#pragma once

#include <sys/types.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>

namespace stipend::plugin {

class ProcessState {
  public:
    // Opens descriptors up to 63, so that one that a plugin closes by its number is found to be gone.
    static void plant();
    [[nodiscard]] static ProcessState now();

    // What is different from `before`, as "got" of a message: "another working directory"; none where nothing is.
    [[nodiscard]] std::optional<std::string> change_since(const ProcessState& before) const;
    // Crash signals that have another action than `before`: their names, joined. A host survives that.
    [[nodiscard]] std::string crash_signals_since(const ProcessState& before) const;

  private:
    static constexpr int descriptors = 64;
    static constexpr int signals = 32;
    struct File {
        dev_t device = 0;
        ino_t inode = 0;
        bool operator==(const File&) const = default;
    };
    struct Action {
        void* handler = nullptr;
        int flags = 0;
        bool operator==(const Action&) const = default;
    };

    std::string locale_;
    bool own_locale_ = false;
    int rounding_ = 0, traps_ = 0;
    File folder_;
    mode_t umask_ = 0;
    std::array<Action, signals> actions_{};
    std::array<bool, signals> blocked_{};
    std::array<std::optional<File>, descriptors> files_{};
};

// Entries of a folder of /proc/self: threads in "task", descriptors in "fd"; -1 where it cannot be read.
[[nodiscard]] int count_entries(const char* folder);

// Bytes that are allocated; none where the allocator of this build does not count them.
[[nodiscard]] std::optional<std::size_t> allocated_bytes();
// Bytes of private memory that are in use.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace stipend::plugin
