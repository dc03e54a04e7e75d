#include "host/runtime/confirmation.hpp"

#include <doctest/doctest.h>

#include "stipend/result.hpp"

using namespace stipend;
using namespace stipend::runtime;

namespace {

// Takes looks, a letter each (u: up, d: down, ?: unknown) at the times 1, 2, ...; returns what counts after each look,
// as "u1 d2", with a bar between two looks.
std::string counted(const char* rule, std::string_view looks) {
    Confirmation confirmation(*config::parse_down_after(rule));
    std::string out;
    stipend_unix_ns at = 0;
    for (const char letter : looks) {
        ++at;
        const auto verdict = letter == 'u' ? STIPEND_UP : letter == 'd' ? STIPEND_DOWN : STIPEND_UNKNOWN;
        if (at > 1) out += "|";
        std::string part;
        for (const auto& look : confirmation.take({verdict, at, at, "why"})) {
            const char shown = look.verdict == STIPEND_UP ? 'u' : look.verdict == STIPEND_DOWN ? 'd' : '?';
            part += cat(part.empty() ? "" : " ", std::string(1, shown), look.from);
        }
        out += part;
    }
    return out;
}

}  // namespace

TEST_CASE("without a rule each look counts at once") {
    CHECK(counted("1 of 1", "udu") == "u1|d2|u3");
}

TEST_CASE("downtime begins with the first failed look once enough failed") {
    CHECK(counted("3 of 3", "udddu") == "u1|||d2 d3 d4|u5");
    CHECK(counted("2 of 3", "udud") == "u1|||d2 u3 d4");
    CHECK(counted("2 of 3", "udddd") == "u1||d2 d3|d4|d5");
}

TEST_CASE("a look that can no longer be one of enough counts as up") {
    CHECK(counted("2 of 2", "udud") == "u1||u2 u3|");
    CHECK(counted("2 of 3", "duud") ==
          "|"
          "|u1 u2 u3|");
    CHECK(counted("3 of 5", "dudud") == "||||d1 u2 d3 u4 d5");
    CHECK(counted("3 of 5", "duudu") == "||||u1 u2 u3");
}

TEST_CASE("failures that counted still count for those that follow within the same looks") {
    CHECK(counted("2 of 3", "ddud") == "|d1 d2|u3|d4");
    CHECK(counted("2 of 3", "dduud") == "|d1 d2|u3|u4|");
}

TEST_CASE("an unknown look is none of either, and is not reported before its time") {
    CHECK(counted("2 of 3", "d?d") == "||d1 ?2 d3");
    CHECK(counted("2 of 3", "?u") == "?1|u2");
}

TEST_CASE("a look that does not count says why") {
    Confirmation confirmation(*config::parse_down_after("2 of 2"));
    CHECK(confirmation.take({STIPEND_DEGRADED, 1, 2, "status 500"}).empty());
    const auto looks = confirmation.take({STIPEND_UP, 3, 3, "fine"});
    REQUIRE(looks.size() == 2);
    CHECK(looks[0].why == "fewer than 2 of 2 looks failed: status 500");
}

TEST_CASE("a rule is M of N") {
    for (const auto* bad : {"", "2", "0 of 3", "4 of 3", "2 of 21", "2 of", " of 3", "2 of 3 ", "2  of 3", "a of b"})
        CHECK_FALSE(config::parse_down_after(bad).has_value());
    CHECK(config::parse_down_after("2 of 3") == config::DownAfter{2, 3});
}
