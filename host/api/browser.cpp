#include "host/api/browser.hpp"

#include <algorithm>

#include "host/auth/crypto.hpp"
#include "host/base/sha256.hpp"
#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"
#include "stipend/hex.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t cookie_digits = 64;

std::string_view cookie_name(bool https) {
    return https ? secure_cookie : plain_cookie;
}

// "127.0.0.1:8010", "[::1]:8010" or "localhost:8010".
bool names_an_address(std::string_view authority) {
    auto host = authority;
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) return false;
        return IpAddress::parse(host.substr(1, end - 1)).has_value();
    }
    host = host.substr(0, host.find(':'));
    return ascii::equal_ignoring_case(host, "localhost") || IpAddress::parse(host).has_value();
}

}  // namespace

bool by_https(const BrowserTerms& terms, std::string_view headers, const IpAddress& peer) {
    if (terms.tls || terms.origin.starts_with("https://")) return true;
    const auto proto = find_header(headers, "x-forwarded-proto");
    return proto && ascii::equal_ignoring_case(*proto, "https") &&
           std::ranges::any_of(terms.trusted_proxies, [&](const IpRange& range) { return range.contains(peer); });
}

std::string session_cookie(std::string_view headers, bool https) {
    const auto wanted = cookie_name(https);
    std::string_view found;
    bool twice = false;
    while (!headers.empty()) {
        const auto rest = headers;
        const auto line = take_line(headers);
        auto cookies = find_header(rest.substr(0, line.size()), "cookie").value_or("");
        while (!cookies.empty()) {
            const auto end = cookies.find(';');
            const auto one = trim_blanks(cookies.substr(0, end));
            cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
            if (one.substr(0, one.find('=')) != wanted) continue;
            twice = twice || !found.empty();
            found = one.substr(std::min(one.size(), wanted.size() + 1));
        }
    }
    if (twice || found.size() != cookie_digits || !is_hex(found)) return {};
    return std::string(found);
}

std::string set_session_cookie(std::string_view value, bool https) {
    return cat("Set-Cookie: ", cookie_name(https), "=", value, "; Path=/; HttpOnly; SameSite=Strict",
               https ? "; Secure" : "", value.empty() ? "; Max-Age=0" : "", "\r\n");
}

Credential credential_of(std::string_view headers, const std::string& session) {
    const auto authorization = find_header(headers, "authorization");
    if (!authorization) return {session, !session.empty()};
    const bool bearer = authorization->size() > 7 && ascii::equal_ignoring_case(authorization->substr(0, 7), "bearer ");
    return {std::string(bearer ? trim_blanks(authorization->substr(7)) : "")};
}

std::string csrf_token(std::string_view cookie) {
    return hex_encode(auth::text_of(sha256(cat("stipend csrf token:", cookie))));
}

bool own_origin(const BrowserTerms& terms, std::string_view origin, std::string_view headers, bool https) {
    if (!terms.origin.empty()) return origin == terms.origin;
    const auto host = find_header(headers, "host").value_or("");
    return names_an_address(host) && origin == cat(https ? "https://" : "http://", host);
}

std::optional<std::string_view> refuse_page(const BrowserTerms& terms, std::string_view headers, bool https, bool safe,
                                            std::string_view cookie) {
    const auto site = find_header(headers, "sec-fetch-site");
    const auto origin = find_header(headers, "origin");
    const bool other_site = site && *site != "same-origin" && *site != "none";
    if (other_site || (origin && !own_origin(terms, *origin, headers, https))) {
        return "a session is for pages of this origin alone";
    }
    if (safe) return std::nullopt;
    if (!origin && !(site && *site == "same-origin")) {
        return "a session changes nothing without the header Origin of a page of this host";
    }
    const auto token = find_header(headers, "x-csrf-token").value_or("");
    if (!auth::equal_in_constant_time(token, csrf_token(cookie))) {
        return "want the header X-CSRF-Token with the token of the session";
    }
    return std::nullopt;
}

}  // namespace stipend::api
