// What a decision and a hold change of the state that the ledger has of an orchestrator.
#include <doctest/doctest.h>

#include <cstring>

#include "host/engine/payee_state.hpp"
#include "stipend/duration.hpp"
#include "stipend/services_below.hpp"

using namespace stipend;
using namespace stipend::engine;

namespace {

constexpr stipend_unix_ns noon = 20'000 * ns_per_day + ns_per_day / 2;
constexpr std::int64_t second = ns_per_s;

ledger::EngineState state_of_old() {
    ledger::EngineState out;
    out.epoch = 7;
    out.due_at = noon;
    out.interval_ns = 60 * second;
    out.consecutive_failures = 2;
    out.suspended = true;
    out.checks_total = 150;
    out.checks_ok = 148;
    return out;
}

stipend_decision decision_of(std::uint32_t failures) {
    stipend_decision out{};
    out.action = STIPEND_SKIP;
    out.consecutive_failures = failures;
    return out;
}

}  // namespace

TEST_CASE("payee state: a good check counts among all and among the good ones") {
    auto state = state_of_old();
    REQUIRE(apply(state, decision_of(0), 60 * second).ok());
    CHECK(state.checks_total == 151);
    CHECK(state.checks_ok == 149);
    CHECK(state.epoch == 8);
    CHECK(state.consecutive_failures == 0);
    CHECK_FALSE(state.suspended);
}

TEST_CASE("payee state: a failed check counts among all only") {
    auto state = state_of_old();
    for (const std::uint32_t failures : {1U, 2U}) REQUIRE(apply(state, decision_of(failures), 60 * second).ok());
    CHECK(state.checks_total == 152);
    CHECK(state.checks_ok == 148);
    CHECK(state.consecutive_failures == 2);
}

TEST_CASE("payee state: the next due time is this one, the next interval, the delay and the penalty") {
    auto state = state_of_old();
    auto decision = decision_of(1);
    decision.delay_ns = 5 * second;
    decision.penalty_ns = 120 * second;
    decision.flags = STIPEND_DECISION_SUSPENDED;
    decision.memory.bytes[0] = 9;
    REQUIRE(apply(state, decision, 30 * second).ok());
    CHECK(state.due_at == noon + 155 * second);
    CHECK(state.interval_ns == 30 * second);
    CHECK(state.suspended);
    CHECK(state.memory.bytes[0] == 9);
    CHECK(*next_in_ns(decision, 30 * second) == 155 * second);
}

TEST_CASE("payee state: a time that leaves the range is an error and changes nothing") {
    auto state = state_of_old();
    auto decision = decision_of(0);
    decision.delay_ns = INT64_MAX - 10;
    CHECK_FALSE(next_in_ns(decision, 11).ok());
    CHECK(*next_in_ns(decision, 10) == INT64_MAX);
    decision.penalty_ns = 1;
    CHECK_FALSE(next_in_ns(decision, 10).ok());
    decision.penalty_ns = 0;
    CHECK_FALSE(apply(state, decision, 10).ok());
    CHECK(state.epoch == 7);
    CHECK(state.due_at == noon);
    CHECK(state.checks_total == 150);
    state.due_at = INT64_MAX - 60 * second + 1;
    CHECK_FALSE(hold(state, noon).ok());
    CHECK(state.due_at == INT64_MAX - 60 * second + 1);
}

TEST_CASE("payee state: a hold is due again at the first whole interval after now") {
    struct Case {
        std::int64_t late_ns;
        std::int64_t waits_ns;
    };
    for (const auto& [late_ns, waits_ns] :
         {Case{-second, 60 * second}, Case{0, 60 * second}, Case{1, 60 * second}, Case{60 * second - 1, 60 * second},
          Case{60 * second, 120 * second}, Case{150 * second, 180 * second}}) {
        CAPTURE(late_ns);
        auto state = state_of_old();
        REQUIRE(hold(state, noon + late_ns).ok());
        CHECK(state.due_at == noon + waits_ns);
        CHECK(state.epoch == 7);
        CHECK(state.checks_total == 150);
    }
}

