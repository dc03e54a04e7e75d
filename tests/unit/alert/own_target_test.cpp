// What an orchestrator gets about itself: when, how often, when no more, and what is left of it after a restart.
#include "host/alert/own_target.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "host/alert/own_target_store.hpp"

using namespace stipend;
using namespace stipend::alert;

namespace {

constexpr stipend_unix_ns morning = 20'000 * ns_per_day + 3'600 * ns_per_s;
constexpr const char* hook_url = "https://hooks.example/secret";

OwnTarget webhook_target() {
    OwnTarget out{.orchestrator = "a:1", .registered_at = 7};
    set_webhook(out, hook_url, morning, "d0");
    REQUIRE(attempted(out, {.accepted = true}, morning) == false);
    REQUIRE(out.waiting.empty());
    return out;
}

std::string kinds_of(const OwnTarget& target) {
    std::string out;
    for (const auto& one : target.waiting) out += cat(out.empty() ? "" : " ", name_of(one.kind));
    return out;
}

}  // namespace

TEST_CASE("an orchestrator gets one event when something begins, and one when it ends") {
    auto target = webhook_target();
    CHECK(observe(target, sign_down, true, morning, "d1"));
    CHECK_FALSE(observe(target, sign_down, true, morning, "d2"));
    CHECK(observe(target, sign_suspended, true, morning, "d3"));
    CHECK(observe(target, sign_down, false, morning, "d4"));
    CHECK(observe(target, sign_suspended, false, morning, "d5"));
    CHECK(kinds_of(target) == "down suspended up resumed");
    // Four reasons for a hold are one hold.
    target.waiting.clear();
    CHECK(observe(target, sign_limit, true, morning, "d6"));
    CHECK(observe(target, sign_policy, true, morning, "d7"));
    CHECK(observe(target, sign_limit, false, morning, "d8"));
    CHECK(kinds_of(target) == "held");
    CHECK(observe(target, sign_policy, false, morning, "d9"));
    CHECK(kinds_of(target) == "held released");
    // Of an objection it gets the answer alone: it has made it itself.
    target.waiting.clear();
    CHECK(observe(target, sign_objection, true, morning, "e1"));
    CHECK(target.waiting.empty());
    CHECK(observe(target, sign_objection, false, morning, "e2"));
    CHECK(observe(target, sign_change, true, morning, "e3"));
    CHECK(observe(target, sign_change, false, morning, "e4"));
    CHECK(kinds_of(target) == "objection_answered change_waiting change_over");
}

TEST_CASE("only alerts of its own are signs") {
    CHECK(sign_of_alert("suspended:a:1") == sign_suspended);
    CHECK(sign_of_alert("fees:a:1") == sign_fees);
    for (const auto* id :
         {"gateway", "price", "fees-reported:a:1", "alert-target:a:1", "plugin:dispatch", "all-failed"}) {
        CHECK(sign_of_alert(id) == 0);
    }
}

TEST_CASE("a message names the event by a fixed text, and what is so now") {
    auto target = webhook_target();
    observe(target, sign_suspended, true, morning, "d1");
    observe(target, sign_down, true, morning, "d2");
    CHECK(own_message(target, target.waiting.front()).dump() ==
          R"({"version":1,"delivery_id":"d1","orchestrator":"a:1","event":"suspended",)"
          R"("text":"It is suspended after failed checks in a row.","at":"2024-10-04T01:00:00.000Z",)"
          R"("now":["down","suspended"],"omitted":0})");
}

