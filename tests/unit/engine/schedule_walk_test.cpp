#include "host/engine/schedule_walk.hpp"

#include "simulation.hpp"

using namespace engine_test;

namespace {

constexpr std::int64_t minute = 60 * second;
constexpr stipend_unix_ns t0 = start_of_time;

// A recorded check that was due `at` seconds after the start, answered after 100 ms.
ledger::Decision recorded(std::int64_t at, std::optional<std::uint32_t> uptime_ppm, std::int64_t waits = 0) {
    ledger::Decision d;
    d.due_at = t0 + at * second;
    d.period_from = d.due_at - minute;
    d.decided_at = d.due_at + second / 10;
    d.job = uptime_ppm ? ledger::Job::ok : ledger::Job::failed;
    d.uptime_ppm = uptime_ppm;
    d.delay_ns = waits * second;
    d.next_at = d.due_at + minute + d.delay_ns;
    return d;
}

// Decides by a walk that comes to its first check at the time of the first of these, and returns it.
ScheduleWalk walked(Unobserved unobserved, const std::string& config, const std::vector<ledger::Decision>& history,
                    std::int64_t first_due) {
    const auto policy = make_policy(config, plugin::testing::minute_terms());
    ledger::EngineState state{.epoch = 1, .due_at = t0 + first_due * second, .interval_ns = minute};
    ScheduleWalk walk(unobserved, state, history.front().due_at);
    for (std::size_t at = 1; at < history.size(); ++at) {
        const auto done =
            walk.advance(*policy, Usd::of_e8(10 * e8), stretch_of(CheckBefore::of(history[at - 1]), history[at]));
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    }
    return walk;
}

}  // namespace

