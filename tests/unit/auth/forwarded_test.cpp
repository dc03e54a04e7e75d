// The client's address behind trusted proxies.
#include "host/auth/forwarded.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace stipend;
using namespace stipend::auth;

namespace {

// The client's address as text, with proxies in 10.0.0.0/8 and fd00::/8.
std::string client_of(std::string_view peer, std::vector<std::string_view> fields) {
    const std::vector<IpRange> trusted{*IpRange::parse("10.0.0.0/8"), *IpRange::parse("fd00::/8")};
    return client_address(*IpAddress::parse(peer), fields, trusted).text();
}

}  // namespace

TEST_CASE("a peer that is no trusted proxy is the client, whatever it claims") {
    CHECK(client_of("192.0.2.1", {}) == "192.0.2.1");
    CHECK(client_of("192.0.2.1", {"198.51.100.7"}) == "192.0.2.1");
    CHECK(client_of("192.0.2.1", {"10.0.0.1"}) == "192.0.2.1");
}

TEST_CASE("behind trusted proxies the client is the rightmost address that is not theirs") {
    CHECK(client_of("10.0.0.1", {"198.51.100.7"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"198.51.100.7, 10.0.0.2"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"203.0.113.9, 198.51.100.7, 10.0.0.2, fd00::1"}) == "198.51.100.7");
    // What a client claims is left of its own address.
    CHECK(client_of("10.0.0.1", {"127.0.0.1, 198.51.100.7"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"10.9.9.9, 198.51.100.7,10.0.0.2"}) == "198.51.100.7");
}

TEST_CASE("several fields are one list") {
    CHECK(client_of("10.0.0.1", {"203.0.113.9", "198.51.100.7, 10.0.0.3", "10.0.0.2"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"198.51.100.7", "10.0.0.2"}) == "198.51.100.7");
}

TEST_CASE("only proxies on the way: the leftmost of them") {
    CHECK(client_of("10.0.0.1", {}) == "10.0.0.1");
    CHECK(client_of("10.0.0.1", {"10.0.0.3, 10.0.0.2"}) == "10.0.0.3");
}

TEST_CASE("an entry that is no address ends the way at the last address before it") {
    for (const auto* entry : {"", " ", "unknown", "_hidden", "198.51.100", "198.51.100.7:", "198.51.100.7:99999999",
                              "198.51.100.7:x", "[198.51.100.7]:80", "[2001:db8::1", "[2001:db8::1]x", "[2001:db8::1]:",
                              "fe80::1%eth0", "\"198.51.100.7\"", "198.51.100.7;198.51.100.8", "for=198.51.100.7"}) {
        const std::string field = std::string("203.0.113.9, ") + entry + ", 10.0.0.2";
        CHECK_MESSAGE(client_of("10.0.0.1", {field}) == "10.0.0.2", entry);
    }
    CHECK(client_of("10.0.0.1", {""}) == "10.0.0.1");
    CHECK(client_of("10.0.0.1", {"198.51.100.7,"}) == "10.0.0.1");
    CHECK(client_of("10.0.0.1", {"198.51.100.7", ""}) == "10.0.0.1");
}

TEST_CASE("addresses have the forms that proxies write") {
    CHECK(client_of("10.0.0.1", {"198.51.100.7:51234"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"2001:db8::1"}) == "2001:db8::1");
    CHECK(client_of("10.0.0.1", {"[2001:db8::1]:443"}) == "2001:db8::1");
    CHECK(client_of("10.0.0.1", {"[2001:db8::1]"}) == "2001:db8::1");
    CHECK(client_of("10.0.0.1", {"\t198.51.100.7 "}) == "198.51.100.7");
}

TEST_CASE("a mapped IPv4 address is the IPv4 address") {
    CHECK(client_of("::ffff:10.0.0.1", {"198.51.100.7"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"198.51.100.7, ::ffff:10.0.0.2"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"::ffff:198.51.100.7"}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {"[::ffff:198.51.100.7]:80"}) == "198.51.100.7");
}

TEST_CASE("at most 32 entries are read") {
    std::string field = "198.51.100.7";
    for (int hop = 0; hop < 31; ++hop) field += ", 10.0.0.2";
    CHECK(client_of("10.0.0.1", {field}) == "198.51.100.7");
    CHECK(client_of("10.0.0.1", {field + ", 10.0.0.2"}) == "10.0.0.2");
}
