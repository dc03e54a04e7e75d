#include "router_fixture.hpp"

using namespace stipend;
using namespace stipend::alert;

TEST_CASE_FIXTURE(Fixture, "an alert is sent once, after the wait for its group, and its end is sent") {
    raise("gateway", STIPEND_ALERT_CRITICAL);
    CHECK(pass(group_wait - 1).empty());
    raise("gateway", STIPEND_ALERT_CRITICAL);
    const auto sent = pass(600 * ns_per_s);
    REQUIRE(ids(sent) == Ids{"gateway"});
    CHECK(sent[0].alerts[0].text == "gateway is wrong");
    CHECK_FALSE(sent[0].alerts[0].repeated);
    resolve("gateway");
    const auto ended = pass(600 * ns_per_s);
    REQUIRE(ids(ended) == Ids{"gateway resolved"});
    CHECK(ended[0].alerts[0].ended > ended[0].alerts[0].since);
    CHECK(ended[0].alerts[0].delivery_id != sent[0].alerts[0].delivery_id);
    resolve("gateway");
    CHECK(pass(24 * 3600 * ns_per_s).empty());
}

TEST_CASE_FIXTURE(Fixture, "an alert that goes on is repeated, and marked as such") {
    raise("price");
    CHECK(ids(pass(group_wait)) == Ids{"price"});
    CHECK(pass(repeat - group_wait - ns_per_s).empty());
    const auto again = pass(group_wait + 2 * ns_per_s);
    REQUIRE(ids(again) == Ids{"price"});
    CHECK(again[0].alerts[0].repeated);
    CHECK(ids(pass(2 * repeat)).size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "what comes within the wait is one message") {
    for (int n = 0; n < 15; ++n) raise("suspended:" + std::to_string(n));
    const auto sent = pass(group_wait);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].alerts.size() == 15);
    CHECK(sent[0].omitted == 0);
}

TEST_CASE_FIXTURE(Fixture, "a failure is tried again after growing pauses, with the same delivery id") {
    raise("gateway");
    const auto first = pass(group_wait, refused);
    REQUIRE(first.size() == 1);
    CHECK(state().last_error == "connection refused");
    CHECK(state().pending == 1);
    const auto tries = pass(60 * ns_per_s, refused);
    // At 1..2, 3..6, 7..14, 15..30, 31..62 s.
    CHECK(tries.size() >= 4);
    CHECK(tries.size() <= 6);
    for (const auto& one : tries) CHECK(one.alerts[0].delivery_id == first[0].alerts[0].delivery_id);
    const auto rare = pass(3600 * ns_per_s, refused);
    CHECK(rare.size() >= 6);
    CHECK(rare.size() <= 18);
    CHECK(ids(pass(longest_pause_ns)) == Ids{"gateway"});
    CHECK(state().failures == 0);
    CHECK(state().pending == 0);
}

TEST_CASE_FIXTURE(Fixture, "while a receiver fails, what happens waits in its order") {
    raise("a");
    pass(group_wait, refused);
    resolve("a");
    raise("a");
    raise("b");
    CHECK(ids(pass(30 * ns_per_s)) == Ids{"a", "a resolved", "a", "b"});
}

TEST_CASE("a receiver that does not answer keeps no other waiting, and gets nothing more meanwhile") {
    Fixture fixture({{.name = "hangs"}, {.name = "well"}});
    fixture.raise("a");
    CHECK(fixture.pass(Fixture::group_wait, {}, true).size() == 2);
    fixture.router.ended("well", {}, fixture.now);
    fixture.raise("b");
    const auto sent = fixture.pass(600 * ns_per_s, {}, true);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].receiver == "well");
    fixture.router.ended("hangs", fail(STIPEND_E_TIMEOUT, "no answer"), fixture.now);
    CHECK(fixture.state("hangs").pending == 2);
    CHECK(fixture.state("well").pending == 1);
}

TEST_CASE_FIXTURE(Fixture, "what a channel refuses for good is not tried again") {
    raise("a");
    const auto sent = pass(600 * ns_per_s, Error{.status = STIPEND_E_INVALID, .message = "404", .permanent = true});
    CHECK(sent.size() == 1);
    CHECK(state().rejected == 1);
    CHECK(state().pending == 0);
    CHECK(state().last_error == "404");
}

TEST_CASE_FIXTURE(Fixture, "one alert that a channel refuses does not take the others with it") {
    for (const auto* id : {"a", "poison", "b"}) raise(id);
    std::vector<std::string> accepted;
    for (int turns = 0; turns < 200; ++turns) {
        router.tick(now);
        while (auto message = router.next_message(now)) {
            const auto found = ids({*message});
            const bool bad = std::ranges::find(found, "poison") != found.end();
            if (!bad) accepted.insert(accepted.end(), found.begin(), found.end());
            router.ended("ops", bad ? Result<void>(Error{.message = "400", .permanent = true}) : Result<void>(), now);
        }
        now += ns_per_s;
    }
    CHECK(accepted == Ids{"a", "b"});
    CHECK(state().rejected == 1);
}

