#include "stipend/url.hpp"

#include <doctest/doctest.h>

#include <utility>

using stipend::address_key;
using stipend::split_url;

TEST_CASE("a URL is split into its parts as they are written") {
    const auto url = split_url("https://Gateway.example:8935/a/b?c#d");
    REQUIRE(url);
    CHECK(url->scheme == "https");
    CHECK(url->authority == "Gateway.example:8935");
    CHECK(url->host == "Gateway.example");
    CHECK(url->port == "8935");
    CHECK(url->rest == "/a/b?c#d");
}

TEST_CASE("parts that are not there are empty") {
    const auto url = split_url("http://a");
    REQUIRE(url);
    CHECK(url->host == "a");
    CHECK(url->port.empty());
    CHECK(url->rest.empty());
    CHECK(split_url("http://:80")->host.empty());
    CHECK(split_url("http://?q")->host.empty());
    CHECK_FALSE(split_url("http:/a"));
}

TEST_CASE("an IPv6 address is a host with its brackets") {
    const auto url = split_url("tcp://[fd00::7]:6379");
    REQUIRE(url);
    CHECK(url->host == "[fd00::7]");
    CHECK(url->port == "6379");
    CHECK(split_url("tcp://[fd00::7]")->port.empty());
    CHECK(split_url("tcp://[fd00::7")->host.empty());
}

TEST_CASE("spellings of one address have one key") {
    for (const auto* spelling :
         {"https://orch.example", "https://orch.example/", "https://Orch.Example", "HTTPS://orch.example:443/",
          "https://orch.example.:443", "https://orch.example:0443", "https://orch.example:"}) {
        CAPTURE(spelling);
        CHECK(address_key(spelling) == "https://orch.example");
    }
    CHECK(address_key("https://Orch.example:9995") == "https://orch.example:9995");
    CHECK(address_key("http://[FD00::A]:80/") == "http://[fd00::a]");
    CHECK(address_key("http://a/Path/") == "http://a/Path");
}

TEST_CASE("different addresses have different keys") {
    for (const auto& [one, other] : {std::pair{"https://a", "http://a"}, std::pair{"https://a:80", "https://a"},
                                     std::pair{"http://a:443", "http://a"}, std::pair{"https://a:1", "https://a:11"},
                                     std::pair{"https://a", "https://a//"}, std::pair{"https://a/p", "https://a/P"},
                                     std::pair{"https://a", "https://u@a"}, std::pair{"https://U@a", "https://u@a"},
                                     std::pair{"https://a", "https://a/?q"}, std::pair{"https://a:0", "https://a"},
                                     std::pair{"https://[::1]x", "https://[::1]"}}) {
        CAPTURE(one);
        CAPTURE(other);
        CHECK(address_key(one) != address_key(other));
    }
}

TEST_CASE("a text that is no URL keeps its case, and its key lacks the last slash") {
    CHECK(address_key("Orch/") == "Orch");
    CHECK(address_key("").empty());
    CHECK(address_key("https://") == "https://");
}
