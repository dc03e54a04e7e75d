// The clocks of engine and host: their difference, and their steps.
#include "docker_clock.hpp"

#include "docker_engine_fake.hpp"

using namespace docker_test;

namespace {

constexpr std::int64_t hour_ns = 3600 * ns_per_s;

// A scene whose engine states dates and has a container that was started a minute ago.
std::unique_ptr<Scene> scene_ahead(std::int64_t ahead_ns) {
    auto scene = std::make_unique<Scene>();
    scene->date = true;
    scene->engine_ahead_ns = ahead_ns;
    scene->boxes = {{.id = box_id(1), .name = "redis_scb", .started_at = scene->engine_now() - 60 * ns_per_s}};
    return scene;
}

// The reported time of "VERDICT TARGET FROM..TO", in ms.
std::int64_t begin_of(const std::string& line) {
    const auto from = line.rfind(' ') + 1;
    return static_cast<std::int64_t>(std::stod(line.substr(from)) * 1000);
}
std::int64_t end_of(const std::string& line) {
    return static_cast<std::int64_t>(std::stod(line.substr(line.rfind("..") + 2)) * 1000);
}
bool near(std::int64_t got_ms, std::int64_t want_ms) {
    return std::abs(got_ms - want_ms) <= 600;  // a date has whole seconds
}

}  // namespace

TEST_CASE("a date of HTTP is read to the second") {
    CHECK(parse_date("Mon, 18 Aug 2025 15:26:03 GMT") == 1'755'530'763'000'000'000);
    for (const auto* bad :
         {"", "Mon, 18 Aug 2025 15:26:03 CET", "Mon, 31 Feb 2025 15:26:03 GMT", "Mon, 18 Xxx 2025 15:26:03 GMT",
          "Mon, 18 Aug 2025 25:26:03 GMT", "Mon, 18 Aug 9999 15:26:03 GMT", "Monday, 18-Aug-25 15:26:03 GMT"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_date(bad));
    }
}

