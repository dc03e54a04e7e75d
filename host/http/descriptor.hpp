// A file descriptor that closes itself, and the words for what the operating system refused.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "stipend/result.hpp"

namespace stipend::http {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// "what: reason" of the call that just failed.
[[nodiscard]] inline Error last_os_error(std::string_view what) {
    const int code = errno;
    return fail(STIPEND_E_UNAVAILABLE, what, ": ", std::generic_category().message(code));
}

}  // namespace stipend::http
