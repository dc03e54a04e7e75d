// One writer: a lock that the kernel drops with the process, however that ends.
#pragma once

#include <filesystem>

#include "stipend/result.hpp"

namespace stipend::ledger {

// Holds `<path>` locked, with this process's id in it for the message that a second writer gets. The file stays.
class LockFile {
  public:
    // BUSY where another holds it; CONFIG where the file cannot be made.
    [[nodiscard]] static Result<LockFile> take(const std::filesystem::path& path);

    LockFile() = default;
    LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    LockFile& operator=(LockFile&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;
    ~LockFile();

  private:
    explicit LockFile(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace stipend::ledger
