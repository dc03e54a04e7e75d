// Single-writer lock that the kernel releases when the process ends, even by a crash. It is the process's alone: a
// child that a plugin forks does not hold it, so the next start finds the true holder or none.
#pragma once

#include <filesystem>

#include "stipend/result.hpp"

namespace stipend::ledger {

// Locks `<path>` and writes this process's id into it, for the error message of a second writer. The file is not
// removed.
class LockFile {
  public:
    // BUSY if another process holds the lock; CONFIG if the file cannot be created.
    [[nodiscard]] static Result<LockFile> take(const std::filesystem::path& path);

    LockFile() = default;
    LockFile(LockFile&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), is_held_(std::exchange(other.is_held_, false)) {}
    LockFile& operator=(LockFile&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(is_held_, other.is_held_);
        return *this;
    }
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;
    ~LockFile();

  private:
    explicit LockFile(int fd) : fd_(fd) {}
    int fd_ = -1;
    bool is_held_ = false;
};

}  // namespace stipend::ledger
