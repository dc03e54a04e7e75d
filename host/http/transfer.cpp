#include "host/http/transfer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host/http/header_lines.hpp"
#include "host/http/os.hpp"
#include "host/http/peer_certificate.hpp"
#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"
#include "stipend/hex.hpp"
#include "stipend/url.hpp"

namespace stipend::http {
namespace {

// The address of a socket as numbers; empty for what is no internet address.
std::array<char, INET6_ADDRSTRLEN> numeric_text(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return text;
}

std::string peer_text(std::string_view address, int port) {
    return address.find(':') == std::string_view::npos ? cat(address, ":", port) : cat("[", address, "]:", port);
}

}  // namespace

Transfer::Transfer(HttpRequest request, CheckedRequest checked, HttpCallbacks callbacks)
    : request_(std::move(request)),
      checked_(std::move(checked)),
      callbacks_(std::move(callbacks)),
      head_(request_.max_header_bytes),
      start_ns_(monotonic_ns()) {}

Result<EasyHandle> Transfer::make_handle(const EasySettings& settings, MultiHandle& multi) {
    EasyHandle easy(curl_easy_init());
    STIPEND_TRY(EasyOptions(easy.get())
                    .set(CURLOPT_NOSIGNAL, 1L)
                    .set(CURLOPT_PROTOCOLS_STR, "http,https")
                    .set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1))
                    .set(CURLOPT_HTTP09_ALLOWED, 0L)
                    // A server may compress unasked. It is never asked to: see `build_headers`.
                    .set(CURLOPT_ACCEPT_ENCODING, "gzip")
                    .set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)
                    .set(CURLOPT_CAPATH, nullptr)  // with a folder libcurl would not keep the parsed bundle
                    .set(CURLOPT_MAXAGE_CONN, static_cast<long>(settings.options.max_idle_s))
                    // A name leads elsewhere once a container is made anew: each connection asks for it.
                    .set(CURLOPT_DNS_CACHE_TIMEOUT, 0L)
                    // Without it the end of a transfer waits for its name lookup, and all other transfers with it.
                    .set(CURLOPT_QUICK_EXIT, 1L)
                    .set(CURLOPT_HEADERFUNCTION, &Transfer::on_header)
                    .set(CURLOPT_WRITEFUNCTION, &Transfer::on_body)
                    .set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket)
                    .set(CURLOPT_CLOSESOCKETFUNCTION, &MultiHandle::on_close)
                    .set(CURLOPT_CLOSESOCKETDATA, &multi)
                    .set(CURLOPT_SSL_CTX_FUNCTION, &Transfer::on_tls_begin)
                    .set(CURLOPT_PREREQFUNCTION, &Transfer::on_connected)
                    .result());
    return easy;
}

Transfer& Transfer::of(CURL* easy) {
    Transfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    STIPEND_ASSERT(transfer != nullptr);
    return *transfer;
}

Result<void> Transfer::prepare(EasyHandle handle, const EasySettings& settings, MultiHandle& multi) {
    easy_ = std::move(handle);
    settings_ = &settings;
    multi_ = &multi;
    if (!is_mail()) STIPEND_TRY(build_headers());
    EasyOptions options(easy_.get());
    const std::int64_t left_ms = (deadline_ns() - monotonic_ns()) / ns_per_ms;
    options.set(CURLOPT_PRIVATE, this)
        .set(CURLOPT_HEADERDATA, this)
        .set(CURLOPT_WRITEDATA, this)
        .set(CURLOPT_OPENSOCKETDATA, this)
        .set(CURLOPT_SSL_CTX_DATA, this)
        .set(CURLOPT_PREREQDATA, this)
        .set(CURLOPT_ERRORBUFFER, curl_message_)
        .set(CURLOPT_HTTPHEADER, header_list_.empty() ? nullptr : header_list_.data())
        .set(CURLOPT_TIMEOUT_MS, static_cast<long>(left_ms > 0 ? left_ms : 1))
        .set(CURLOPT_CONNECT_ONLY, request_.connect_only ? 1L : 0L);
    if (is_mail()) {
        set_mail(options);
    } else {
        set_method(options);
        set_target(options);
    }
    set_tls(options);
    return options.result();
}

EasyHandle Transfer::release() {
    // What points into this transfer must not outlive it.
    const auto cleared = EasyOptions(easy_.get())
                             .set(CURLOPT_ERRORBUFFER, nullptr)
                             .set(CURLOPT_HTTPHEADER, nullptr)
                             .set(CURLOPT_POSTFIELDS, nullptr)
                             .result();
    if (!cleared || is_mail()) easy_.reset();
    return std::move(easy_);
}

