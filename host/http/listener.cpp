#include "host/http/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "host/http/os.hpp"

namespace stipend::http {
namespace {

constexpr int backlog = 1024;

std::string text_of(const sockaddr_storage& address, socklen_t length) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host.data(), host.size(), port.data(),
                      port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "unknown";
    }
    return address.ss_family == AF_INET6 ? cat("[", host.data(), "]:", port.data())
                                         : cat(host.data(), ":", port.data());
}

// Reads "127.0.0.1:8010" or "[::1]:8010".
Result<sockaddr_storage> internet_address(const std::string& text) {
    const auto colon = text.rfind(':');
    const auto host = text.substr(0, colon == std::string::npos ? 0 : colon);
    const auto port = text.substr(colon == std::string::npos ? text.size() : colon + 1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool port_good = !port.empty() && error == std::errc{} && end == port.data() + port.size() && number <= 65535;
    sockaddr_storage out{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (port_good && bracketed && ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(static_cast<std::uint16_t>(number));
        return out;
    }
    if (port_good && ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(static_cast<std::uint16_t>(number));
        return out;
    }
    return fail(STIPEND_E_INVALID, "listen address: got \"", text, "\", want e.g. 127.0.0.1:8010 or [::1]:8010");
}

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos) {
        return fail(STIPEND_E_INVALID, "unix socket: bad path: got ", path.size(), " bytes, want 1 to ",
                    sizeof address.sun_path - 1);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// Removes the socket at `path`, unless a process listens on it.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return last_os_error(cat("unix socket ", path));
    }
    if (!S_ISSOCK(found.st_mode)) {
        return fail(STIPEND_E_CONFLICT, "unix socket ", path, ": a file that is no socket is there; it was left alone");
    }
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return last_os_error("socket");
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
        return fail(STIPEND_E_CONFLICT, "unix socket ", path,
                    ": another process answers there: want one host at a time");
    }
    if (errno != ECONNREFUSED) return last_os_error(cat("unix socket ", path));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return last_os_error(cat("unix socket ", path, ": stale"));
    return {};
}

}  // namespace

Result<Listener> Listener::on_tcp(const std::string& address) {
    STIPEND_LET(target, internet_address(address));
    Listener listener;
    listener.family_ = target.ss_family;
    listener.socket_ = Fd(::socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    listener.guard_ = NotInChildren(listener.socket_.get());
    const int fd = listener.socket_.get();
    const int on = 1;
    if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0 || ::listen(fd, backlog) != 0) {
        const bool taken = errno == EADDRINUSE;
        auto error = last_os_error(cat("listen address ", address));
        if (taken) error.status = STIPEND_E_CONFLICT;
        return error;
    }
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) != 0) return last_os_error("getsockname");
    listener.address_ = text_of(own, length);
    return listener;
}

Result<Listener> Listener::on_unix(const std::string& path) {
    STIPEND_LET(address, unix_address(path));
    // Of two hosts that start at once, each would take the other's new socket for a stale one: they take turns.
    const auto folder = std::filesystem::path(path).parent_path();
    const Fd turn(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const NotInChildren not_inherited(turn.get());
    if (!turn || ::flock(turn.get(), LOCK_EX) != 0) return last_os_error(cat("unix socket ", path, ": its folder"));
    STIPEND_TRY(remove_stale(path, address));

    Listener listener;
    listener.family_ = AF_UNIX;
    listener.address_ = path;
    listener.socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    listener.guard_ = NotInChildren(listener.socket_.get());
    const int fd = listener.socket_.get();
    // The file is created with the mode of the unbound socket, so it never has a wider one.
    if (fd < 0 || ::fchmod(fd, 0600) != 0 ||
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, backlog) != 0) {
        return last_os_error(cat("unix socket ", path));
    }
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0) return last_os_error(cat("unix socket ", path));
    listener.device_ = made.st_dev;
    listener.inode_ = made.st_ino;
    return listener;
}

void Listener::remove_file() const {
    if (family_ != AF_UNIX) return;
    struct stat found {};
    if (::lstat(address_.c_str(), &found) != 0 || found.st_dev != device_ || found.st_ino != inode_) return;
    ::unlink(address_.c_str());
}

std::string peer_of(int fd) {
    sockaddr_storage other{};
    socklen_t length = sizeof other;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&other), &length) != 0) return "unknown";
    return other.ss_family == AF_UNIX ? "unix" : text_of(other, length);
}

}  // namespace stipend::http
