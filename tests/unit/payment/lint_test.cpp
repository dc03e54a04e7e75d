#include "host/engine/policy_lint.hpp"

#include "host/engine/uptime_scan.hpp"
#include "payment_fixture.hpp"
#include "stipend/plugin.hpp"

using namespace payment_test;
using stipend::engine::lint_policy;
using stipend::engine::LintReport;
using stipend::engine::LintRules;

namespace {

LintRules rules(std::optional<std::uint32_t> cliff_ppm = {}) {
    return {.interval_ns = 60 * ns_per_s, .base = Usd::of_e8(10 * e8), .cliff_ppm = cliff_ppm};
}

std::string steps_of(const LintReport& report) {
    std::string out;
    for (const auto& step : report.steps) {
        out += cat(step.from_ppm, "-", step.to_ppm, " ", step.held ? "held" : step.tier, " ", step.usd.text(), " USD, ",
                   step.next_ns / ns_per_s, " s, ", step.per_minute().text(), "\n");
    }
    return out;
}

std::string findings_of(const LintReport& report) {
    std::string out;
    for (const auto& one : report.findings) out += cat(one.tier, ": ", one.what, "\n");
    return out;
}

LintReport lint(const std::string& config, const LintRules& by = rules()) {
    return lint_policy(*make_policy(config), by);
}

// A policy with gaps and a peak, by no table: holds every uptime from 20 to 30 %, and pays most at exactly 50 %.
class Odd {
  public:
    static constexpr PluginInfo info{.id = "org.stipend.test.odd", .name = "Odd", .version = "1.0.0"};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings(); }
    explicit Odd(Settings) {}
    Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const {
        const auto ppm = sample.reported_ppm;
        decision.action = ppm >= 200'000 && ppm <= 300'000 ? STIPEND_HOLD : STIPEND_PAY;
        if (decision.action == STIPEND_HOLD) return {};
        decision.uptime_ppm = ppm;
        decision.amount_usd_e8 = ppm == 500'000 ? 4 * e8 : 3 * e8;
        set_text(decision.tier, ppm == 500'000 ? "peak" : "flat");
        return {};
    }
    [[nodiscard]] Result<Bounds> bounds(const stipend_terms& terms) const { return Bounds{3 * e8, terms.interval_ns}; }
};

}  // namespace

TEST_CASE("the shipped table is decided for each of 1,000,001 uptimes, in its six tiers") {
    const auto report = lint("{}");
    CHECK(report.decided == 1'000'001);
    CHECK(findings_of(report).empty());
    CHECK(report.steps_total == 6);
    CHECK(steps_of(report) ==
          "0-0 offline 0 USD, 660 s, 0\n"
          "1-399999 critical 1 USD, 360 s, 0.16666666\n"
          "400000-599999 poor 3 USD, 180 s, 1\n"
          "600000-799999 warning 7 USD, 90 s, 4.66666666\n"
          "800000-950000 good 10 USD, 60 s, 10\n"
          "950001-1000000 excellent 12 USD, 60 s, 12\n");
    // 1440 checks of 12 USD.
    CHECK(report.largest_per_day.text() == "17280");
    auto limited = rules();
    limited.most_per_day = Usd::of_e8(100 * e8);
    CHECK(lint("{}", limited).largest_per_day.text() == "100");
}

TEST_CASE("a cliff is a fall of the pay per minute by more than was asked for") {
    // Falls: 1/6 (16.6666 %), 16/30 (53.3333 %), 11/14 (78.5714 %), 5/6 (83.3333 %); and to nothing at 0 %.
    CHECK(lint("{}", rules(840'000)).findings_total == 0);
    CHECK(lint("{}", rules(800'000)).findings_total == 1);
    CHECK(lint("{}", rules(166'667)).findings_total == 3);
    CHECK(lint("{}", rules(166'666)).findings_total == 4);
    CHECK(findings_of(lint("{}", rules(800'000))) ==
          "poor: cliff: got 1 USD a minute at 40 % (poor) and 0.16666666 at 39.9999 % (critical), 83.3333 % less; want "
          "at most 80 %\n");
}

TEST_CASE("more uptime that pays less a minute is found, also where the pay of one check is higher") {
    const auto report = lint(R"({"allow_falling_pay":true,"table":"t","tables":{"t":[
        {"tier":"high","at_least":90,"multiplier":1.5,"delay":"60s"},{"tier":"low","above":0,"multiplier":1},
        {"tier":"none","at_least":0,"multiplier":0}]}})");
    CHECK(findings_of(report) ==
          "high: more uptime pays less: got 7.5 USD a minute at 90 % (high) and 10 at 89.9999 % (low)\n");
    // The lower tier earns more in a day: 1440 x 10 USD, not 720 x 15.
    CHECK(report.largest_per_day.text() == "14400");
}

TEST_CASE("gaps, single uptimes and broken bounds of any policy are found") {
    const stipend_entry entry{.lifecycle = &stipend::detail::Library<Odd>::lifecycle};
    Description description;
    description.id = Odd::info.id;
    const auto policy = PolicyInstance::create(entry, description, "odd.so", "test", "{}", minute_terms());
    REQUIRE_MESSAGE(policy.ok(), (policy.ok() ? "" : policy.error().message));
    const auto report = lint_policy(**policy, rules());
    CHECK(steps_of(report) ==
          "0-199999 flat 3 USD, 60 s, 3\n"
          "200000-300000 held 0 USD, 60 s, 0\n"
          "300001-499999 flat 3 USD, 60 s, 3\n"
          "500000-500000 peak 4 USD, 60 s, 4\n"
          "500001-1000000 flat 3 USD, 60 s, 3\n");
    CHECK(
        findings_of(report) ==
        ": gap: nothing is decided from 20 % to 30 %: \n"
        "peak: at 50 % the policy leaves its own bounds: got 4 USD, next after 60s, want at most 3 USD, next after at "
        "least 60s\n"
        "flat: more uptime pays less: got 3 USD a minute at 50.0001 % (flat) and 4 at 50 % (peak)\n");
    auto sample = stipend::make_record<stipend_sample>();
    const auto range = stipend::engine::range_around(**policy, stipend::engine::without_history(sample), 500'000);
    REQUIRE(range.ok());
    CHECK(range->from_ppm == 500'000);
    CHECK(range->to_ppm == 500'000);
}
