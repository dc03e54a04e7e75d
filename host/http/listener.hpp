// Opens the socket that a server listens at. Plain POSIX: the rights of a unix socket are set before it can be seen.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>

#include "host/http/descriptor.hpp"

namespace stipend::http {

class Listener {
  public:
    // `address`: "127.0.0.1:8010" or "[::1]:8010", numbers only: a name could mean another interface tomorrow.
    [[nodiscard]] static Result<Listener> on_tcp(const std::string& address);
    // A socket at `path` with mode 0600. One that is there and that nobody answers at is replaced.
    // CONFLICT: somebody answers, or `path` is no socket; it is left as it is.
    [[nodiscard]] static Result<Listener> on_unix(const std::string& path);

    Listener(Listener&&) = default;
    Listener& operator=(Listener&&) = default;
    ~Listener() = default;

    [[nodiscard]] Descriptor take() { return std::move(socket_); }
    [[nodiscard]] int family() const { return family_; }
    [[nodiscard]] const std::string& address() const { return address_; }  // with the port that was given
    // Removes the unix socket's file, if it is still the one that was made here.
    void remove_file() const;

  private:
    Listener() = default;

    Descriptor socket_;
    int family_ = AF_INET;
    std::string address_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

// "address:port" of an internet socket's other end, "unix" of any other.
[[nodiscard]] std::string peer_of(int fd);

}  // namespace stipend::http
