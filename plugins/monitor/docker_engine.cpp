#include "docker_engine.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "port.hpp"
#include "stipend/url.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::ConfigView;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view default_socket = "unix:///var/run/docker.sock";

// The value of an option, or of its environment variable if it is not set; `refuse` names the one that was read.
class Choice {
  public:
    Choice(const ConfigView& config, const char* key, const char* name, const Variable& variable)
        : option_(config.at(key)), name_(name), variable_(option_.present() ? std::string() : variable(name)) {}

    [[nodiscard]] bool by_option() const { return option_.present(); }
    [[nodiscard]] const ConfigView& option() const { return option_; }
    [[nodiscard]] const std::string& variable() const { return variable_; }
    [[nodiscard]] bool given() const { return by_option() || !variable_.empty(); }
    template <class... Parts>
    [[nodiscard]] stipend::Error refuse(const Parts&... parts) const {
        return by_option() ? option_.refuse(parts...) : option_.refuse(name_, ": ", parts...);
    }

  private:
    ConfigView option_;
    const char* name_;
    std::string variable_;
};

// Schemes of DOCKER_HOST that lead to no socket that the host can open.
std::string_view unsupported(std::string_view text) {
    if (text.starts_with("ssh://"))
        return "ssh:// is not supported; a tunnel (ssh -L SOCKET:SOCKET) gives a unix socket";
    if (text.starts_with("npipe://")) return "npipe:// is not supported: named pipes are of Windows";
    if (text.starts_with("fd://")) return "fd:// is not supported: it is an address to listen on";
    return {};
}

Result<void> read_unix(const Choice& address, std::string_view text, bool tls_by_option, Engine& out) {
    constexpr std::size_t longest_socket = 107;  // of sockaddr_un
    const auto path = text.substr(unix_scheme.size());
    const auto got = stipend::clip(text, 120);
    if (!path.starts_with('/')) return address.refuse("got \"", got, "\", want unix:///path with an absolute path");
    if (path.size() > longest_socket) {
        return address.refuse("got \"", got, "\", want a path of at most ", longest_socket, " bytes");
    }
    if (tls_by_option) return address.refuse("got \"", got, "\", want tcp://host:port beside tls_verify or cert_path");
    out.unix_socket = path;
    out.url = "http://localhost";
    return {};
}

// The folder of the certificates: the given one, else that of Docker's own client.
Result<std::string> certificate_folder(const Choice& choice, const Variable& variable) {
    if (choice.by_option()) return choice.option().string();
    if (!choice.variable().empty()) return choice.variable();
    if (auto folder = variable("DOCKER_CONFIG"); !folder.empty()) return folder;
    if (const auto home = variable("HOME"); !home.empty()) return cat(home, "/.docker");
    return choice.option().refuse("missing, want the folder of ca.pem, cert.pem and key.pem");
}

Result<void> read_certificates(const Choice& folder_choice, const Variable& variable, Engine& out) {
    STIPEND_LET(folder, certificate_folder(folder_choice, variable));
    const auto readable = [&](const std::string& path) -> Result<void> {
        if (::access(path.c_str(), R_OK) == 0) return {};
        return folder_choice.refuse("cannot read ", path, ": ", std::generic_category().message(errno));
    };
    if (out.tls_mode == STIPEND_TLS_VERIFY) {
        out.ca_file = cat(folder, "/ca.pem");
        STIPEND_TRY(readable(out.ca_file));
    }
    const auto certificate = cat(folder, "/cert.pem");
    const auto key = cat(folder, "/key.pem");
    const auto exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
    if (!exists(certificate) && !exists(key)) return {};  // an engine that asks for none
    STIPEND_TRY(readable(certificate));
    STIPEND_TRY(readable(key));
    out.cert_file = certificate;
    out.key_file = key;
    return {};
}

}  // namespace

Result<Engine> read_engine(const ConfigView& config, const Variable& variable) {
    const Choice address(config, "engine", "DOCKER_HOST", variable);
    const Choice verify(config, "tls_verify", "DOCKER_TLS_VERIFY", variable);
    const Choice folder(config, "cert_path", "DOCKER_CERT_PATH", variable);
    auto text = address.variable();
    if (address.by_option()) STIPEND_SET(text, address.option().string());
    if (text.empty() && !address.by_option()) text = default_socket;
    const auto bad = [&](std::string_view want) {
        return address.refuse("got \"", stipend::clip(text, 120), "\", want ", want);
    };
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
        return bad("an address without blanks");
    }
    if (const auto why = unsupported(text); !why.empty()) {
        return address.refuse("got \"", stipend::clip(text, 120), "\": ", why);
    }
    Engine out;
    out.shown = text;
    // Any value of the variable but an empty one says yes, as for Docker's own client. Where only the certificates are
    // given, the engine is verified: not to do so takes the option.
    bool verified = true;
    if (verify.by_option()) STIPEND_SET(verified, verify.option().boolean());
    const bool tls_by_option = (verify.by_option() && verified) || folder.by_option();
    if (std::string_view(text).starts_with(unix_scheme)) {
        STIPEND_TRY(read_unix(address, text, tls_by_option, out));
        return out;
    }
    for (const std::string_view scheme : {"tcp://", "http://", "https://"}) {
        if (!std::string_view(text).starts_with(scheme)) continue;
        auto authority = std::string_view(text).substr(scheme.size());
        if (authority.ends_with('/')) authority.remove_suffix(1);
        if (authority.empty() || authority.find_first_of("/?#@") != std::string_view::npos) break;
        const bool tls = scheme == "https://" || (verify.given() && verified) || folder.given();
        if (tls && scheme == "http://") return bad("tcp://host:port or https:// beside TLS");
        const auto whole = cat("tcp://", authority);
        const auto port = stipend::split_url(whole)->port;
        const bool has_port = !port.empty();
        if (has_port ? !is_port(port) : authority.ends_with(':')) {
            return bad("tcp://host:port with a port from 1 to 65535");
        }
        out.url = cat(tls ? "https://" : "http://", authority, has_port ? "" : tls ? ":2376" : ":2375");
        if (!tls) return out;
        out.tls_mode = verified ? STIPEND_TLS_VERIFY : STIPEND_TLS_NONE;
        // A server's certificate that the system's roots know needs no folder.
        if (folder.given() || verify.given()) STIPEND_TRY(read_certificates(folder, variable, out));
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
    request.tls_mode = engine.tls_mode;
    request.ca_file = engine.ca_file;
    request.client_cert_file = engine.cert_file;
    request.client_key_file = engine.key_file;
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
