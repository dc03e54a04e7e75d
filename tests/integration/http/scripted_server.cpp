#include "tests/integration/http/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "host/base/thread_signals.hpp"
#include "stipend/headers.hpp"
#include "stipend/result.hpp"

namespace stipend::test {
namespace {

void set_patience(int fd) {
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

}  // namespace

Wire::~Wire() {
    if (fd_ >= 0) ::close(fd_);
}

std::string Wire::read_until(std::string_view mark) {
    while (true) {
        if (const auto found = buffered_.find(mark); found != std::string::npos) {
            auto out = buffered_.substr(0, found + mark.size());
            buffered_.erase(0, out.size());
            return out;
        }
        std::array<char, 4096> part{};
        const auto got = ::recv(fd_, part.data(), part.size(), 0);
        if (got <= 0) return std::exchange(buffered_, {});
        buffered_.append(part.data(), static_cast<std::size_t>(got));
    }
}

std::string Wire::read_request() {
    auto request = read_until("\r\n\r\n");
    const auto lines = std::string_view(request).substr(std::min(request.size(), request.find("\r\n") + 2));
    const auto length = find_header(lines, "content-length");
    const std::size_t wanted = length ? std::strtoul(std::string(*length).c_str(), nullptr, 10) : 0;
    while (buffered_.size() < wanted) {
        std::array<char, 4096> part{};
        const auto got = ::recv(fd_, part.data(), part.size(), 0);
        if (got <= 0) break;
        buffered_.append(part.data(), static_cast<std::size_t>(got));
    }
    request += buffered_.substr(0, wanted);
    buffered_.erase(0, wanted);
    return request;
}

bool Wire::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Wire::peer_closed() {
    std::array<char, 4096> part{};
    while (true) {
        const auto got = ::recv(fd_, part.data(), part.size(), 0);
        if (got > 0) continue;
        return got == 0 || errno == ECONNRESET;
    }
}

void Wire::reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(fd_);
    fd_ = -1;
}

int connect_to(const std::string& address) {
    int fd = -1;
    if (address.starts_with('/')) {
        sockaddr_un target{};
        target.sun_family = AF_UNIX;
        STIPEND_ASSERT(address.size() < sizeof target.sun_path);
        std::memcpy(target.sun_path, address.data(), address.size());
        fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        STIPEND_ASSERT(::connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0);
    } else {
        sockaddr_in target{};
        target.sin_family = AF_INET;
        target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        target.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
        fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        STIPEND_ASSERT(::connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0);
    }
    set_patience(fd);
    return fd;
}

void serve_ok(Wire& wire, int) {
    while (!wire.read_request().empty()) wire.write(ok_answer);
}

ScriptedServer::ScriptedServer(Script script, const std::string& unix_path)
    : script_(std::move(script)), unix_path_(unix_path) {
    if (unix_path.empty()) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        STIPEND_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        socklen_t length = sizeof address;
        STIPEND_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
    } else {
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        STIPEND_ASSERT(unix_path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, unix_path.data(), unix_path.size());
        STIPEND_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    STIPEND_ASSERT(::listen(listener_, 1024) == 0);
    const SignalsBlocked blocked;  // a TLS script writes without MSG_NOSIGNAL
    acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (auto& script : scripts_) script.join();
    if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

void ScriptedServer::accept_all() {
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        set_patience(fd);
        const std::lock_guard lock(mutex_);
        const auto number = static_cast<int>(scripts_.size());
        scripts_.emplace_back([this, fd, number] {
            Wire wire(fd);
            script_(wire, number);
        });
    }
}

std::string ScriptedServer::url(std::string_view path) const {
    return cat("http://127.0.0.1:", port_, path);
}

int ScriptedServer::connections() {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(scripts_.size());
}

}  // namespace stipend::test
