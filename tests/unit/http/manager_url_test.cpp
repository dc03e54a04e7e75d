#include "host/http/manager_url.hpp"

#include <doctest/doctest.h>

using namespace stipend;

TEST_CASE("a key goes to another machine by TLS alone, unless plain HTTP is allowed") {
    for (const auto* url :
         {"https://payer.example:8010", "http://127.0.0.1:8010", "http://localhost", "http://[::1]/api"})
        CHECK(http::check_manager_url(url, false).ok());
    for (const auto* url : {"http://payer.example:8010", "http://127.0.0.1.example", "http://localhost.example:8010",
                            "http://127.0.0.1@payer.example", "http://localhost:1@payer.example", "http://10.0.0.1"}) {
        CAPTURE(url);
        CHECK(http::check_manager_url(url, false).error().status == STIPEND_E_INVALID);
        CHECK(http::check_manager_url(url, true).ok());
    }
    for (const auto* url : {"payer.example:8010", "", "ftp://payer.example", "HTTP//payer"})
        CHECK(!http::check_manager_url(url, true).ok());
}

TEST_CASE("a key is one line") {
    CHECK(http::check_manager_key("sk_1").ok());
    for (const auto* key : {"", "a\r\nX-Other: 1", "a\n"}) CHECK(!http::check_manager_key(key).ok());
}
