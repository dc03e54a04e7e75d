// `stipend policy eval` with a whole sample: what was before the check, and the asset that is paid.
#include "host/engine/replay_line.hpp"
#include "payment_fixture.hpp"
#include "stipend/money.hpp"

using namespace payment_test;

namespace {

constexpr engine::ReplayTerms lab_terms{60'000'000'000, Usd::of_e8(10'00000000), 2000'00000000};

std::string lab_sample(const std::string& more) {
    return R"({"orchestrator":"o","job":"ok","uptime_percent":100)" + more + "}\n";
}

std::string refusal(const std::string& line) {
    const auto policy = make_policy("{}");
    std::istringstream in(line);
    std::ostringstream out;
    const auto done = engine::replay(*policy, lab_terms, in, out);
    return done ? "accepted: " + out.str() : done.error().message;
}

}  // namespace

TEST_CASE("a line may say what was before the check, and the lines behind it go on from there") {
    const auto policy = make_policy("{}");
    const auto answers = replay(*policy,
                                R"({"orchestrator":"o","job":"failed","epoch":41,"checks_total":40,"checks_ok":38,)"
                                R"("consecutive_failures":1})"
                                "\n" +
                                    lab_sample(""),
                                lab_terms);
    CHECK(get(answers[0], "epoch") == "41");
    CHECK(get(answers[0], "consecutive_failures") == "2");
    CHECK(get(answers[1], "epoch") == "42");
    CHECK(get(answers[1], "consecutive_failures") == "0");
    // Without it, the first failure counts from nothing.
    CHECK(get(replay(*policy, R"({"orchestrator":"o","job":"failed"})", lab_terms)[0], "consecutive_failures") == "1");
}

TEST_CASE("the state before a check is laid over that of the lines before it, field by field") {
    const auto line = parse_json(R"({"orchestrator":"o","job":"ok","uptime_percent":100,"epoch":7,"checks_total":9,)"
                                 R"("checks_ok":8,"consecutive_failures":3,"suspended":true,"interval_seconds":90,)"
                                 R"("at":"2026-11-22T06:00:00Z","memory":"00ff7f"})");
    ledger::EngineState state;
    state.memory.bytes[127] = 1;
    const auto before = engine::parse_check(*line)->before;
    before.lay_over(state);
    CHECK(state.epoch == 6);
    CHECK((state.checks_total == 9 && state.checks_ok == 8 && state.consecutive_failures == 3 && state.suspended));
    CHECK(state.interval_ns == 90'000'000'000);
    CHECK(state.due_at == 1'795'327'200'000'000'000);
    CHECK((state.memory.bytes[0] == 0 && state.memory.bytes[1] == 0xff && state.memory.bytes[2] == 0x7f));
    CHECK(state.memory.bytes[127] == 0);
    // A line that says nothing leaves it as it is.
    auto same = state;
    engine::parse_check(*parse_json(R"({"orchestrator":"o","job":"ok"})"))->before.lay_over(same);
    CHECK((same.epoch == 6 && same.suspended && same.memory.bytes[1] == 0xff && same.due_at == state.due_at));
}

TEST_CASE("a whole decision is printed, with the host's amount in the asset's own unit") {
    const auto policy = make_policy("{}");
    const auto one = replay(*policy, lab_sample(R"(,"usd_per_unit":"0.5","decimals":6)"), lab_terms)[0];
    const auto amount = *Usd::parse(get(one, "amount_usd"));
    CHECK(amount > Usd());
    CHECK(get(one, "amount_units") == std::to_string(amount.count_e8() * 2 / 100));
    CHECK(get(one, "decimals") == "6");
    CHECK(get(one, "amount_wei") == usd_to_wei(amount.count_e8(), {}, lab_terms.usd_per_eth_e8)->text());
    const auto late = replay(*policy, "{\"orchestrator\":\"o\",\"job\":\"ok\",\"uptime_percent\":50}\n", lab_terms)[0];
    CHECK(get(late, "delay_seconds") != "0");
    CHECK(get(late, "delay_seconds") + "000000000" == get(late, "delay_ns"));
    for (const auto* field :
         {"penalty_ns", "next_in_ns", "multiplier", "uptime_percent", "suspended", "policy_reason"}) {
        CHECK_MESSAGE(one.find(field) != nullptr, field);
    }
    CHECK(replay(*policy, lab_sample(""), lab_terms)[0].find("amount_units") == nullptr);
}

TEST_CASE("what a line may not hold is refused with its key") {
    CHECK(refusal(lab_sample(R"(,"chekcs_ok":1)")).find("did you mean \"checks_ok\"?") != std::string::npos);
    CHECK(refusal(lab_sample(R"(,"epoch":0)")) == "line 1: \"epoch\": got 0, want 1 for the first decision");
    CHECK(refusal(lab_sample(R"(,"checks_total":3,"checks_ok":4)")) ==
          "line 1: \"checks_ok\": got 4, want at most \"checks_total\", which is 3");
    CHECK(refusal(lab_sample(R"(,"suspended":"no")")) == "line 1: \"suspended\": got a string, want true or false");
    CHECK(refusal(lab_sample(R"(,"memory":"abc")")).find("\"memory\": got 3 characters, want at most 256 hex digits") !=
          std::string::npos);
    CHECK(refusal(lab_sample(R"(,"memory":")" + std::string(258, '0') + "\"")).find("got 258 characters") !=
          std::string::npos);
    CHECK(refusal(lab_sample(R"(,"decimals":37)")).find("want a whole number from 0 to 36") != std::string::npos);
    CHECK(refusal(lab_sample(R"(,"usd_per_unit":"0")")).find("want above 0") != std::string::npos);
    CHECK(refusal(lab_sample(R"(,"at":"soon")")).find("\"at\"") != std::string::npos);
    CHECK(refusal(lab_sample(R"(,"interval_seconds":0)")).find("want at least 1") != std::string::npos);
}
