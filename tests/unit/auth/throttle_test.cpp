// Failed logins: free ones, delays that double, and bounded memory.
#include "host/auth/throttle.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "stipend/result.hpp"

using namespace stipend;
using namespace stipend::auth;

namespace {

constexpr std::int64_t one_second = 1'000'000'000;
constexpr stipend_mono_ns begin_at = 0;

IpAddress host(std::string_view text) {
    return *IpAddress::parse(text);
}

// Fails `count` times in a row, each as early as it may; the waits in between, in seconds.
std::vector<std::int64_t> waits_of(LoginThrottle& throttle, int count, stipend_mono_ns& at,
                                   std::string_view account = "a@b.example", std::string_view from = "192.0.2.1") {
    std::vector<std::int64_t> waits;
    for (int attempt = 0; attempt < count; ++attempt) {
        const auto wait = throttle.begin(account, host(from), at);
        waits.push_back(wait);
        if (wait == 0) continue;
        CHECK(throttle.begin(account, host(from), at + wait * one_second - 1) == 1);
        at += wait * one_second;
        REQUIRE(throttle.begin(account, host(from), at) == 0);
    }
    return waits;
}

}  // namespace

TEST_CASE("an account has five free failures, then delays that double up to 300 s") {
    LoginThrottle throttle;
    auto at = begin_at;
    // The first of a burst is free as well as the sixth: the delay comes after a failure.
    CHECK(waits_of(throttle, 17, at) ==
          std::vector<std::int64_t>{0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300});
    // Another account from elsewhere is free, and the account is slow from everywhere.
    CHECK(throttle.begin("other", host("192.0.2.2"), at) == 0);
    CHECK(throttle.begin("a@b.example", host("192.0.2.2"), at) == 300);
}

TEST_CASE("a network has twenty free failures over all accounts, then delays up to 900 s") {
    LoginThrottle throttle;
    for (int attempt = 0; attempt < 21; ++attempt) {
        REQUIRE(throttle.begin(std::to_string(attempt), host("192.0.2.1"), begin_at) == 0);
    }
    CHECK(throttle.begin("new", host("192.0.2.1"), begin_at) == 1);
    CHECK(throttle.begin("new", host("::ffff:192.0.2.1"), begin_at) == 1);
    CHECK(throttle.begin("new", host("192.0.2.2"), begin_at) == 0);
    auto at = begin_at;
    std::int64_t wait = 0;
    for (int attempt = 0; attempt < 14; ++attempt) {
        wait = throttle.begin(std::to_string(attempt % 3 + 1000 * attempt), host("192.0.2.1"), at);
        at += wait * one_second;
        REQUIRE(throttle.begin(std::to_string(5000 + attempt), host("192.0.2.1"), at) == 0);
    }
    CHECK(wait == 900);
}

TEST_CASE("an IPv6 network is its first 64 bits") {
    LoginThrottle throttle({.network = {.free_failures = 1, .longest_s = 900}});
    REQUIRE(throttle.begin("a", host("2001:db8:1:2::1"), begin_at) == 0);
    REQUIRE(throttle.begin("b", host("2001:db8:1:2:ffff::2"), begin_at) == 0);
    CHECK(throttle.begin("c", host("2001:db8:1:2:3:4:5:6"), begin_at) == 1);
    CHECK(throttle.begin("c", host("2001:db8:1:3::1"), begin_at) == 0);
}

TEST_CASE("attempts at the same time do not pass as one") {
    LoginThrottle throttle({.account = {.free_failures = 2, .longest_s = 300}});
    int allowed = 0;
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (throttle.begin("a", host(cat("192.0.2.", attempt)), begin_at) == 0) ++allowed;
    }
    CHECK(allowed == 3);
}

TEST_CASE("a success forgets the account's failures, and of the network's only this attempt") {
    LoginThrottle throttle(
        {.account = {.free_failures = 2, .longest_s = 300}, .network = {.free_failures = 4, .longest_s = 900}});
    for (int attempt = 0; attempt < 3; ++attempt) REQUIRE(throttle.begin("a", host("192.0.2.1"), begin_at) == 0);
    REQUIRE(throttle.begin("a", host("192.0.2.1"), begin_at) == 1);
    throttle.succeeded("a", host("192.0.2.1"));
    // Two failures of the network remain, so three more attempts have no delay.
    for (int attempt = 0; attempt < 3; ++attempt) CHECK(throttle.begin("a", host("192.0.2.1"), begin_at) == 0);
    CHECK(throttle.begin("b", host("192.0.2.1"), begin_at) == 1);
    throttle.succeeded("never began", host("198.51.100.1"));
}

TEST_CASE("many successes from one network never slow it down") {
    LoginThrottle throttle;
    for (int attempt = 0; attempt < 1000; ++attempt) {
        REQUIRE(throttle.begin("a", host("192.0.2.1"), begin_at) == 0);
        throttle.succeeded("a", host("192.0.2.1"));
    }
}

TEST_CASE("failures are forgotten after an hour without an attempt") {
    LoginThrottle throttle;
    auto at = begin_at;
    waits_of(throttle, 12, at);
    const auto last = at;
    CHECK(throttle.begin("a@b.example", host("192.0.2.1"), last + 3600 * one_second - 1) == 0);
    CHECK(throttle.begin("a@b.example", host("192.0.2.1"), last + 3600 * one_second) > 0);
    const auto later = last + 3 * 3600 * one_second;
    for (int attempt = 0; attempt < 6; ++attempt) CHECK(throttle.begin("a@b.example", host("192.0.2.1"), later) == 0);
}

TEST_CASE("memory is bounded, and the entry unused for longest is dropped") {
    LoginThrottle throttle({.account = {.free_failures = 0, .longest_s = 300}, .entries = 3});
    for (const auto* account : {"a", "b", "c"}) REQUIRE(throttle.begin(account, host("192.0.2.1"), begin_at) == 0);
    // A refused attempt is a use too.
    CHECK(throttle.begin("a", host("192.0.2.1"), begin_at) == 1);
    CHECK(throttle.begin("d", host("192.0.2.1"), begin_at) == 0);
    CHECK(throttle.begin("a", host("192.0.2.1"), begin_at) == 1);
    CHECK(throttle.begin("b", host("192.0.2.1"), begin_at) == 0);  // dropped for "d", and back for "c"
    CHECK(throttle.begin("a", host("192.0.2.1"), begin_at) == 1);
    for (int at = 0; at < 1000; ++at) {
        static_cast<void>(throttle.begin(std::string(10'000, 'x') + std::to_string(at),
                                         host(cat("10.0.", at % 250, ".1")), begin_at));
    }
    CHECK(throttle.size() == 6);
}

TEST_CASE("a blocked network adds no accounts") {
    LoginThrottle throttle({.network = {.free_failures = 0, .longest_s = 900}});
    REQUIRE(throttle.begin("a", host("192.0.2.1"), begin_at) == 0);
    const auto before = throttle.size();
    for (int at = 0; at < 100; ++at) CHECK(throttle.begin(std::to_string(at), host("192.0.2.1"), begin_at) == 1);
    CHECK(throttle.size() == before);
}
