#include "host/http/multi_handle.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "host/http/os.hpp"

namespace stipend::http {
namespace {

// The epoll flags and libcurl's, for sockets that are wanted and for those that are ready.
std::uint32_t epoll_flags(int what) {
    return ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
           ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
}
int curl_flags(std::uint32_t events) {
    return ((events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
           ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) | ((events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
}

}  // namespace

MultiHandle::MultiHandle(Fd epoll, Fd wake)
    : epoll_(std::move(epoll)), wake_(std::move(wake)), multi_(curl_multi_init()) {}

Result<std::unique_ptr<MultiHandle>> MultiHandle::create(std::size_t max_kept) {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return last_os_error("epoll");
    Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return last_os_error("event descriptor");
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;  // each write is an event of its own: the counter need not be read
    event.data.fd = wake.get();
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return last_os_error("epoll");
    std::unique_ptr<MultiHandle> self(new MultiHandle(std::move(epoll), std::move(wake)));
    CURLM* multi = self->multi_.get();
    if (multi == nullptr) return fail(STIPEND_E_UNAVAILABLE, "libcurl provides no multi handle");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &MultiHandle::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, self.get());
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &MultiHandle::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, self.get());
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    // libcurl's default shrinks with the number of transfers and closes what a burst opened.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(max_kept));
    return self;
}

curl_socket_t MultiHandle::open_socket(const curl_sockaddr& address) {
    const int fd = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
    if (fd >= 0) socket(fd) = {.is_connection = true};
    return fd;
}

void MultiHandle::remove(CURL* easy) {
    curl_multi_remove_handle(multi_.get(), easy);
    std::erase(unwatched_, easy);
}

void MultiHandle::run_timer() {
    if (!timer_ns_ || *timer_ns_ > monotonic_ns()) return;
    timer_ns_.reset();
    perform(CURL_SOCKET_TIMEOUT, 0);
}

void MultiHandle::wait(std::optional<std::int64_t> until_ns) {
    std::array<epoll_event, 256> events;  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms(until_ns));
    STIPEND_ASSERT(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        const int fd = event.data.fd;
        if (fd == wake_.get()) continue;
        if (socket(fd).wanted == 0) {
            deregister(fd);
        } else {
            perform(fd, curl_flags(event.events));
        }
    }
}

int MultiHandle::wait_ms(std::optional<std::int64_t> until_ns) const {
    if (timer_ns_ && (!until_ns || *timer_ns_ < *until_ns)) until_ns = timer_ns_;
    if (!until_ns) return -1;
    const auto left_ns = *until_ns - monotonic_ns();
    if (left_ns <= 0) return 0;
    return static_cast<int>(std::min<std::int64_t>((left_ns + 999'999) / 1'000'000, 60'000));
}

void MultiHandle::wake() const {
    const std::uint64_t one = 1;
    // It can only fail for a counter that is full, and then the event is pending anyway.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void MultiHandle::perform(int fd, int events) {
    int running = 0;
    const auto code = curl_multi_socket_action(multi_.get(), fd, events, &running);
    // Without memory the transfer concerned makes no progress until its timeout ends it.
    STIPEND_ASSERT(code == CURLM_OK || code == CURLM_OUT_OF_MEMORY);
}

std::optional<MultiHandle::Ended> MultiHandle::next_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg == CURLMSG_DONE) return Ended{message->easy_handle, message->data.result};
    }
    return std::nullopt;
}

CURL* MultiHandle::next_unwatched() {
    if (unwatched_.empty()) return nullptr;
    CURL* easy = unwatched_.back();
    unwatched_.pop_back();
    return easy;
}

MultiHandle::Socket& MultiHandle::socket(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    if (at >= sockets_.size()) sockets_.resize(at + 1);
    return sockets_[at];
}

bool MultiHandle::want(int fd, std::uint32_t events) {
    auto& entry = socket(fd);
    entry.wanted = events;
    if (entry.registered == events) return true;
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), entry.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) return false;
    entry.registered = events;
    return true;
}

// The kernel deregisters a closed descriptor itself, but not while a child process that was just forked holds a copy.
void MultiHandle::deregister(int fd) {
    if (std::exchange(socket(fd).registered, 0) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

int MultiHandle::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) noexcept {
    auto& multi = *static_cast<MultiHandle*>(self);
    if (what == CURL_POLL_REMOVE) {
        auto& entry = multi.socket(fd);
        entry.wanted = 0;
        if (!entry.is_connection) multi.deregister(fd);
    } else if (!multi.want(fd, epoll_flags(what))) {
        multi.unwatched_.push_back(easy);  // an error returned to libcurl would end every transfer
    }
    return 0;
}

int MultiHandle::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
    auto& timer = static_cast<MultiHandle*>(self)->timer_ns_;
    timer.reset();
    if (timeout_ms >= 0) timer = monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
    return 0;
}

int MultiHandle::on_close(void* self, curl_socket_t fd) noexcept {
    auto& multi = *static_cast<MultiHandle*>(self);
    multi.deregister(fd);
    multi.socket(fd) = {};
    return ::close(fd);  // last, since another thread may get the number at once
}

}  // namespace stipend::http
