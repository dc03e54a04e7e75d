#include "host/http/transfer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <chrono>
#include <cstring>
#include <system_error>

#include "host/http/header_lines.hpp"
#include "host/http/peer_certificate.hpp"

namespace stipend::http {
namespace {

std::int64_t monotonic_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// An option of the right type is refused only for want of memory.
template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    STIPEND_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

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

stipend_status status_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return STIPEND_E_TIMEOUT;
        case CURLE_TOO_MANY_REDIRECTS:
            return STIPEND_E_LIMIT;
        case CURLE_FAILED_INIT:
        case CURLE_NOT_BUILT_IN:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            return STIPEND_E_INTERNAL;
        default:
            return STIPEND_E_UNAVAILABLE;
    }
}

}  // namespace

Transfer::Transfer(HttpRequest request, CheckedRequest checked, HttpCallbacks callbacks)
    : request_(std::move(request)),
      checked_(std::move(checked)),
      callbacks_(std::move(callbacks)),
      head_(request_.max_header_bytes),
      start_ns_(monotonic_ns()) {}

EasyHandle Transfer::make_handle(const EasySettings& settings) {
    EasyHandle handle(curl_easy_init());
    CURL* easy = handle.get();
    STIPEND_ASSERT(easy != nullptr);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(easy, CURLOPT_CAPATH, nullptr);  // with a folder of certificates libcurl would not keep the parsed bundle
    set(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(settings.options.max_idle_s));
    // Without it the end of a transfer waits for a name lookup under way, and with it every other transfer.
    set(easy, CURLOPT_QUICK_EXIT, 1L);
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
    set(easy, CURLOPT_CLOSESOCKETFUNCTION, &SocketWatch::on_close);
    set(easy, CURLOPT_CLOSESOCKETDATA, settings.sockets);
    set(easy, CURLOPT_SSL_CTX_FUNCTION, &Transfer::on_tls_begin);
    set(easy, CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
    return handle;
}

Result<void> Transfer::prepare(EasyHandle handle, const EasySettings& settings) {
    easy_ = std::move(handle);
    settings_ = &settings;
    STIPEND_TRY(build_headers());
    CURL* easy = easy_.get();
    set(easy, CURLOPT_PRIVATE, this);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_WRITEDATA, this);
    set(easy, CURLOPT_OPENSOCKETDATA, this);
    set(easy, CURLOPT_SSL_CTX_DATA, this);
    set(easy, CURLOPT_PREREQDATA, this);
    set(easy, CURLOPT_ERRORBUFFER, curl_message_);
    set(easy, CURLOPT_HTTPHEADER, header_list_.data());
    const std::int64_t left_ms = (deadline_ns() - monotonic_ns()) / ns_per_ms;
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left_ms > 0 ? left_ms : 1));
    set(easy, CURLOPT_CONNECT_ONLY, request_.connect_only ? 1L : 0L);
    set_method();
    set_target();
    set_tls();
    return {};
}