TEST_CASE("beyond its rate a receiver gets one message that sums up the rest") {
    Fixture fixture({{.name = "ops", .per_minute = 2}});
    std::size_t listed = 0, omitted = 0, messages = 0;
    for (int second = 0; second < 60; ++second) {
        for (int n = 0; n < 5; ++n) fixture.raise("x:" + std::to_string(second * 5 + n));
        for (const auto& one : fixture.pass(ns_per_s)) {
            ++messages;
            listed += one.alerts.size();
            omitted += one.omitted;
        }
    }
    CHECK(messages <= 4);  // two at once, then one every 30 s
    CHECK(messages >= 3);
    CHECK(omitted > 0);
    CHECK(listed <= messages * max_listed);
    for (const auto& one : fixture.pass(60 * ns_per_s)) listed += one.alerts.size(), omitted += one.omitted;
    CHECK(listed + omitted == 300);
}

TEST_CASE_FIXTURE(Fixture, "beyond the bound the oldest are dropped, and the count is reported once") {
    raise("first");
    pass(group_wait, refused);
    for (std::size_t n = 0; n < max_pending + 4; ++n) raise("x:" + std::to_string(n));
    CHECK(state().pending == max_pending);
    CHECK(state().dropped == 5);
    const auto sent = pass(600 * ns_per_s);
    REQUIRE_FALSE(sent.empty());
    CHECK(sent[0].dropped == 5);
    CHECK(sent[0].alerts[0].alert_id == "x:4");
    for (std::size_t at = 1; at < sent.size(); ++at) CHECK(sent[at].dropped == 0);
}

TEST_CASE_FIXTURE(Fixture, "a silenced alert is not sent, and is sent when the silence ends") {
    REQUIRE(router.silence({.match = "suspended:*", .until = now + 3600 * ns_per_s}, now).ok());
    raise("suspended:a");
    raise("suspended:b");
    raise("gateway");
    CHECK(ids(pass(3500 * ns_per_s)) == Ids{"gateway"});
    CHECK(router.silenced_until("suspended:a", now).has_value());
    resolve("suspended:b");
    CHECK(ids(pass(200 * ns_per_s)) == Ids{"suspended:a"});
    CHECK(router.silences().empty());
}

TEST_CASE_FIXTURE(Fixture, "an alert that waits for its message when a silence begins is sent after it") {
    raise("gateway");
    raise("disk");
    REQUIRE(router.silence({.match = "gateway", .until = now + 3600 * ns_per_s}, now).ok());
    CHECK(ids(pass(60 * ns_per_s)) == Ids{"disk"});
    CHECK(ids(pass(3600 * ns_per_s)) == Ids{"gateway"});
}

TEST_CASE_FIXTURE(Fixture, "where a silence keeps back the beginning of an alert, its end is kept back too") {
    raise("a");
    pass(group_wait, refused);
    resolve("a");
    raise("b");
    REQUIRE(router.silence({.match = "a", .until = now + 3600 * ns_per_s}, now).ok());
    CHECK(ids(pass(600 * ns_per_s)) == Ids{"b"});
    CHECK(state().pending == 0);
    // What a receiver knows of ends for it, silenced or not.
    REQUIRE(router.silence({.match = "b", .until = now + 3600 * ns_per_s}, now).ok());
    resolve("b");
    CHECK(ids(pass(600 * ns_per_s)) == Ids{"b resolved"});
}

TEST_CASE_FIXTURE(Fixture, "a silence is ended early") {
    REQUIRE(router.silence({.match = "gateway", .until = now + 3600 * ns_per_s}, now).ok());
    raise("gateway");
    CHECK(pass(60 * ns_per_s).empty());
    CHECK(router.unsilence("gatewa*", now) == 0);
    CHECK(router.unsilence("gateway", now) == 1);
    CHECK(ids(pass(60 * ns_per_s)) == Ids{"gateway"});
}

TEST_CASE_FIXTURE(Fixture, "a silenced alert is not repeated") {
    raise("gateway");
    CHECK(pass(60 * ns_per_s).size() == 1);
    REQUIRE(router.silence({.match = "*", .until = now + 2 * repeat}, now).ok());
    CHECK(pass(2 * repeat - ns_per_s).empty());
}

TEST_CASE("in quiet hours only critical alerts are sent, the others afterwards where they still fire") {
    const auto quiet = Recurring::make("0 22 * * *", "UTC", 8 * 3600 * ns_per_s);
    REQUIRE(quiet.ok());
    Fixture fixture({{.name = "ops", .quiet = *quiet}});
    const auto window = quiet->at_or_after(fixture.now);
    REQUIRE(window.has_value());
    fixture.now = window->from + ns_per_s;
    fixture.raise("minor");
    fixture.raise("passing");
    fixture.raise("major", STIPEND_ALERT_CRITICAL);
    CHECK(ids(fixture.pass(3600 * ns_per_s)) == Ids{"major"});
    fixture.resolve("passing");
    fixture.resolve("major");
    const auto left = window->to - fixture.now;
    CHECK(ids(fixture.pass(left - ns_per_s)) == Ids{"major resolved"});
    CHECK(ids(fixture.pass(60 * ns_per_s)) == Ids{"minor"});
}