TEST_CASE("the estimate of the engine's clock narrows, follows a step, and is the host's where that fits") {
    EngineClock clock(1'000 * ns_per_s, 0);
    const auto answer = [&](std::int64_t engine, stipend_mono_ns mono, stipend_unix_ns wall) {
        return clock.take(engine / ns_per_s * ns_per_s, mono, mono, wall);
    };
    // The engine is 100.3 s ahead of the monotonic clock, the host 1000 s.
    const std::int64_t ahead = 100 * ns_per_s + 300 * ns_per_ms;
    CHECK(answer(ahead, 0, 1'000 * ns_per_s) == 0);
    for (int i = 1; i < 100; ++i) {
        const auto mono = i * 10'070 * ns_per_ms;
        CHECK(answer(mono + ahead, mono, mono + 1'000 * ns_per_s) == 0);
    }
    CHECK(std::abs(clock.at(0) - ahead) < 50 * ns_per_ms);
    const auto mono = 2'000 * ns_per_s;
    const auto step = answer(mono + ahead + hour_ns, mono, mono + 1'000 * ns_per_s);
    CHECK(std::abs(step - hour_ns) < ns_per_s);
    answer(mono + 1'000 * ns_per_s, mono, mono + 1'000 * ns_per_s + 123);
    CHECK(clock.at(mono) == mono + 1'000 * ns_per_s + 123);
}

TEST_CASE("an engine whose clock differs is watched, with times of this machine, and the difference is a warning") {
    for (const auto ahead_ns : {-hour_ns, -30 * ns_per_s, -6 * ns_per_s, 6 * ns_per_s, hour_ns}) {
        CAPTURE(ahead_ns);
        auto scene = scene_ahead(ahead_ns);
        scene->watch({redis});
        scene->host.advance(ns_per_s);  // the replay may have waited for a part of a second
        const auto first = scene->verdicts();
        REQUIRE_FALSE(first.empty());
        CHECK(first[0].starts_with("up redis "));
        CHECK(near(begin_of(first[0]), -60'000));
        CHECK(near(end_of(first[0]), 0));
        CHECK(scene->plugin.health().ok());
        CHECK(scene->host.logged(STIPEND_LOG_WARN,
                                 ahead_ns < 0 ? " s behind this machine's" : " s ahead of this machine's"));
        scene->host.advance(2 * ns_per_s);
        scene->said();
        scene->say_event(event_json("die", scene->boxes[0], scene->engine_now() - ns_per_s));
        const auto died = scene->verdicts();
        REQUIRE(died.size() == 1);
        CHECK(died[0].starts_with("down redis "));
        CHECK(near(begin_of(died[0]), 2'100));
        scene->boxes[0].state = "exited";
        scene->boxes[0].finished_at = scene->engine_now() - ns_per_s;
        scene->host.advance(2 * ns_per_s);
        CHECK(has(scene->verdicts(), "down redis "));
    }
}

TEST_CASE("a difference of clocks below two seconds is no warning") {
    auto scene = scene_ahead(1'200 * ns_per_ms);
    scene->watch({redis});
    scene->host.advance(60 * ns_per_s);
    CHECK_FALSE(scene->host.logged(STIPEND_LOG_WARN, "clock"));
    CHECK(has(scene->verdicts(), "up redis"));
}

TEST_CASE("a step of the engine's clock changes no verdict, and nothing from before it is proved") {
    for (const auto step_ns : {-hour_ns, hour_ns}) {
        CAPTURE(step_ns);
        auto scene = scene_ahead(0);
        scene->watch({redis});
        scene->host.advance(15 * ns_per_s);
        scene->said();
        scene->engine_ahead_ns = step_ns;
        scene->host.advance(20 * ns_per_s);
        for (const auto& line : scene->verdicts()) {
            CAPTURE(line);
            CHECK(line.starts_with("up redis "));
            CHECK(begin_of(line) >= 15'000);
            CHECK(end_of(line) <= 35'100);
        }
        // Events have the new time.
        scene->say_event(event_json("pause", scene->boxes[0], scene->engine_now()));
        const auto paused = scene->verdicts();
        REQUIRE(paused.size() == 1);
        CHECK(paused[0].starts_with("down redis "));
        CHECK(near(end_of(paused[0]), 35'100));
        scene->boxes[0].state = "paused";
        scene->host.advance(10 * ns_per_s);
        const auto later = scene->verdicts();
        REQUIRE_FALSE(later.empty());
        for (const auto& line : later) CHECK(line.starts_with("down redis "));
        CHECK(near(end_of(later.back()), 40'000));
    }
}

TEST_CASE("a step of the host's clock moves what is reported with it, and nothing else") {
    for (const auto step_ns : {-hour_ns, hour_ns}) {
        for (const bool both : {false, true}) {
            CAPTURE(step_ns);
            CAPTURE(both);
            auto scene = scene_ahead(0);
            scene->watch({redis});
            scene->host.advance(15 * ns_per_s);
            scene->said();
            scene->host.set_wall(step_ns);
            if (both) scene->engine_ahead_ns = step_ns;
            scene->host.advance(20 * ns_per_s);
            const auto step_ms = step_ns / ns_per_ms;
            const auto lines = scene->verdicts();
            REQUIRE_FALSE(lines.empty());
            for (const auto& line : lines) {
                CAPTURE(line);
                CHECK(line.starts_with("up redis "));
                CHECK(end_of(line) - step_ms >= 19'000);
                CHECK(end_of(line) - step_ms <= 35'100);
                CHECK(begin_of(line) - step_ms >= 15'000);
            }
            scene->say_event(event_json("pause", scene->boxes[0], scene->engine_now()));
            const auto paused = scene->verdicts();
            REQUIRE(paused.size() == 1);
            CHECK(near(end_of(paused[0]) - step_ms, 35'100));
        }
    }
}
