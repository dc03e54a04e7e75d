// Cookies of sessions, and which pages may use them.
#include "host/api/browser.hpp"

#include <doctest/doctest.h>

#include <array>

#include "stipend/result.hpp"

using namespace stipend;
using namespace stipend::api;

namespace {

const std::string own_cookie(64, 'a');
const std::string other_cookie(64, 'b');

std::string plain(std::string_view cookies) {
    return session_cookie(cat("host: x\r\ncookie: ", cookies, "\r\n"), false);
}

}  // namespace

TEST_CASE("a session's cookie is found among others, and not where two claim to be it") {
    CHECK(plain(cat("stipend_session=", own_cookie)) == own_cookie);
    CHECK(plain(cat("a=1; stipend_session=", own_cookie, ";b=2")) == own_cookie);
    CHECK(session_cookie(cat("Cookie: a=1\r\nCookie: stipend_session=", own_cookie, "\r\n"), false) == own_cookie);
    for (const auto& none : {std::string(), std::string("stipend_session"), std::string("stipend_session="),
                             cat("xstipend_session=", own_cookie), cat("stipend_session=", own_cookie, "0"),
                             cat("stipend_session=", std::string(64, 'z')),
                             cat("stipend_session=", own_cookie, "; stipend_session=", other_cookie)}) {
        CHECK(plain(none).empty());
    }
    CHECK(session_cookie(
              cat("cookie: stipend_session=", own_cookie, "\r\ncookie: stipend_session=", other_cookie, "\r\n"), false)
              .empty());
    // By https the name is another one, which no page without it can set.
    CHECK(session_cookie(cat("cookie: stipend_session=", own_cookie, "\r\n"), true).empty());
    CHECK(session_cookie(cat("cookie: __Host-stipend=", own_cookie, "\r\n"), true) == own_cookie);
    CHECK(set_session_cookie(own_cookie, true) ==
          cat("Set-Cookie: __Host-stipend=", own_cookie, "; Path=/; HttpOnly; SameSite=Strict; Secure\r\n"));
    CHECK(set_session_cookie("", false) ==
          "Set-Cookie: stipend_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0\r\n");
}

TEST_CASE("https is the listener's own, of the configured origin, or said by a trusted proxy") {
    const std::array<IpRange, 1> proxies{*IpRange::parse("10.0.0.0/8")};
    const auto proxy = *IpAddress::parse("10.1.2.3");
    const auto elsewhere = *IpAddress::parse("192.0.2.1");
    const std::string_view says = "x-forwarded-proto: https\r\n";
    CHECK(by_https({.tls = true, .origin = {}, .trusted_proxies = {}}, "", elsewhere));
    CHECK(by_https({.tls = false, .origin = "https://m.example", .trusted_proxies = {}}, "", elsewhere));
    CHECK(by_https({.tls = false, .origin = {}, .trusted_proxies = proxies}, says, proxy));
    CHECK_FALSE(by_https({.tls = false, .origin = {}, .trusted_proxies = proxies}, says, elsewhere));
    CHECK_FALSE(by_https({.tls = false, .origin = {}, .trusted_proxies = proxies}, "", proxy));
    CHECK_FALSE(by_https({.tls = false, .origin = "http://m.example", .trusted_proxies = {}}, says, elsewhere));
}

TEST_CASE("the own origin is the configured one, or the address that was asked; no name leads to it by itself") {
    const BrowserTerms open{};
    CHECK(own_origin(open, "http://127.0.0.1:8010", "host: 127.0.0.1:8010\r\n", false));
    CHECK(own_origin(open, "http://[::1]:8010", "host: [::1]:8010\r\n", false));
    CHECK(own_origin(open, "http://localhost:8010", "host: localhost:8010\r\n", false));
    CHECK(own_origin(open, "https://127.0.0.1:8010", "host: 127.0.0.1:8010\r\n", true));
    CHECK_FALSE(own_origin(open, "https://127.0.0.1:8010", "host: 127.0.0.1:8010\r\n", false));
    CHECK_FALSE(own_origin(open, "http://127.0.0.1:3000", "host: 127.0.0.1:8010\r\n", false));
    CHECK_FALSE(own_origin(open, "http://evil.example:8010", "host: evil.example:8010\r\n", false));
    CHECK_FALSE(own_origin(open, "http://[::1", "host: [::1\r\n", false));
    CHECK_FALSE(own_origin(open, "null", "host: 127.0.0.1:8010\r\n", false));
    CHECK_FALSE(own_origin(open, "http://", "", false));
    const BrowserTerms named{.tls = false, .origin = "https://m.example", .trusted_proxies = {}};
    CHECK(own_origin(named, "https://m.example", "host: 127.0.0.1:8010\r\n", true));
    CHECK_FALSE(own_origin(named, "http://127.0.0.1:8010", "host: 127.0.0.1:8010\r\n", true));
}

TEST_CASE("with a session only pages of the own origin read, and only with its token change anything") {
    const BrowserTerms terms{};
    const std::string host = "host: 127.0.0.1:8010\r\n";
    const auto token = cat("x-csrf-token: ", csrf_token(own_cookie), "\r\n");
    const auto refused = [&](bool safe, const std::string& headers) {
        return refuse_page(terms, host + headers, false, safe, own_cookie).has_value();
    };
    CHECK_FALSE(refused(true, ""));
    CHECK_FALSE(refused(true, "sec-fetch-site: none\r\n"));
    CHECK_FALSE(refused(true, "sec-fetch-site: same-origin\r\n"));
    CHECK(refused(true, "sec-fetch-site: cross-site\r\n"));
    CHECK(refused(true, "sec-fetch-site: same-site\r\n"));
    CHECK(refused(true, "origin: http://127.0.0.1:3000\r\n"));

    const std::string own = "origin: http://127.0.0.1:8010\r\n";
    CHECK_FALSE(refused(false, own + token));
    CHECK_FALSE(refused(false, "sec-fetch-site: same-origin\r\n" + token));
    CHECK(refused(false, token));
    CHECK(refused(false, "sec-fetch-site: none\r\n" + token));
    CHECK(refused(false, own));
    CHECK(refused(false, own + "x-csrf-token: \r\n"));
    CHECK(refused(false, own + cat("x-csrf-token: ", csrf_token(other_cookie), "\r\n")));
    CHECK(refused(false, own + cat("x-csrf-token: ", own_cookie, "\r\n")));
    CHECK(refused(false, "origin: null\r\n" + token));
    CHECK(refused(false, own + "sec-fetch-site: cross-site\r\n" + token));
    CHECK(csrf_token(own_cookie) != csrf_token(other_cookie));
}
