#include "host/http/socket_watch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

namespace stipend::http {

SocketWatch::Place& SocketWatch::place_of(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    if (at >= places_.size()) places_.resize(at + 1);
    return places_[at];
}

void SocketWatch::opened(int fd) {
    place_of(fd) = {.is_connection = true};
}

bool SocketWatch::want(int fd, std::uint32_t events) {
    auto& place = place_of(fd);
    place.wanted = events;
    if (place.registered == events) return true;
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), place.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) return false;
    place.registered = events;
    return true;
}

void SocketWatch::leave(int fd) {
    auto& place = place_of(fd);
    place.wanted = 0;
    if (!place.is_connection) forget(fd);
}

bool SocketWatch::is_wanted(int fd) {
    if (place_of(fd).wanted != 0) return true;
    forget(fd);
    return false;
}

// The system forgets a closed descriptor by itself, but not while a child that was just started still holds a copy.
void SocketWatch::forget(int fd) {
    auto& place = place_of(fd);
    if (std::exchange(place.registered, 0) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

int SocketWatch::on_close(void* self, int fd) noexcept {
    auto& watch = *static_cast<SocketWatch*>(self);
    watch.forget(fd);
    watch.place_of(fd) = {};
    return ::close(fd);
}

}  // namespace stipend::http