Result<void> Transfer::build_headers() {
    std::string lines = std::move(request_.headers);
    if (checked_.has_secrets) {
        STIPEND_SET(lines, fill_secrets(lines, [this](std::string_view name) { return secret_value(name); }));
    }
    header_text_.reserve(lines.size() + 64);
    std::vector<std::size_t> starts;
    const auto add = [&](std::string_view name, std::string_view separator, std::string_view value) {
        starts.push_back(header_text_.size());
        header_text_.append(name).append(separator).append(value).push_back('\0');
    };
    bool has_type = false;
    bool has_encoding = false;
    for (std::string_view rest = lines; !rest.empty();) {
        const auto field = split_header_line(take_line(rest));  // well-formed: see check_request and secret_value
        has_type = has_type || ascii::equal_ignoring_case(field.name, "content-type");
        has_encoding = has_encoding || ascii::equal_ignoring_case(field.name, "accept-encoding");
        // libcurl reads "Name:" as "omit that field", and "Name;" as an empty one.
        add(field.name, field.value.empty() ? ";" : ": ", field.value);
    }
    add("Expect", ":", "");                       // a body is sent at once, not when the server asks for it
    if (!has_type) add("Content-Type", ":", "");  // libcurl would declare the body a web form
    if (!has_encoding) add("Accept-Encoding", ":", "");
    header_list_.resize(starts.size());
    for (std::size_t i = 0; i < starts.size(); ++i) {
        header_list_[i] = {header_text_.data() + starts[i], i + 1 < starts.size() ? &header_list_[i + 1] : nullptr};
    }
    return {};
}

Result<std::string> Transfer::secret_value(std::string_view name) const {
    const auto& secrets = settings_->options.secrets;
    if (!secrets) return fail(STIPEND_E_CONFIG, "secret ", name, ": no secrets are configured here");
    auto value = secrets(name);
    if (value && !is_field_value(*value)) {
        return fail(STIPEND_E_CONFIG, "secret ", name, ": its value holds a control character or a line end");
    }
    return value;
}

void Transfer::set_method(EasyOptions& options) const {
    const auto& method = request_.method;
    options.set(CURLOPT_HTTPGET, 1L);  // also resets what the handle's last request set: HEAD, POST
    const char* custom = nullptr;
    if (method == "HEAD") {
        options.set(CURLOPT_NOBODY, 1L);
    } else if (method == "POST" || !request_.body.empty()) {
        options.set(CURLOPT_POST, 1L)
            .set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()))
            .set(CURLOPT_POSTFIELDS, request_.body.data());
        if (method != "POST") custom = method.c_str();
    } else if (method != "GET") {
        custom = method.c_str();
    }
    options.set(CURLOPT_CUSTOMREQUEST, custom);
}

void Transfer::set_target(EasyOptions& options) const {
    options.set(CURLOPT_URL, request_.url.c_str())
        .set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.empty() ? nullptr : request_.unix_socket.c_str())
        .set(CURLOPT_PROXY, request_.is_untrusted() ? "" : settings_->options.proxy.c_str())  // empty: none at all
        .set(CURLOPT_FOLLOWLOCATION, request_.max_redirects > 0 ? 1L : 0L);
    if (request_.max_redirects > 0) {
        options.set(CURLOPT_MAXREDIRS, static_cast<long>(request_.max_redirects))
            .set(CURLOPT_REDIR_PROTOCOLS_STR, checked_.https ? "https" : "http,https");
    }
}

void Transfer::set_tls(EasyOptions& options) const {
    const bool verify = request_.tls == TlsMode::verify;
    const bool identified = !request_.client_cert_file.empty();
    options.set(CURLOPT_SSLCERT, identified ? request_.client_cert_file.c_str() : nullptr)
        .set(CURLOPT_SSLKEY, identified ? request_.client_key_file.c_str() : nullptr)
        // For a key with a passphrase OpenSSL would ask the terminal.
        .set(CURLOPT_KEYPASSWD, identified ? "" : nullptr);
    options.set(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L)
        .set(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L)
        .set(CURLOPT_CAINFO, !verify                    ? nullptr
                             : request_.ca_file.empty() ? settings_->ca_file.c_str()
                                                        : request_.ca_file.c_str());
}

std::size_t Transfer::on_header(char* data, std::size_t, std::size_t length, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.response_.first_byte_ns == 0) transfer.response_.first_byte_ns = monotonic_ns() - transfer.start_ns_;
    const bool was_complete = transfer.head_.complete();
    transfer.error_ = transfer.head_.take({data, length});
    if (transfer.error_) return 0;
    if (!was_complete && transfer.head_.complete()) {
        transfer.response_.phase = Phase::head;
        transfer.response_.status = transfer.head_.status();
        transfer.response_.headers = transfer.head_.fields();
    }
    return length;
}