EasyHandle Transfer::release() {
    // What points into this transfer must not outlive it.
    set(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
    set(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
    set(easy_.get(), CURLOPT_POSTFIELDS, nullptr);
    return std::move(easy_);
}

Result<void> Transfer::build_headers() {
    const auto& secrets = settings_->options.secrets;
    std::string lines;
    if (checked_.has_secrets) {
        auto filled = fill_secrets(request_.headers, [&secrets](std::string_view name) -> Result<std::string> {
            if (!secrets) return fail(STIPEND_E_CONFIG, "secret ", name, ": no secrets are configured here");
            auto value = secrets(name);
            if (value && !is_field_value(*value)) {
                return fail(STIPEND_E_CONFIG, "secret ", name, ": its value holds a control character or a line end");
            }
            return value;
        });
        if (!filled) return std::move(filled).error();
        lines = std::move(*filled);
    } else {
        lines = std::move(request_.headers);
    }
    auto fields = parse_header_lines(lines);
    if (!fields) return std::move(fields).error();
    header_text_.reserve(lines.size() + fields->size() * 4 + 64);
    std::vector<std::size_t> starts;
    const auto add = [&](std::string_view name, std::string_view rest) {
        starts.push_back(header_text_.size());
        header_text_.append(name).append(rest).push_back('\0');
    };
    bool has_type = false;
    for (const auto& field : *fields) {
        has_type = has_type || same_name(field.name, "content-type");
        // libcurl reads "Name:" as "leave that field out", and "Name;" as an empty one.
        if (field.value.empty()) {
            add(field.name, ";");
        } else {
            starts.push_back(header_text_.size());
            header_text_.append(field.name).append(": ").append(field.value).push_back('\0');
        }
    }
    add("Expect:", "");                       // a body is never held back until the server asks for it
    if (!has_type) add("Content-Type:", "");  // libcurl would claim that the body is a web form
    header_list_.resize(starts.size());
    for (std::size_t i = 0; i < starts.size(); ++i) {
        header_list_[i] = {header_text_.data() + starts[i], i + 1 < starts.size() ? &header_list_[i + 1] : nullptr};
    }
    return {};
}

void Transfer::set_method() {
    CURL* easy = easy_.get();
    const auto& method = request_.method;
    set(easy, CURLOPT_HTTPGET, 1L);  // also takes back what a used handle had: HEAD, POST
    const char* custom = nullptr;
    if (method == "HEAD") {
        set(easy, CURLOPT_NOBODY, 1L);
    } else if (method == "POST" || !request_.body.empty()) {
        set(easy, CURLOPT_POST, 1L);
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        set(easy, CURLOPT_POSTFIELDS, request_.body.data());
        if (method != "POST") custom = method.c_str();
    } else if (method != "GET") {
        custom = method.c_str();
    }
    set(easy, CURLOPT_CUSTOMREQUEST, custom);
}

void Transfer::set_target() {
    CURL* easy = easy_.get();
    set(easy, CURLOPT_URL, request_.url.c_str());
    set(easy, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.empty() ? nullptr : request_.unix_socket.c_str());
    set(easy, CURLOPT_PROXY, request_.from_stranger ? "" : settings_->options.proxy.c_str());  // empty: none at all
    set(easy, CURLOPT_FOLLOWLOCATION, request_.max_redirects > 0 ? 1L : 0L);
    if (request_.max_redirects > 0) {
        set(easy, CURLOPT_MAXREDIRS, static_cast<long>(request_.max_redirects));
        set(easy, CURLOPT_REDIR_PROTOCOLS_STR, checked_.https ? "https" : "http,https");
    }
}

void Transfer::set_tls() {
    CURL* easy = easy_.get();
    const bool verify = request_.tls == TlsMode::verify;
    set(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    set(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    set(easy, CURLOPT_CAINFO, verify ? settings_->ca_file.c_str() : nullptr);
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
    if (transfer.request_.from_stranger) {
        if (auto refusal = transfer.check_stranger(numeric_text(&address->addr).data())) {
            transfer.refusal_ = std::move(refusal);
            return CURL_SOCKET_BAD;
        }
    }
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0) transfer.settings_->sockets->opened(fd);
    return fd;
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

std::optional<Error> Transfer::check_stranger(const char* address) const {
    const auto why = settings_->stranger_guard(address);
    if (why.empty()) return std::nullopt;
    return fail(STIPEND_E_INVALID, "target refused: it leads to ", why);
}

std::optional<Error> Transfer::check_peer(const char* address, int port) {
    if (sent_ && !head_.begun()) {
        if (!checked_.may_resend || resent_) {
            return fail(STIPEND_E_UNAVAILABLE, "the kept connection was closed before an answer came; not sent again, ",
                        resent_ ? "since it was already" : "since it may have been taken");
        }
        resent_ = true;
    }
    if (response_.connect_ns == 0) response_.connect_ns = monotonic_ns() - start_ns_;
    response_.peer = request_.unix_socket.empty() ? peer_text(address, port) : cat("unix:", request_.unix_socket);
    // Asked again here, since a kept connection was opened for somebody who may go anywhere.
    if (request_.from_stranger) {
        if (auto error = check_stranger(address)) return error;
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
    // A pin is held against the connection before each request and not in the handshake: libcurl may choose a kept
    // connection that was made under other rules.
    const auto certificate = peer_certificate(easy_.get());
    if (certificate) response_.tls_not_after = not_after_ns(certificate.get());
    if (request_.pin_sha256.empty()) return std::nullopt;
    const auto digest = certificate ? fingerprint_of(certificate.get()) : std::nullopt;
    if (!digest) {
        return fail(STIPEND_E_UNAVAILABLE, "the server's certificate cannot be read, so its pin cannot be checked");
    }
    if (*digest == checked_.pin) return std::nullopt;
    return fail(STIPEND_E_UNAVAILABLE, "wrong certificate: got SHA-256 ", hex_text(*digest), ", want ",
                hex_text(checked_.pin));
}

Error Transfer::told_by_curl(CURLcode code) {
    // libcurl bounds one line by itself (100 KiB) and calls more than that a want of memory.
    if (code == CURLE_OUT_OF_MEMORY && response_.phase == Phase::sent) {
        return fail(STIPEND_E_LIMIT, "response head too large: one line of more than 100 KiB");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        static constexpr std::string_view waited_for[] = {
            "", "the name's address", "the connection", "TLS", "the answer's head", "the rest of the body", "nothing"};
        return fail(STIPEND_E_TIMEOUT, "no end within ", request_.timeout_ms, " ms: still waiting for ",
                    waited_for[static_cast<std::size_t>(response_.phase)]);
    }
    // libcurl says that it failed; what the system said tells a socket that is not there from one that is not for us.
    long os_error = 0;
    if (code == CURLE_COULDNT_CONNECT && curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error) == CURLE_OK &&
        os_error != 0) {
        return fail(status_of(code), "cannot connect: ", std::generic_category().message(static_cast<int>(os_error)));
    }
    std::string_view message = curl_message_;
    while (message.ends_with('\n')) message.remove_suffix(1);
    return fail(status_of(code), message.empty() ? std::string_view(curl_easy_strerror(code)) : message);
}

Result<void> Transfer::outcome(CURLcode code) {
    if (code == CURLE_OK) {
        response_.phase = Phase::done;
        return {};
    }
    if (!head_.complete() && head_.begun()) {
        response_.status = head_.status();
        response_.headers = head_.take_fields();
    }
    if (error_) return ended(std::move(*error_));
    if (refusal_ && code == CURLE_COULDNT_CONNECT) return ended(std::move(*refusal_));
    return ended(told_by_curl(code));
}

Error Transfer::ended(Error why) const {
    const std::string_view socket = request_.unix_socket;
    return std::move(why).in(socket.empty() ? cat(request_.method, " ", checked_.origin)
                                            : cat(request_.method, " ", checked_.origin, " at unix:", socket));
}

void Transfer::finish(Result<void> result) {
    response_.total_ns = monotonic_ns() - start_ns_;
    callbacks_.on_done(op_, std::move(result), std::move(response_));
}

}  // namespace stipend::http
