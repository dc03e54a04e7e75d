#include "host/base/time.hpp"

#include <doctest/doctest.h>

using namespace stipend;

TEST_CASE("a point in time is written in UTC with milliseconds, and read back") {
    CHECK(utc_text(0) == "1970-01-01T00:00:00.000Z");
    CHECK(utc_text(1795328706123456789) == "2026-11-22T06:25:06.123Z");
    CHECK(*parse_utc("2026-11-22T06:25:06.123456789Z") == 1795328706123456789);
    CHECK(*parse_utc("2026-11-22T07:25:06+01:00") == 1795328706000000000);
    CHECK(*parse_utc("2024-02-29T00:00:00Z") == 1709164800000000000);
}

TEST_CASE("what is no time is refused") {
    for (const auto* text :
         {"", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-11-22T06:25:06", "2026-11-22 06:25:06Z",
          "2026-11-22T24:00:00Z", "2026-11-22T06:25:06.Z", "2026-11-22T06:25:06Zx", "1969-12-31T23:59:59Z"}) {
        CAPTURE(text);
        CHECK(!parse_utc(text).ok());
    }
}