std::size_t Transfer::on_body(char* data, std::size_t, std::size_t length, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::uint64_t room = transfer.request_.max_response_bytes - transfer.body_bytes_;
    const std::string_view part(data, length < room ? length : static_cast<std::size_t>(room));
    transfer.body_bytes_ += part.size();
    if (!transfer.callbacks_.on_part) {
        transfer.response_.body.append(part);
    } else if (!part.empty()) {
        if (auto taken = transfer.callbacks_.on_part(transfer.response_, part); !taken) {
            transfer.error_ = std::move(taken).error();
            return 0;
        }
    }
    if (part.size() == length) return length;
    transfer.error_ = fail(STIPEND_E_LIMIT, "response body too large: got more than ",
                           transfer.request_.max_response_bytes, " bytes");
    return 0;
}

curl_socket_t Transfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.response_.phase = Phase::connect;
    if (transfer.request_.is_untrusted()) {
        if (auto refusal = transfer.check_target(numeric_text(&address->addr).data())) {
            transfer.refusal_ = std::move(refusal);
            return CURL_SOCKET_BAD;
        }
    }
    const auto socket = transfer.multi_->open_socket(*address);
    if (socket < 0) {
        transfer.socket_error_ = errno;
    } else if (transfer.tried_.size() < max_tried && address->addrlen <= sizeof(sockaddr_storage)) {
        auto& tried = transfer.tried_.emplace_back(TriedAddress{{}, address->addrlen});
        std::memcpy(&tried.address, &address->addr, address->addrlen);
    }
    return socket;
}

CURLcode Transfer::on_tls_begin(CURL*, void*, void* self) noexcept {
    static_cast<Transfer*>(self)->response_.phase = Phase::tls;
    return CURLE_OK;
}

int Transfer::on_connected(void* self, char* peer, char*, int peer_port, int) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.error_ = transfer.check_peer(peer, peer_port);
    return transfer.error_ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::optional<Error> Transfer::check_target(const char* address) const {
    const auto& guard = request_.public_target ? settings_->public_guard : settings_->ssrf_guard;
    const auto why = guard(address);
    if (why.empty()) return std::nullopt;
    return fail(STIPEND_E_INVALID, "target refused: it leads to ", why);
}

std::optional<Error> Transfer::check_peer(const char* address, int port) {
    if (sent_ && !head_.begun()) {
        if (!checked_.may_resend || resent_) {
            response_.cause = Cause::reset;
            return fail(STIPEND_E_UNAVAILABLE, "the kept connection was closed before an answer came; not sent again, ",
                        resent_ ? "since it was already" : "since it may have been taken");
        }
        resent_ = true;
    }
    if (response_.connect_ns == 0) response_.connect_ns = monotonic_ns() - start_ns_;
    response_.peer = request_.unix_socket.empty() ? peer_text(address, port) : cat("unix:", request_.unix_socket);
    // Checked again, since a kept connection may have been opened for a request with a trusted target.
    if (request_.is_untrusted()) {
        if (auto error = check_target(address)) return error;
    }
    if (auto error = check_origin_kept()) return error;
    if (auto error = check_certificate()) return error;
    head_.expect_response();
    sent_ = true;
    refusal_.reset();
    response_.phase = Phase::sent;
    response_.body.clear();
    return std::nullopt;
}

std::optional<Error> Transfer::check_origin_kept() const {
    if (!checked_.has_secrets || !sent_) return std::nullopt;
    char* url = nullptr;
    if (curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK || url == nullptr) {
        return fail(STIPEND_E_INTERNAL, "the target of a redirect is not known");
    }
    const auto now_at = origin_of(url);
    if (now_at && *now_at == checked_.origin) return std::nullopt;
    return fail(STIPEND_E_UNAVAILABLE, "redirect refused: it leads to another origin, and the request holds a secret");
}

std::optional<Error> Transfer::check_certificate() {
    if (!checked_.https) return std::nullopt;
    // The pin is compared before each request, not in the handshake: libcurl may choose a kept connection that was
    // made under other rules.
    const auto certificate = peer_certificate(easy_.get());
    if (certificate) response_.tls_not_after = not_after_ns(certificate.get());
    const auto digest = certificate ? fingerprint_of(certificate.get()) : std::nullopt;
    if (digest) response_.tls_sha256 = hex_encode(*digest);
    if (request_.pin_sha256.empty()) return std::nullopt;
    if (!digest) {
        response_.cause = Cause::certificate;
        return fail(STIPEND_E_UNAVAILABLE, "the server's certificate cannot be read, so its pin cannot be checked");
    }
    if (*digest == checked_.pin) return std::nullopt;
    response_.cause = Cause::certificate;
    return fail(STIPEND_E_UNAVAILABLE, "wrong certificate: got SHA-256 ", hex_encode(*digest), ", want ",
                hex_encode(checked_.pin));
}

}  // namespace stipend::http
