#include "host/http/socket_watch.hpp"

#include <cerrno>
#include <cstddef>

#include "stipend/result.hpp"

namespace stipend::http {

void SocketWatch::want(int fd, std::uint32_t events) {
    STIPEND_ASSERT(fd >= 0);
    const auto at = static_cast<std::size_t>(fd);
    if (at >= states_.size()) states_.resize(at + 64);
    states_[at].wanted = events;
    if (states_[at].changed) return;
    states_[at].changed = true;
    changed_.push_back(fd);
}

void SocketWatch::flush() {
    for (const int fd : changed_) {
        auto& state = states_[static_cast<std::size_t>(fd)];
        state.changed = false;
        epoll_event event{};
        event.events = state.wanted;
        event.data.fd = fd;
        // A closed descriptor leaves the epoll by itself, and its number comes back for another socket: what we told
        // the kernel of it may be of a former life. ENOENT and EEXIST say so.
        if (state.wanted == 0) {
            if (state.told != 0) ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, &event);
        } else if (state.told == 0) {
            if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) {
                ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
            }
        } else if (::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) != 0 && errno == ENOENT) {
            ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
        }
        state.told = state.wanted;
    }
    changed_.clear();
}

}  // namespace stipend::http
