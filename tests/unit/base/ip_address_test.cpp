// Addresses and ranges: one value for each address, in each of its spellings.
#include "host/base/ip_address.hpp"

#include <doctest/doctest.h>

using namespace stipend;

namespace {

IpAddress ip(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    REQUIRE_MESSAGE(parsed.has_value(), text);
    return *parsed;
}

}  // namespace

TEST_CASE("an address has one value and one text for all its spellings") {
    CHECK(ip("10.0.0.1").text() == "10.0.0.1");
    CHECK(ip("::ffff:10.0.0.1") == ip("10.0.0.1"));
    CHECK(ip("::ffff:a00:1").text() == "10.0.0.1");
    CHECK(ip("2001:DB8:0:0::1").text() == "2001:db8::1");
    CHECK(ip("::1") != ip("0.0.0.1"));
    CHECK(ip("10.0.0.1").is_v4());
    CHECK(!ip("::1").is_v4());
}

TEST_CASE("text that is no address is refused") {
    using namespace std::string_view_literals;
    for (const auto text : {""sv, "10.0.0"sv, "10.0.0.01"sv, "10.0.0.256"sv, " 10.0.0.1"sv, "10.0.0.1 "sv, "[::1]"sv,
                            "fe80::1%eth0"sv, "1.2.3.4:80"sv, "unknown"sv, "10.0.0.1\0"sv, "0x7f.1"sv, "2130706433"sv,
                            "1111:2222:3333:4444:5555:6666:255.255.255.255:extra"sv}) {
        CHECK_MESSAGE(!IpAddress::parse(text), text);
    }
}

TEST_CASE("the network of an address keeps the bits of its prefix") {
    CHECK(ip("10.1.2.255").network(24).text() == "10.1.2.0");
    CHECK(ip("10.1.255.1").network(20).text() == "10.1.240.0");
    CHECK(ip("10.1.2.3").network(32) == ip("10.1.2.3"));
    CHECK(ip("10.1.2.3").network(0).text() == "0.0.0.0");
    CHECK(ip("2001:db8:1:2:3:4:5:6").network(64).text() == "2001:db8:1:2::");
}

TEST_CASE("a range holds the addresses of its own family that share the prefix") {
    const auto holds = [](std::string_view range, std::string_view address) {
        const auto parsed = IpRange::parse(range);
        REQUIRE_MESSAGE(parsed.ok(), range);
        return parsed->contains(ip(address));
    };
    CHECK(holds("10.0.0.0/8", "10.255.0.1"));
    CHECK(!holds("10.0.0.0/8", "11.0.0.1"));
    CHECK(holds("172.16.0.0/12", "172.31.255.255"));
    CHECK(!holds("172.16.0.0/12", "172.32.0.0"));
    CHECK(holds("0.0.0.0/0", "255.255.255.255"));
    CHECK(!holds("0.0.0.0/0", "2001:db8::1"));
    CHECK(!holds("::/0", "1.2.3.4"));
    CHECK(holds("::/0", "2001:db8::1"));
    CHECK(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
    CHECK(holds("192.0.2.7", "192.0.2.7"));
    CHECK(!holds("192.0.2.7", "192.0.2.6"));
    CHECK(holds("fd00::/8", "fd12::1"));
    CHECK(!holds("fd00::/8", "fc00::1"));
}

TEST_CASE("a range that is malformed or has bits after its prefix is refused") {
    for (const auto* text :
         {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/-1", "::/129",
          "10.0.0.1/8", "fd00::1/8", "::ffff:10.0.0.0/104", "10.0.0.0/ 8"}) {
        CHECK_MESSAGE(!IpRange::parse(text).ok(), text);
    }
    CHECK(IpRange::parse("10.0.0.1/8").error().message.ends_with("want 10.0.0.0/8"));
}

TEST_CASE("a prefix is compared bit by bit") {
    const std::array<std::uint8_t, 2> a{0b10101010, 0b11110000};
    const std::array<std::uint8_t, 2> b{0b10101010, 0b11111111};
    CHECK(same_prefix(a, b, 0));
    CHECK(same_prefix(a, b, 8));
    CHECK(same_prefix(a, b, 12));
    CHECK(!same_prefix(a, b, 13));
    CHECK(same_prefix(a, a, 16));
}
