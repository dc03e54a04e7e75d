// What a request says of the browser that sent it: by which scheme, from which page, in which session. Pure and
// thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/base/ip_address.hpp"

namespace stipend::api {

// Of https alone, since it promises that the host itself set the cookie, for all of its paths, and by https.
inline constexpr std::string_view secure_cookie = "__Host-stipend";
inline constexpr std::string_view plain_cookie = "stipend_session";

// How browsers reach the API.
struct BrowserTerms {
    bool tls = false;    // the listener's own
    std::string origin;  // http(s)://host:port by which they do; empty: the address that they name
    std::span<const IpRange> trusted_proxies;
};

// `headers`: "name: value\r\n" lines. By TLS of the listener, an origin of https, or X-Forwarded-Proto of a trusted
// proxy.
[[nodiscard]] bool by_https(const BrowserTerms& terms, std::string_view headers, const IpAddress& peer);

// The cookie's value; empty where there is none, where it is of another form, or where two of its name were sent, of
// which one is another site's.
[[nodiscard]] std::string session_cookie(std::string_view headers, bool https);
// A header line that sets it; with an empty value, one that removes it.
[[nodiscard]] std::string set_session_cookie(std::string_view value, bool https);

// What the page of a session sends as X-CSRF-Token. It follows from the cookie, which it does not show.
[[nodiscard]] std::string csrf_token(std::string_view cookie);

// Whether a page of `origin` is the API's own: the configured origin, or else the one that Host names, where that is an
// address or localhost. A name is not taken from Host, since any name may lead to this address.
[[nodiscard]] bool own_origin(const BrowserTerms& terms, std::string_view origin, std::string_view headers, bool https);

// Why a request that has a session's cookie for its credentials is refused; nothing: it may go on. One that is not
// `safe`, which changes something, wants the session's token, and says that a page of the API sent it.
[[nodiscard]] std::optional<std::string_view> refuse_page(const BrowserTerms& terms, std::string_view headers,
                                                          bool https, bool safe, std::string_view cookie);

}  // namespace stipend::api
