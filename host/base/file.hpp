// Files and descriptors, with errors as values.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "stipend/result.hpp"

namespace stipend {

// A file descriptor that closes itself; negative is none.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    explicit operator bool() const { return fd_ >= 0; }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_ = -1;
};

// Opens a file that holds a secret, to read it; no descriptor where there is none. CONFIG: others may read it, or it is
// no regular file. UNAVAILABLE: it cannot be opened.
Result<Fd> open_private_file(const std::filesystem::path& path);

// Reads to the end. LIMIT beyond `most` bytes.
Result<std::string> read_all(int fd, std::uintmax_t most);
Result<std::string> read_file(const std::filesystem::path& path, std::uintmax_t most);

// Writes beside and renames, so that a reader sees the old file or the new one, never a part. Synced before the rename,
// and its folder after it: when the call returns, the new file survives a loss of power.
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

// Makes a file of mode 0600 that is whole or not there, synced as above; false where there is one already, which stays
// as it is. Made by root, it gets the owner of `like`, so that a service can read what root made for it.
Result<bool> make_private_file(const std::filesystem::path& path, std::string_view bytes,
                               const std::filesystem::path& like);

}  // namespace stipend
