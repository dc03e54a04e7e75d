#include "tools/signer/server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/signer/protocol.hpp"

namespace stipend::signer {
namespace {

constexpr mode_t socket_mode = 0660;
constexpr int backlog = 8;
constexpr int tick_ms = 1'000;
constexpr std::int64_t send_timeout_s = 5;

Error socket_error(const std::string& path) {
    return fail(STIPEND_E_CONFIG, "socket ", path, ": ", std::strerror(errno));
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

std::size_t frame_size(std::string_view head) {
    std::size_t out = 0;
    for (std::size_t at = 0; at < frame_head_bytes; ++at) out = out << 8 | static_cast<unsigned char>(head[at]);
    return out;
}

}  // namespace

Result<Server> Server::listen(const std::string& path, std::vector<uid_t> users) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(STIPEND_E_CONFIG, "socket ", path, ": the path is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0) {
        if (!S_ISSOCK(found.st_mode))
            return fail(STIPEND_E_CONFIG, "socket ", path, ": a file that is no socket is there");
        if (::unlink(path.c_str()) != 0) return socket_error(path);
    }
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // The file gets the mode of the unbound socket less the umask, so it never has a wider one.
    if (!fd || ::fchmod(fd.get(), 0600) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), socket_mode) != 0 || ::listen(fd.get(), backlog) != 0) {
        return socket_error(path);
    }
    return Server(std::move(fd), std::move(users));
}

void Server::accept_one(std::int64_t now_s) {
    Fd fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    ucred peer{};
    socklen_t length = sizeof peer;
    const timeval timeout{.tv_sec = send_timeout_s, .tv_usec = 0};
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0) {
        return;
    }
    if (std::find(users_.begin(), users_.end(), peer.uid) == users_.end()) {
        fmt::print(stderr, "stipend-signer: refused user {}\n", peer.uid);
        (void)send_all(fd.get(), frame(refusal_text(refuse("user", "got user ", peer.uid, ", want one of `users`"))));
        return;
    }
    connections_.push_back({std::move(fd), {}, now_s});
}

bool Server::answer_requests(Connection& connection, Signer& signer) {
    auto& input = connection.input;
    while (input.size() >= frame_head_bytes) {
        const auto size = frame_size(input);
        if (size > max_request_bytes) {
            const auto refused =
                refuse("bad_request", "got a frame of ", size, " bytes, want at most ", max_request_bytes);
            (void)send_all(connection.socket.get(), frame(refusal_text(refused)));
            return false;
        }
        if (input.size() - frame_head_bytes < size) return true;
        const auto text = answer(signer, std::string_view(input).substr(frame_head_bytes, size));
        input.erase(0, frame_head_bytes + size);
        if (!send_all(connection.socket.get(), frame(text))) return false;
        if (signer.broken()) return false;
    }
    return true;
}

bool Server::serve(Connection& connection, Signer& signer) {
    char buffer[64 * 1024];
    const auto got = ::recv(connection.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    connection.input.append(buffer, static_cast<std::size_t>(got));
    return answer_requests(connection, signer);
}

Result<void> Server::run(Signer& signer, int stop) {
    while (!signer.broken()) {
        const bool room = connections_.size() < max_connections;
        std::vector<pollfd> polled{{stop, POLLIN, 0}, {room ? socket_.get() : -1, POLLIN, 0}};
        for (const auto& connection : connections_) polled.push_back({connection.socket.get(), POLLIN, 0});
        if (::poll(polled.data(), polled.size(), tick_ms) < 0 && errno != EINTR) {
            return fail(STIPEND_E_INTERNAL, "poll: ", std::strerror(errno));
        }
        if (polled[0].revents != 0) return {};
        const auto now_s = read_clock().boot_s;
        for (std::size_t at = connections_.size(); at-- > 0;) {
            auto& connection = connections_[at];
            const bool readable = polled[at + 2].revents != 0;
            if (readable) connection.last_s = now_s;
            if ((readable && !serve(connection, signer)) || now_s - connection.last_s > idle_s) {
                connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(at));
            }
        }
        if (polled[1].revents != 0) accept_one(now_s);
    }
    return fail(STIPEND_E_INTERNAL, "the disk failed: nothing is signed before a restart");
}

}  // namespace stipend::signer
