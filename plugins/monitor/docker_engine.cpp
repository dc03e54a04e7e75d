#include "docker_engine.hpp"

#include <algorithm>

namespace monitor::docker {

using stipend::cat;
using stipend::fail;
using stipend::Result;

Result<Engine> parse_engine(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix://";
    constexpr std::size_t longest_socket = 107;  // of sockaddr_un
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "got \"", stipend::clip(text, 120), "\", want ", why);
    };
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
        return bad("an address without blanks");
    }
    Engine out;
    out.shown = text;
    if (text.starts_with(unix_scheme)) {
        const auto path = text.substr(unix_scheme.size());
        if (!path.starts_with('/')) return bad("unix:///path with an absolute path");
        if (path.size() > longest_socket) return bad(cat("a path of at most ", longest_socket, " bytes"));
        out.unix_socket = path;
        out.url = "http://localhost";
        return out;
    }
    for (const std::string_view scheme : {"tcp://", "http://"}) {
        if (!text.starts_with(scheme)) continue;
        auto authority = text.substr(scheme.size());
        if (authority.ends_with('/')) authority.remove_suffix(1);
        if (authority.empty() || authority.find_first_of("/?#@") != std::string_view::npos) break;
        out.url = cat("http://", authority);
        return out;
    }
    return bad("unix:///path/of/docker.sock or tcp://host:port");
}

Result<stipend_op> ask(stipend::Host host, const Engine& engine, const std::string& path, std::uint32_t timeout_ms,
                       std::uint64_t max_bytes, stipend::Host::HttpDone done, stipend::Host::HttpPart part) {
    const auto url = engine.url + path;
    stipend::HttpRequest request;
    request.url = url;
    request.unix_socket = engine.unix_socket;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_bytes;
    return host.http(request, std::move(done), std::move(part));
}

Result<void> check_answer(const std::string& path, const stipend::HttpReply& reply) {
    const auto what = path.substr(0, path.find('?'));
    if (reply.status != STIPEND_OK) return fail(reply.status, reply.error, " (", what, ")");
    if (reply.http_status() == 200) return {};
    auto said = stipend::clip(reply.body(), 160);
    while (!said.empty() && static_cast<unsigned char>(said.back()) <= 0x20) said.remove_suffix(1);
    return fail(STIPEND_E_UNAVAILABLE, "GET ", what, ": got status ", reply.http_status(), ", want 200: ", said);
}

std::string unreadable(const std::string& path, const stipend::Error& error) {
    return cat("GET ", path.substr(0, path.find('?')), ": an answer that cannot be read: ", error.message);
}

}  // namespace monitor::docker