TEST_CASE("the end of an alert that was sent before quiet hours waits for their end") {
    const auto quiet = Recurring::make("0 22 * * *", "UTC", 8 * 3600 * ns_per_s);
    REQUIRE(quiet.ok());
    Fixture fixture({{.name = "ops", .quiet = *quiet}});
    const auto window = quiet->at_or_after(fixture.now);
    fixture.now = window->from - 3600 * ns_per_s;
    fixture.raise("minor");
    CHECK(ids(fixture.pass(3700 * ns_per_s)) == Ids{"minor"});
    fixture.resolve("minor");
    CHECK(fixture.pass(3600 * ns_per_s).empty());
    CHECK(ids(fixture.pass(8 * 3600 * ns_per_s)) == Ids{"minor resolved"});
}

TEST_CASE_FIXTURE(Fixture, "a test is sent at once, also where the receiver fails, and never again") {
    raise("a");
    pass(group_wait, refused);
    const auto number = router.test("ops", now);
    REQUIRE(number.ok());
    const auto message = router.next_message(now);
    REQUIRE(message.has_value());
    CHECK(message->alerts[0].test);
    CHECK(message->alerts[0].number == *number);
    router.ended("ops", refused, now);
    CHECK(ids(pass(60 * ns_per_s)) == Ids{"a"});
    CHECK_FALSE(router.test("missing", now).ok());
}

TEST_CASE_FIXTURE(Fixture, "a new receiver gets what fires already, and one that left gets nothing") {
    raise("a");
    CHECK(pass(60 * ns_per_s).size() == 1);
    router.configure(rules({{.name = "ops"}, {.name = "new"}}), now);
    const auto sent = pass(60 * ns_per_s);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].receiver == "new");
    router.configure(rules({{.name = "new"}}), now);
    resolve("a");
    const auto ended = pass(60 * ns_per_s);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].receiver == "new");
}

TEST_CASE("what was stored goes on after a restart: no second message, the same delivery id, a kept order") {
    Fixture before;
    before.raise("sent");
    before.pass(60 * ns_per_s);
    before.raise("waits");
    const auto tried = before.pass(Fixture::group_wait, refused);
    REQUIRE(tried.size() == 1);

    const auto stored = before.router.everything();
    Fixture after;
    after.now = before.now + 5 * ns_per_s;
    after.last_random = 1000;
    after.router.restore({stored.active, stored.added, stored.silences, stored.dropped}, after.now);
    after.router.configure(Fixture::rules({{.name = "ops"}}), after.now);
    after.raise("sent");
    after.raise("waits");
    const auto sent = after.pass(60 * ns_per_s);
    REQUIRE(ids(sent) == Ids{"waits"});
    CHECK(sent[0].alerts[0].delivery_id == tried[0].alerts[0].delivery_id);
    after.resolve("sent");
    CHECK(ids(after.pass(60 * ns_per_s)) == Ids{"sent resolved"});
}

TEST_CASE("an alert from before a restart that is not raised again is over after a while") {
    Fixture before;
    before.raise("stale");
    before.pass(60 * ns_per_s);
    const auto stored = before.router.everything();
    Fixture after;
    after.now = before.now;
    after.router.restore({stored.active, stored.added, {}, {}}, after.now);
    after.router.configure(Fixture::rules({{.name = "ops"}}), after.now);
    CHECK(after.pass(Fixture::confirm - ns_per_s).empty());
    const auto sent = after.pass(60 * ns_per_s);
    REQUIRE(ids(sent) == Ids{"stale resolved"});
    CHECK(sent[0].alerts[0].text.starts_with("not raised again"));
    CHECK(after.router.active().empty());
}

TEST_CASE_FIXTURE(Fixture, "the changes are what a store has to hold") {
    raise("a");
    auto changes = router.take_changes();
    REQUIRE(changes.active.size() == 1);
    CHECK(changes.active[0].notified.contains("ops"));
    REQUIRE(changes.added.size() == 1);
    CHECK(router.take_changes().empty());
    pass(60 * ns_per_s);
    changes = router.take_changes();
    CHECK(changes.removed == std::vector<std::uint64_t>{1});
    resolve("a");
    changes = router.take_changes();
    CHECK(changes.ended == Ids{"a"});
    CHECK(changes.added.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "alerts beyond the bound are counted") {
    for (std::size_t n = 0; n < max_active + 3; ++n) raise(std::to_string(n));
    CHECK(router.active().size() == max_active);
    CHECK(router.beyond_bound() == 3);
}
