#include "stipend/duration.hpp"

#include <doctest/doctest.h>

using namespace stipend;

TEST_CASE("a duration is a number with its unit") {
    CHECK(*parse_duration("60s") == 60 * ns_per_s);
    CHECK(*parse_duration("1.5h") == 5400 * ns_per_s);
    CHECK(*parse_duration("250ms") == 250 * ns_per_ms);
    CHECK(*parse_duration("0.000000001s") == 1);
    CHECK(*parse_duration("7d") == 7 * 86400LL * ns_per_s);
    for (const auto* text : {"", "60", "s", "-1s", "1 s", "1e", "1w", "0.0000000001s", "999999999999d", "0x1s"}) {
        CAPTURE(text);
        CHECK(!parse_duration(text).ok());
    }
}

TEST_CASE("a duration is written in the largest unit that shows it exactly") {
    CHECK(duration_text(0) == "0s");
    CHECK(duration_text(90 * ns_per_s) == "90s");
    CHECK(duration_text(3600 * ns_per_s) == "1h");
    CHECK(duration_text(1500 * ns_per_ms) == "1500ms");
    for (const std::int64_t ns : {1L, 1500L, 60 * ns_per_s, 600 * ns_per_s, 86400 * ns_per_s, 4261 * ns_per_s}) {
        CHECK(*parse_duration(duration_text(ns)) == ns);
    }
}
