#include "signer_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "signer_wire.hpp"
#include "stipend/duration.hpp"

namespace evm {

using stipend::fail;
using stipend::Result;

namespace {

constexpr std::int64_t first_look_ns = stipend::ns_per_ms;
constexpr std::int64_t last_look_ns = 32 * stipend::ns_per_ms;

bool again(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == EINPROGRESS;
}

stipend::Error broken() {
    return fail(STIPEND_E_UNAVAILABLE, "the signer has closed the connection without a whole answer");
}

}  // namespace

SignerClient::~SignerClient() {
    close();
}

std::uint64_t SignerClient::ask(std::string_view request, stipend_mono_ns deadline, Done done) {
    const auto id = ++last_id_;
    requests_.push_back({.id = id, .out = frame(request), .deadline = deadline, .done = std::move(done)});
    if (timer_ == nullptr || requests_.size() == 1) wait(0);
    return id;
}

void SignerClient::cancel(std::uint64_t id) {
    if (requests_.empty()) return;
    if (requests_.front().id == id) close();
    std::erase_if(requests_, [id](const Request& one) { return one.id == id; });
}

void SignerClient::wait(std::int64_t delay_ns) {
    delay_ns_ = delay_ns;
    timer_ = std::make_unique<stipend::Timer>(host_, delay_ns, [this] { look(); });
    if (timer_->armed()) return;
    // Without timers there is no further look.
    timer_.reset();
    close();
    for (auto& one : std::exchange(requests_, {})) {
        one.done(fail(STIPEND_E_BUSY, "the host takes no work at the moment"));
    }
}

void SignerClient::look() {
    timer_.reset();
    const auto now = host_.monotonic();
    std::vector<std::pair<Done, Result<std::string>>> over;  // called last: it may ask again
    bool moved = false;
    while (!requests_.empty()) {
        auto answer = advance(requests_.front());
        if (!answer) break;
        over.emplace_back(std::move(requests_.front().done), std::move(*answer));
        requests_.pop_front();
        close();
        moved = true;
    }
    if (!requests_.empty() && requests_.front().deadline <= now) close();
    std::deque<Request> left;
    for (auto& one : requests_) {
        if (one.deadline > now) {
            left.push_back(std::move(one));
        } else {
            over.emplace_back(std::move(one.done), fail(STIPEND_E_TIMEOUT, "the signer does not answer"));
        }
    }
    requests_ = std::move(left);
    if (!requests_.empty()) {
        const auto delay = moved ? first_look_ns : std::clamp(2 * delay_ns_, first_look_ns, last_look_ns);
        wait(std::min(delay, requests_.front().deadline - now));
    }
    for (auto& [done, answer] : over) done(answer);
}

std::optional<Result<std::string>> SignerClient::advance(Request& request) {
    if (!connected_) {
        const auto made = connect();
        if (!made) {
            close();
            return Result<std::string>(made.error());
        }
        if (!*made) return std::nullopt;
        connected_ = true;
    }
    if (const auto error = transmit(request)) return Result<std::string>(*error);
    return receive();
}

// False: not yet.
Result<bool> SignerClient::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return fail(STIPEND_E_INVALID, "the signer's path is too long");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (fd_ < 0) fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    if (fd_ >= 0 && again(errno)) return false;  // it has too many that wait
    return fail(STIPEND_E_UNAVAILABLE, "no connection to the signer at ", path_, ": ", std::strerror(errno));
}

std::optional<stipend::Error> SignerClient::transmit(Request& request) {
    while (sent_ < request.out.size()) {
        const auto put = ::send(fd_, request.out.data() + sent_, request.out.size() - sent_, MSG_NOSIGNAL);
        if (put < 0 && again(errno)) return std::nullopt;
        if (put <= 0) return broken();
        sent_ += static_cast<std::size_t>(put);
    }
    return std::nullopt;
}

std::optional<Result<std::string>> SignerClient::receive() {
    char part[16 << 10];
    for (;;) {
        const auto got = ::recv(fd_, part, sizeof part, 0);
        if (got < 0 && again(errno)) return std::nullopt;
        if (got <= 0) return Result<std::string>(broken());
        in_.append(part, static_cast<std::size_t>(got));
        if (in_.size() < frame_head_bytes) continue;
        const auto size = frame_size(in_);
        if (size > max_signer_answer_bytes) {
            return Result<std::string>(fail(STIPEND_E_INVALID, "the signer announces an answer of ", size, " bytes"));
        }
        if (in_.size() > frame_head_bytes + size) {
            return Result<std::string>(fail(STIPEND_E_INVALID, "the signer sends more than one answer"));
        }
        if (in_.size() == frame_head_bytes + size) return Result<std::string>(in_.substr(frame_head_bytes));
    }
}

void SignerClient::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    connected_ = false;
    sent_ = 0;
    in_.clear();
}

}  // namespace evm