TEST_CASE("at most 20 events go out on a day, and the next day says how many did not") {
    auto target = webhook_target();
    std::uint32_t sent = 1;  // that it was set
    for (int i = 0; i < 50; ++i) {
        observe(target, sign_down, i % 2 == 0, morning + i, "d");
        while (may_send(target, morning + i)) {
            static_cast<void>(attempted(target, {.accepted = true}, morning + i));
            ++sent;
        }
    }
    CHECK(sent == most_events_a_day);
    CHECK(target.omitted == 50 + 1 - most_events_a_day);
    CHECK_FALSE(pass_time(target, morning + ns_per_s, "x"));
    CHECK(next_wakeup(target, morning + ns_per_s) == 20'001 * ns_per_day);
    // A clock that was set back gains nothing.
    observe(target, sign_down, true, morning - ns_per_day, "d");
    CHECK(target.waiting.empty());
    CHECK(pass_time(target, 20'001 * ns_per_day, "x"));
    REQUIRE(kinds_of(target) == "omitted");
    CHECK(target.waiting.front().omitted == 50 + 2 - most_events_a_day);
    CHECK(target.omitted == 0);
}

TEST_CASE("what is not accepted is tried again later and later, and after 10 failures in a row no more") {
    auto target = webhook_target();
    observe(target, sign_down, true, morning, "d1");
    auto now = morning;
    // This host's own fault says nothing of the target.
    for (int i = 0; i < 30; ++i) CHECK_FALSE(attempted(target, {.own_fault = true, .why = "no network"}, now));
    CHECK(target.failures == 0);
    CHECK(target.retry_at == now + own_fault_pause_ns);
    std::int64_t pause = first_target_pause_ns;
    for (std::uint32_t i = 1; i < most_failures; ++i) {
        CHECK_FALSE(attempted(target, {.why = "it answered with status 500"}, now));
        CHECK_FALSE(may_send(target, now));
        CHECK(target.retry_at == now + pause);
        now = target.retry_at;
        CHECK(may_send(target, now));
        pause = std::min(2 * pause, longest_target_pause_ns);
    }
    auto recovered = target;
    CHECK_FALSE(attempted(recovered, {.accepted = true}, now));
    CHECK((recovered.failures == 0 && recovered.last_error.empty() && recovered.last_success == now));
    CHECK(attempted(target, {.why = "it answered with status 500"}, now));
    CHECK(target.state == TargetState::off);
    CHECK((target.waiting.empty() && target.last_error == "it answered with status 500"));
    CHECK_FALSE(next_wakeup(target, now).has_value());
    observe(target, sign_down, false, now, "d2");
    CHECK(target.waiting.empty());
    set_webhook(target, hook_url, now, "d3");
    CHECK((target.state == TargetState::active && target.failures == 0));
}

TEST_CASE("an e-mail address gets nothing before its code has come back, once and in time") {
    OwnTarget target{.orchestrator = "a:1"};
    set_mail(target, "ops@payee.example", "12345678", morning);
    observe(target, sign_down, true, morning, "d1");
    CHECK((target.waiting.empty() && !may_send(target, morning)));
    auto late = target;
    CHECK(check_code(late, "12345678", morning + code_valid_ns, "c") == CodeCheck::expired);
    auto guessed = target;
    for (std::uint32_t i = 0; i < most_wrong_codes; ++i) {
        CHECK(check_code(guessed, "00000000", morning, "c") == CodeCheck::wrong);
    }
    CHECK(check_code(guessed, "12345678", morning, "c") == CodeCheck::too_many);
    CHECK(check_code(target, "1234567", morning, "c") == CodeCheck::wrong);
    CHECK(check_code(target, "12345678", morning, "c") == CodeCheck::right);
    CHECK(target.state == TargetState::active);
    CHECK(kinds_of(target) == "target_set");
    CHECK(signs_json(target.signs).dump() == R"(["down"])");
    CHECK(check_code(target, "12345678", morning, "c") == CodeCheck::none_waits);
}

TEST_CASE("a target is changed 10 times on a day at most, whatever it becomes") {
    OwnTarget target{.orchestrator = "a:1"};
    for (std::uint32_t i = 0; i < most_changes_a_day; ++i) {
        CHECK(count_change(target, morning).ok());
        clear_target(target);
    }
    CHECK(count_change(target, morning).error().status == STIPEND_E_LIMIT);
    CHECK(count_change(target, morning + ns_per_day).ok());
}

TEST_CASE("a webhook is an https URL, and no error shows it") {
    CHECK(check_webhook("https://hooks.example:8443/a?b=c").ok());
    for (const auto* url : {"", "http://hooks.example/secret", "https://", "https://user@hooks.example/secret",
                            "https://hooks.example/secret#x", "https://hooks.example/secret x", "hooks.example",
                            "https://hooks.example/secret\r\nX: y", "file:///secret", "https:///secret"}) {
        CAPTURE(url);
        const auto checked = check_webhook(url);
        REQUIRE_FALSE(checked.ok());
        CHECK(checked.error().message.find("secret") == std::string::npos);
    }
    CHECK_FALSE(check_webhook("https://hooks.example/" + std::string(2'048, 'x')).ok());
}

TEST_CASE("targets and what waits survive a restart, in a file of their owner alone") {
    auto name = (std::filesystem::temp_directory_path() / "stipend-targets-XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const auto file = own_target_file(name);
    OwnTarget mail{.orchestrator = "b:2", .registered_at = 8};
    set_mail(mail, "ops@payee.example", "12345678", morning);
    auto hook = webhook_target();
    observe(hook, sign_down, true, morning, "d1");
    hook.omitted = 3;
    observe(hook, sign_down, false, morning, "d2");
    static_cast<void>(attempted(hook, {.why = "it answered with status 500"}, morning));
    {
        auto store = OwnTargetStore::open(file);
        REQUIRE(store.ok());
        REQUIRE((*store)->put(mail).ok());
        REQUIRE((*store)->put(hook).ok());
        REQUIRE((*store)->put(OwnTarget{.orchestrator = "c:3"}).ok());
        REQUIRE((*store)->remove("c:3").ok());
    }
    CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms(077)) == std::filesystem::perms::none);
    auto store = OwnTargetStore::open(file);
    REQUIRE(store.ok());
    auto loaded = (*store)->load();
    REQUIRE(loaded.ok());
    REQUIRE(loaded->size() == 2);
    auto& again = loaded->front();
    CHECK((again.address == hook_url && again.registered_at == 7 && again.failures == 1 && again.sent == 1));
    CHECK((again.retry_at == hook.retry_at && again.last_error == hook.last_error && again.day == hook.day));
    CHECK(kinds_of(again) == "down up");
    CHECK(again.waiting.back().delivery_id == "d2");
    CHECK(again.waiting.back().omitted == 3);
    CHECK(check_code(loaded->back(), "12345678", morning, "c") == CodeCheck::right);
    // The code itself is nowhere in the file.
    std::ifstream bytes(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(bytes)), {});
    CHECK(text.find("12345678") == std::string::npos);
    std::filesystem::remove_all(name);
}
