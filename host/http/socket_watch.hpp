// libcurl's wishes for its sockets, held against one epoll. Not thread-safe.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <vector>

namespace stipend::http {

class SocketWatch {
  public:
    // `epoll_fd` is borrowed.
    explicit SocketWatch(int epoll_fd) : epoll_fd_(epoll_fd) {}

    // Wants `events` (EPOLLIN, EPOLLOUT) of `fd`, 0 for none, from the next `flush` on. The delay is what makes it
    // cheap: a connection that one transfer lets go and the next takes up in the same round costs one system call, not
    // three.
    void want(int fd, std::uint32_t events);
    // Tells the kernel what changed. Before each wait.
    void flush();

  private:
    struct State {
        std::uint32_t wanted = 0;
        std::uint32_t told = 0;
        bool changed = false;
    };

    int epoll_fd_;
    std::vector<State> states_;  // by descriptor
    std::vector<int> changed_;
};

}  // namespace stipend::http
