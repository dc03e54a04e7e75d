// Which sockets the client's loop waits for. Not thread-safe: it belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "host/http/descriptor.hpp"

namespace stipend::http {

// libcurl takes its interest back when an exchange ends and states the same one again when the next begins on that
// connection. What is registered with the kernel for a connection therefore stays, and goes when it becomes a nuisance
// (an event that nobody wants) or the socket is closed: two system calls less for each exchange. Descriptors that
// libcurl makes by itself (its resolver's) are let go at once, since it also closes them by itself.
class SocketWatch {
  public:
    explicit SocketWatch(Descriptor epoll) : epoll_(std::move(epoll)) {}

    // A connection's socket was made; `on_close` will close it.
    void opened(int fd);
    // From now on `events` (EPOLLIN, EPOLLOUT) of `fd` are wanted. False where the system takes no more; see errno.
    [[nodiscard]] bool want(int fd, std::uint32_t events);
    // Nothing is wanted of `fd`, which stays open.
    void leave(int fd);
    // Whether an event of `fd` is for anybody. If not, no more will come.
    [[nodiscard]] bool is_wanted(int fd);
    // A CURLOPT_CLOSESOCKETFUNCTION whose data is the watch: another thread may have the number at once.
    static int on_close(void* self, int fd) noexcept;

    [[nodiscard]] int epoll() const { return epoll_.get(); }

  private:
    struct Place {
        std::uint32_t registered = 0;
        std::uint32_t wanted = 0;
        bool is_connection = false;
    };
    [[nodiscard]] Place& place_of(int fd);
    void forget(int fd);

    const Descriptor epoll_;
    std::vector<Place> places_;  // by descriptor, whose numbers the system keeps small
};

}  // namespace stipend::http