TEST_CASE("payee state: the policy gets the state before the open epoch and what was measured") {
    auto state = state_of_old();
    state.memory.bytes[3] = 4;
    JobResult result;
    result.outcome = STIPEND_JOB_OK;
    result.reported_ppm = 987'654;
    result.evidence.window_s = 61;
    result.evidence.latency_ns = 42;
    auto sample = make_sample(state, result, uptime::Observed{.up_ppm = 900'000, .coverage_ppm = 800'000},
                              Usd::of_e8(1234), noon + second);
    CHECK(sample.size == sizeof sample);
    CHECK(sample.job == STIPEND_JOB_OK);
    CHECK(sample.epoch == 8);
    CHECK(sample.evaluated_at == noon + second);
    CHECK(sample.interval_ns == 60 * second);
    CHECK(sample.flags == (STIPEND_SAMPLE_REPORTED | STIPEND_SAMPLE_OBSERVED | STIPEND_SAMPLE_SUSPENDED));
    CHECK(sample.reported_ppm == 987'654);
    CHECK(sample.reported_window_s == 61);
    CHECK(sample.observed_ppm == 900'000);
    CHECK(sample.coverage_ppm == 800'000);
    CHECK(sample.consecutive_failures == 2);
    CHECK(sample.checks_total == 150);
    CHECK(sample.checks_ok == 148);
    CHECK(sample.base_usd_e8 == 1234);
    CHECK(sample.latency_ns == 42);
    CHECK(std::memcmp(&sample.memory, &state.memory, sizeof state.memory) == 0);
    result.outcome = STIPEND_JOB_FAILED;
    sample = make_sample(state, result, {}, {}, noon);
    CHECK(sample.flags == STIPEND_SAMPLE_SUSPENDED);
    CHECK(sample.reported_ppm == 0);
}

TEST_CASE("payee state: an amount needs a rate, and nothing owed needs none") {
    CHECK(amount_in_units({}, {}, 18)->text() == "0");
    CHECK(amount_in_units(Usd::of_e8(1), {}, 18).error().status == STIPEND_E_UNAVAILABLE);
    CHECK(amount_in_units(Usd::of_e8(10'00000000), 3000'00000000, 18)->text() == "3333333333333333");
    CHECK(amount_in_units(Usd::of_e8(10'00000001), 1'00000000, 6)->text() == "10000000");  // 10 USDC, rounded down
    CHECK(amount_in_units(Usd::of_e8(10'00000000), 99980000, 6)->text() == "10002000");    // at 0.9998 USD
    CHECK(amount_in_units(Usd::of_e8(10'00000000), 5'00000000, 0)->text() == "2");
    CHECK(amount_in_units(Usd::of_e8(INT64_MAX), 1, 36).ok());
}

TEST_CASE("payee state: the reason is the policy's, followed by the job's") {
    stipend_decision decision{};
    JobResult result;
    CHECK(full_reason(decision, result).empty());
    result.reason = "reset";
    CHECK(full_reason(decision, result) == "reset");
    std::strcpy(decision.reason, "check failed");
    CHECK(full_reason(decision, result) == "check failed: reset");
    result.reason.clear();
    CHECK(full_reason(decision, result) == "check failed");
}

TEST_CASE("payee state: a good job's services follow the policy's reason by whole entries, and never a hold's") {
    JobResult result;
    result.outcome = STIPEND_JOB_OK;
    ServicesBelow below;
    for (int number = 0; number < 20; ++number) below.services.push_back({cat("service-", number), 500'000});
    result.reason = services_below_text(below);
    stipend_decision decision{};
    decision.action = STIPEND_PAY;
    CHECK(full_reason(decision, result) == result.reason);
    const std::string longest(sizeof decision.reason - 1, 'p');
    std::strcpy(decision.reason, longest.c_str());
    const auto reason = full_reason(decision, result);
    CHECK(reason.size() <= ledger::max_reason_bytes);
    CHECK(reason.starts_with(longest + ": services below 100 %: service-0 50 %, service-1 50 %, "));
    const auto read = read_services_below(reason);
    REQUIRE(read.has_value());
    CHECK(read->services.size() > 2);
    CHECK(read->services.size() + read->more == below.services.size());
    decision.action = STIPEND_HOLD;
    CHECK(full_reason(decision, result) == longest);
    // Other words of a good result are kept as they are.
    decision.action = STIPEND_PAY;
    result.reason = "slow";
    CHECK(full_reason(decision, result) == longest + ": slow");
}
