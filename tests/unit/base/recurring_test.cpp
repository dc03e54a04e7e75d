#include "host/base/recurring.hpp"

#include <doctest/doctest.h>

#include "host/base/time.hpp"

using namespace stipend;

namespace {

constexpr std::int64_t hour_ns = 3600 * ns_per_s;

stipend_unix_ns at(std::string_view text) {
    const auto time = parse_utc(text);
    REQUIRE_MESSAGE(time.ok(), text);
    return *time;
}

Recurring every(std::string_view schedule, std::string_view zone = "UTC", std::int64_t duration_ns = hour_ns) {
    auto made = Recurring::make(schedule, zone, duration_ns);
    REQUIRE_MESSAGE(made.ok(), (made ? "" : made.error().message));
    return *made;
}

// "2026-03-29T01:00:00.000Z" of the beginning of the window at a time or after it.
std::string next(const Recurring& windows, std::string_view now) {
    const auto window = windows.at_or_after(at(now));
    return window ? utc_text(window->from) : "never";
}

std::string refused(std::string_view schedule, std::string_view zone = "UTC", std::int64_t duration_ns = hour_ns) {
    const auto made = Recurring::make(schedule, zone, duration_ns);
    REQUIRE(!made.ok());
    return made.error().path + " " + made.error().message;
}

}  // namespace

TEST_CASE("a window begins when the schedule says, and lasts as long as it says") {
    const auto nightly = every("30 2 * * *");
    CHECK(next(nightly, "2026-11-22T00:00:00Z") == "2026-11-22T02:30:00.000Z");
    CHECK(next(nightly, "2026-11-22T02:30:00Z") == "2026-11-22T02:30:00.000Z");
    CHECK(next(nightly, "2026-11-22T03:29:59.999Z") == "2026-11-22T02:30:00.000Z");
    CHECK(next(nightly, "2026-11-22T03:30:00Z") == "2026-11-23T02:30:00.000Z");
    CHECK(nightly.at_or_after(at("2026-11-22T00:00:00Z"))->to == at("2026-11-22T03:30:00Z"));
}

TEST_CASE("lists, ranges, steps and names are those of cron") {
    CHECK(next(every("*/20 * * * *", "UTC", 60 * ns_per_s), "2026-11-22T00:21:00Z") == "2026-11-22T00:40:00.000Z");
    CHECK(next(every("5,10-12 1 * * *", "UTC", 60 * ns_per_s), "2026-11-22T01:06:00Z") == "2026-11-22T01:10:00.000Z");
    CHECK(next(every("0 0 * * mon"), "2026-11-22T12:00:00Z") == "2026-11-23T00:00:00.000Z");  // the 22nd is a Sunday
    CHECK(next(every("0 0 * * 7"), "2026-11-20T12:00:00Z") == "2026-11-22T00:00:00.000Z");
    CHECK(next(every("0 0 * * SUN"), "2026-11-20T12:00:00Z") == "2026-11-22T00:00:00.000Z");
    CHECK(next(every("0 0 1 jan-mar/2 *"), "2026-01-02T00:00:00Z") == "2026-03-01T00:00:00.000Z");
    CHECK(next(every("0 0 29 2 *"), "2026-03-01T00:00:00Z") == "2028-02-29T00:00:00.000Z");
    CHECK(next(every("0 0 31 2 *"), "2026-03-01T00:00:00Z") == "never");
    // A day of the month or a day of the week, where both are restricted.
    CHECK(next(every("0 0 25 * mon"), "2026-11-22T12:00:00Z") == "2026-11-23T00:00:00.000Z");
    CHECK(next(every("0 0 25 * mon"), "2026-11-24T12:00:00Z") == "2026-11-25T00:00:00.000Z");
    CHECK(next(every("@weekly"), "2026-11-20T12:00:00Z") == "2026-11-22T00:00:00.000Z");
}

