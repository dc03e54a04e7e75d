// Opens the socket that a server listens on. Plain POSIX: a unix socket gets its mode before it is visible.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>

#include "host/base/file.hpp"
#include "host/base/not_in_children.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

class Listener {
  public:
    // `address`: "127.0.0.1:8010" or "[::1]:8010", numeric only, since a name could resolve to another interface later.
    [[nodiscard]] static Result<Listener> on_tcp(const std::string& address);
    // A socket at `path` with mode 0600. A stale one, on which no process listens, is replaced.
    // CONFLICT: a process listens on it, or `path` is no socket; it is unchanged.
    [[nodiscard]] static Result<Listener> on_unix(const std::string& path);

    Listener(Listener&&) = default;
    Listener& operator=(Listener&&) = default;
    ~Listener() = default;

    [[nodiscard]] Fd take() { return std::move(socket_); }
    // The socket is about to be closed, by what took it. Until then, no process that is forked from this one has it.
    void end() { guard_.end(); }
    [[nodiscard]] int family() const { return family_; }
    [[nodiscard]] const std::string& address() const { return address_; }  // with the port that was assigned
    // Removes the unix socket's file, if it is still the one that was created here.
    void remove_file() const;

  private:
    Listener() = default;

    Fd socket_;
    NotInChildren guard_;
    int family_ = AF_INET;
    std::string address_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

// "address:port" of an internet socket's other end, "unix" of any other.
[[nodiscard]] std::string peer_of(int fd);

}  // namespace stipend::http