TEST_CASE("what is known of the time between two checks") {
    const auto before = recorded(0, 1'000'000);
    SUBCASE("all of it, where the period of the second begins where the first ended") {
        auto d = recorded(60, 900'000);
        d.period_from = before.decided_at;
        const auto stretch = stretch_of(CheckBefore::of(before), d);
        CHECK(stretch.from == before.due_at);
        CHECK(stretch.known_from == before.due_at);
        CHECK(stretch.to == d.due_at);
        CHECK(stretch.next_at == d.due_at);
    }
    SUBCASE("the period alone behind a wait, unless the answer reaches further back") {
        auto d = recorded(660, 900'000);
        const auto waited = recorded(0, 1'000'000, 600);
        CHECK(stretch_of(CheckBefore::of(waited), d).known_from == t0 + 600 * second);
        d.evidence.window_s = 300;
        CHECK(stretch_of(CheckBefore::of(waited), d).known_from == d.decided_at - 300 * second);
        d.evidence.window_s = 660;
        CHECK(stretch_of(CheckBefore::of(waited), d).known_from == t0);
        d.evidence.window_s = UINT32_MAX;
        CHECK(stretch_of(CheckBefore::of(waited), d).known_from == t0);
    }
    SUBCASE("nothing, where the check failed") {
        CHECK(stretch_of(CheckBefore::of(before), recorded(60, {})).known_from == t0 + minute);
    }
    SUBCASE("ahead of the first check its period") {
        const auto stretch = stretch_of({}, recorded(60, 900'000));
        CHECK(stretch.from == t0);
        CHECK(stretch.known_from == t0);
    }
    SUBCASE("a wait behind the last one ends with it, or with the history") {
        const auto last = CheckBefore::of(recorded(0, {}, 600));
        CHECK(wait_behind(last, t0 + 3600 * second)->to == t0 + 600 * second);
        CHECK(wait_behind(last, t0 + 100 * second)->to == t0 + 100 * second);
        CHECK_FALSE(wait_behind(CheckBefore::of(before), t0 + 3600 * second));
        CHECK_FALSE(wait_behind(last, t0));
    }
}

TEST_CASE("a check at another time sees the uptime of all the time since the one before, weighted by time") {
    // Due after 90 s: 60 s of 100 % and 30 s of 40 % are 80 %, which is good. Then 30 s of 40 % and 30 s of 100 %.
    const std::vector history{recorded(0, 1'000'000), recorded(60, 1'000'000), recorded(120, 400'000),
                              recorded(180, 1'000'000)};
    for (const auto unobserved : {Unobserved::down, Unobserved::up}) {
        const auto walk = walked(unobserved, "{}", history, 90);
        CHECK(walk.checks() == 2);
        CHECK(walk.paid().text() == "17");
        CHECK(walk.unobserved_ns() == 0);
    }
    // A part per million less in the half minute is 79.9999 %, a warning with 7 USD and 30 s: the next is due after
    // 180.
    auto less = history;
    less[2].uptime_ppm = 399'997;
    const auto walk = walked(Unobserved::up, "{}", less, 90);
    CHECK(walk.checks() == 2);
    // 30 s of 39.9997 % and 60 s of 100 % are 79.9999 %.
    CHECK(walk.paid().text() == "14");
}

TEST_CASE("time that was not observed counts as down, and as up") {
    // Not observed: from 60 s to 600 s.
    const std::vector history{recorded(0, 1'000'000), recorded(60, {}, 540), recorded(660, 1'000'000)};
    // By the walk's own table there is no wait: it is due at 120 s.
    const std::string config = R"({"table":"mine","tables":{"mine":[{"tier":"all","at_least":50,"multiplier":1},
        {"tier":"less","at_least":0,"multiplier":0}]},"max_consecutive_failures":1000})";
    SUBCASE("as down: failed at 120, 300, 600 s; and at 1140 s, behind the end") {
        // Penalties of 120, 240 and 480 s.
        const auto walk = walked(Unobserved::down, config, {history.begin() + 1, history.end()}, 120);
        CHECK(walk.checks() == 3);
        CHECK(walk.paid().zero());
        CHECK(walk.unobserved_ns() == 540 * second);
    }
    SUBCASE("as up: paid at 120, 180 ... 600 s, and at 660 s, which is known") {
        const auto walk = walked(Unobserved::up, config, {history.begin() + 1, history.end()}, 120);
        CHECK(walk.checks() == 10);
        CHECK(walk.paid().text() == "100");
        CHECK(walk.unobserved_ns() == 540 * second);
    }
    SUBCASE("a check in known time that asks about more than that is answered") {
        // Due at 640 s: 40 s of 100 % are known of 580 s.
        const auto down = walked(Unobserved::down, config, {history.begin() + 1, history.end()}, 640);
        CHECK(down.checks() == 1);
        CHECK(down.paid().zero());
        CHECK(down.unobserved_ns() == 540 * second);
        const auto up = walked(Unobserved::up, config, {history.begin() + 1, history.end()}, 640);
        CHECK(up.paid().text() == "10");
    }
}

TEST_CASE("a check at the time of a recorded one that failed has failed") {
    const std::vector history{recorded(0, 1'000'000), recorded(60, 1'000'000), recorded(120, {}, 600)};
    const auto walk = walked(Unobserved::up, "{}", history, 120);
    CHECK(walk.checks() == 1);
    CHECK(walk.paid().zero());
    CHECK(walk.unobserved_ns() == 0);
}

TEST_CASE("what falls due while nothing could be decided is held") {
    // The check due at 120 s was made at 300 s. The walk's checks at 150, 210 and 270 s are held, and it looks at 330
    // s.
    std::vector history{recorded(0, 1'000'000), recorded(60, 1'000'000), recorded(300, 1'000'000),
                        recorded(360, 1'000'000)};
    const std::string flat = R"({"table":"flat-95"})";
    SUBCASE("with an answer about all the time since the check before") {
        history[2].evidence.window_s = 240;
        for (const auto unobserved : {Unobserved::down, Unobserved::up}) {
            const auto walk = walked(unobserved, flat, history, 90);
            CHECK(walk.checks() == 2);
            CHECK(walk.paid().text() == "20");
            CHECK(walk.unobserved_ns() == 0);
        }
    }
    SUBCASE("with one about the last minute") {
        // As down: fails at 90 s, is held at 270 s, and has 90 of 240 s of uptime at 330 s.
        const auto down = walked(Unobserved::down, flat, history, 90);
        CHECK(down.checks() == 2);
        CHECK(down.paid().zero());
        CHECK(down.unobserved_ns() == 180 * second);
        const auto up = walked(Unobserved::up, flat, history, 90);
        CHECK(up.checks() == 2);
        CHECK(up.paid().text() == "20");
        CHECK(up.unobserved_ns() == 180 * second);
    }
}

TEST_CASE("a check that no policy set the time of is made then by a walk that kept to the recorded times") {
    const std::vector history{recorded(0, 1'000'000), recorded(60, 1'000'000), recorded(200, 1'000'000)};
    const auto walk = walked(Unobserved::down, R"({"table":"flat-95"})", history, 60);
    CHECK(walk.checks() == 2);
    CHECK(walk.paid().text() == "20");
    CHECK(walk.unobserved_ns() == 0);
}