TEST_CASE("the schedule is in its time zone") {
    CHECK(next(every("0 3 * * *", "Asia/Kolkata"), "2026-11-22T00:00:00Z") == "2026-11-22T21:30:00.000Z");
    CHECK(next(every("0 3 * * *", "Europe/Berlin"), "2026-07-01T00:00:00Z") == "2026-07-01T01:00:00.000Z");
    CHECK(next(every("0 3 * * *", "Europe/Berlin"), "2026-12-01T00:00:00Z") == "2026-12-01T02:00:00.000Z");
    // Far beyond the transitions that a zone's file lists one by one.
    CHECK(next(every("0 3 * * *", "Europe/Berlin"), "2150-07-01T00:00:00Z") == "2150-07-01T01:00:00.000Z");
}

TEST_CASE("a minute that the clock skips in spring begins where it is set forward") {
    const auto nightly = every("30 2 * * *", "Europe/Berlin");
    CHECK(next(nightly, "2026-03-28T12:00:00Z") == "2026-03-29T01:00:00.000Z");  // 02:00 becomes 03:00
    CHECK(next(nightly, "2026-03-29T02:00:00Z") == "2026-03-30T00:30:00.000Z");
    // The duration is of true time.
    const auto over = every("0 1 * * *", "Europe/Berlin", 2 * hour_ns).at_or_after(at("2026-03-28T12:00:00Z"));
    CHECK(utc_text(over->from) == "2026-03-29T00:00:00.000Z");
    CHECK(utc_text(over->to) == "2026-03-29T02:00:00.000Z");
}

TEST_CASE("a minute that comes twice in autumn begins once") {
    const auto nightly = every("30 2 * * *", "Europe/Berlin", 600 * ns_per_s);
    CHECK(next(nightly, "2026-10-24T12:00:00Z") == "2026-10-25T00:30:00.000Z");
    CHECK(next(nightly, "2026-10-25T00:40:00Z") == "2026-10-26T01:30:00.000Z");
}

TEST_CASE("the windows of a stretch of time are cut to it, and overlapping ones are one") {
    const auto hourly = every("0 * * * *", "UTC", 600 * ns_per_s);
    const auto found = hourly.within(at("2026-11-22T00:05:00Z"), at("2026-11-22T02:05:00Z"));
    REQUIRE(found.size() == 3);
    CHECK(found[0] == Window{at("2026-11-22T00:05:00Z"), at("2026-11-22T00:10:00Z")});
    CHECK(found[1] == Window{at("2026-11-22T01:00:00Z"), at("2026-11-22T01:10:00Z")});
    CHECK(found[2] == Window{at("2026-11-22T02:00:00Z"), at("2026-11-22T02:05:00Z")});
    const auto always = every("*/5 * * * *", "UTC", 600 * ns_per_s);
    CHECK(always.within(at("2026-11-22T00:00:00Z"), at("2026-11-22T01:00:00Z")) ==
          std::vector<Window>{{at("2026-11-22T00:00:00Z"), at("2026-11-22T01:00:00Z")}});
    CHECK(hourly.within(at("2026-11-22T00:20:00Z"), at("2026-11-22T00:30:00Z")).empty());
}

TEST_CASE("a schedule, a zone and a duration that are none are refused with their key") {
    CHECK(refused("0 3 * *") ==
          "/schedule got \"0 3 * *\", want five fields: minute, hour, day of the month, month, day of the week");
    CHECK(refused("60 3 * * *") == "/schedule got \"60\" as the minute, want values from 0 to 59 as in 1,3-5 or */2");
    for (const auto* text : {"-1 3 * * *", "1- 3 * * *", "5-3 3 * * *", "*/0 3 * * *", "a 3 * * *", ", 3 * * *",
                             "0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 8", "0 3 * * * *", ""})
        CHECK(refused(text).starts_with("/schedule got "));
    CHECK(refused("@daily", "Europe/Berlln") ==
          "/zone got \"Europe/Berlln\", want a time zone that this machine knows, such as Europe/Berlin or UTC");
    CHECK(refused("@daily", "UTC", 0) == "/duration got 0s, want more than 0s and at most 7d");
}
