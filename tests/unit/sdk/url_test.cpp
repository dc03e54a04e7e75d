#include "stipend/url.hpp"

#include <doctest/doctest.h>

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
