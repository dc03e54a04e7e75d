#include "host/http/request_check.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "host/base/sha256.hpp"
#include "host/http/header_lines.hpp"
#include "host/http/mail.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"

namespace stipend::http {
namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct CurlTextDeleter {
    void operator()(char* text) const { curl_free(text); }
};
using CurlText = std::unique_ptr<char, CurlTextDeleter>;

// A part of the URL, or NULL where it has none.
CurlText part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    return curl_url_get(url, part, &text, flags) == CURLUE_OK ? CurlText(text) : CurlText();
}

bool idempotent(std::string_view method) {
    static constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    return std::ranges::find(methods, method) != methods.end();
}

Result<void> check_headers(const HttpRequest& request, CheckedRequest& checked) {
    if (request.headers.size() > max_request_header_bytes) {
        return fail(STIPEND_E_LIMIT, "request headers too large: got ", request.headers.size(), " bytes, want at most ",
                    max_request_header_bytes);
    }
    STIPEND_LET(fields, parse_header_lines(request.headers));
    for (const auto& field : fields) {
        for (const std::string_view own : {"content-length", "transfer-encoding", "expect", "upgrade", "trailer"}) {
            if (ascii::equal_ignoring_case(field.name, own)) {
                return fail(STIPEND_E_INVALID, "header field ", field.name, " is the client's own: leave it out");
            }
        }
        if (ascii::equal_ignoring_case(field.name, "idempotency-key")) checked.may_resend = true;
        for (const std::string_view credential : {"authorization", "cookie", "x-api-key"}) {
            if (ascii::equal_ignoring_case(field.name, credential)) checked.has_secrets = true;
        }
        auto secret = find_secret(field.value);
        if (!secret) return std::move(secret).error().in(cat("header field ", field.name));
        if (secret->begin != std::string_view::npos) checked.has_secrets = true;
    }
    return {};
}

// Of the client's own certificate. It names the caller to the server, so it goes to no other server.
Result<void> check_client_certificate(const HttpRequest& request, const CheckedRequest& checked) {
    const auto& certificate = request.client_cert_file;
    const auto& key = request.client_key_file;
    if (certificate.empty() != key.empty()) {
        return fail(STIPEND_E_INVALID, "got a client ", key.empty() ? "certificate without its key" : "key alone",
                    ", want both or none");
    }
    if (certificate.empty()) return {};
    if (!checked.https) {
        return fail(STIPEND_E_INVALID, "a client certificate is given, but ", checked.origin,
                    " has no TLS: want an https URL");
    }
    if (request.max_redirects != 0) {
        return fail(STIPEND_E_INVALID, "a client certificate and redirects are given: want one of them");
    }
    if (!is_field_value(certificate) || !is_field_value(key)) {
        return fail(STIPEND_E_INVALID, "the path of a client certificate or key holds a control character");
    }
    return {};
}

Result<void> check_tls(const HttpRequest& request, CheckedRequest& checked) {
    // An unknown mode of a newer caller must not be treated as the weakest one.
    if (request.tls > TlsMode::none) {
        return fail(STIPEND_E_INVALID, "bad TLS mode: got ", static_cast<int>(request.tls),
                    ", want 0 (verify), 1 (pinned) or 2 (none)");
    }
    if (request.pin_sha256.empty()) {
        if (request.tls == TlsMode::pinned) {
            return fail(STIPEND_E_INVALID, "TLS mode is pinned, but no pin is given: want pin_sha256");
        }
        return {};
    }
    if (request.tls == TlsMode::none) {
        return fail(STIPEND_E_INVALID, "a pin is given, but TLS mode is none: want pinned or verify");
    }
    if (!checked.https) {
        return fail(STIPEND_E_INVALID, "a pin is given, but ", checked.origin, " has no TLS: want an https URL");
    }
    STIPEND_SET(checked.pin, parse_sha256(request.pin_sha256));
    return {};
}

}  // namespace

Result<std::string> origin_of(const std::string& text) {
    const auto bad = [](const auto&... parts) { return fail(STIPEND_E_INVALID, "bad URL: ", parts...); };
    if (text.size() > max_url_bytes) {
        return fail(STIPEND_E_LIMIT, "URL too long: got ", text.size(), " bytes, want at most ", max_url_bytes);
    }
    if (!is_field_value(text)) return bad("it holds a control character");
    const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
    const auto code = url == nullptr ? CURLUE_OUT_OF_MEMORY
                                     : curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OUT_OF_MEMORY) return fail(STIPEND_E_UNAVAILABLE, "URL: ", curl_url_strerror(code));
    if (code != CURLUE_OK) return bad(curl_url_strerror(code), ", want http://host:port/path or https://");
    const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
    const auto host = part_of(url.get(), CURLUPART_HOST);
    const auto port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    const std::string_view name = scheme ? scheme.get() : "";
    if (name != "http" && name != "https") return bad("got the scheme \"", name, "\", want http or https");
    if (!host || !port) return bad("no host in it, want ", name, "://host:port/path");
    if (part_of(url.get(), CURLUPART_USER) || part_of(url.get(), CURLUPART_PASSWORD)) {
        return bad("it carries a user name or password, want a header field with ${secret:NAME}");
    }
    return cat(name, "://", ascii::to_lower(host.get()), ":", port.get());
}

Result<Sha256> parse_sha256(std::string_view text) {
    Sha256 out{};
    std::string digits;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool separates = text[at] == ':' && at > 0 && text[at - 1] != ':' && at + 1 < text.size();
        if (!separates || digits.size() % 2 != 0) digits.push_back(text[at]);
    }
    if (hex_decode(digits, out)) return out;
    return fail(STIPEND_E_INVALID, "not a SHA-256: got \"", text.substr(0, 100), "\", want 64 hex digits");
}

Result<SecretRef> find_secret(std::string_view text) {
    static constexpr std::string_view opening = "${secret:";
    const auto begin = text.find(opening);
    if (begin == std::string_view::npos) return SecretRef{};
    const auto close = text.find('}', begin);
    const auto from = begin + opening.size();
    const auto name = close == std::string_view::npos ? std::string_view{} : text.substr(from, close - from);
    if (!is_token(name)) return fail(STIPEND_E_INVALID, "unfinished secret: want ${secret:NAME}");
    return SecretRef{begin, close + 1, name};
}

Result<std::string> OriginMemo::origin_of(const std::string& url) {
    auto& entry = known_[std::hash<std::string_view>{}(url) % known_.size()];
    {
        const std::lock_guard lock(mutex_);
        if (!entry.url.empty() && entry.url == url) return entry.origin;
    }
    STIPEND_LET(origin, http::origin_of(url));
    const std::lock_guard lock(mutex_);
    entry = {url, origin};
    return std::move(origin);
}

Result<CheckedRequest> check_request(const HttpRequest& request, OriginMemo& origins) {
    CheckedRequest checked;
    if (!is_token(request.method) || request.method.size() > 32) {
        return fail(STIPEND_E_INVALID, "bad method: got \"", request.method.substr(0, 40), "\", want e.g. GET or POST");
    }
    if (request.timeout_ms == 0) return fail(STIPEND_E_INVALID, "timeout is 0: want at least 1 ms");
    if (request.body.size() > max_request_body_bytes) {
        return fail(STIPEND_E_LIMIT, "request body too large: got ", request.body.size(), " bytes, want at most ",
                    max_request_body_bytes);
    }
    if (request.mail != nullptr) {
        STIPEND_SET(checked.origin, check_mail(request));
        return checked;
    }
    STIPEND_SET(checked.origin, origins.origin_of(request.url));
    checked.https = checked.origin.starts_with("https:");
    checked.may_resend = idempotent(request.method);
    STIPEND_TRY(check_headers(request, checked));
    STIPEND_TRY(check_tls(request, checked));
    STIPEND_TRY(check_client_certificate(request, checked));
    if (!request.unix_socket.empty()) {
        if (request.is_untrusted()) return fail(STIPEND_E_INVALID, "an untrusted target cannot be a unix socket");
        if (!is_field_value(request.unix_socket) || request.unix_socket.size() > 107) {
            return fail(STIPEND_E_INVALID, "bad unix socket: got a path of ", request.unix_socket.size(),
                        " bytes, want at most 107 without control characters");
        }
    }
    return checked;
}

}  // namespace stipend::http
