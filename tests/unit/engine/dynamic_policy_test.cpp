// The policy that follows demand, from its shared object.
#include "../payment/payment_fixture.hpp"
#include "stipend/record.hpp"

using namespace payment_test;

namespace {

constexpr std::int64_t usd = 100'000'000;  // 1e-8 USD
constexpr const char* dynamic = "payment-dynamic";

stipend_sample checked(std::uint32_t uptime_ppm, std::uint32_t demand_ppm, std::int64_t base_usd_e8 = 10 * usd) {
    auto sample = make_record<stipend_sample>();
    sample.job = STIPEND_JOB_OK;
    sample.epoch = 1;
    sample.interval_ns = 60 * ns_per_s;
    sample.reported_ppm = uptime_ppm;
    sample.flags = STIPEND_SAMPLE_REPORTED;
    sample.base_usd_e8 = base_usd_e8;
    sample.demand_ppm = demand_ppm;
    return sample;
}

stipend_decision decided(const PolicyInstance& policy, const stipend_sample& sample) {
    stipend_decision out{};
    const auto done = policy.decide({&sample, 1}, {&out, 1});
    REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    return out;
}

}  // namespace

TEST_CASE("pay is base x tier x demand, in one product that is rounded down once") {
    const auto policy = make_policy(R"({"ceiling":3})", minute_terms(), dynamic);
    struct Vector {
        std::uint32_t uptime_ppm, demand_ppm;
        std::int64_t base, want;
        std::uint32_t multiplier;
    };
    const Vector vectors[] = {
        {1'000'000, 1'000'000, 10 * usd, 12 * usd, 1'200'000},  // the excellent tier
        {1'000'000, 1'500'000, 10 * usd, 18 * usd, 1'800'000},
        {900'000, 800'000, 10 * usd, 8 * usd, 800'000},
        {700'000, 1'333'333, 10 * usd, 933'333'100, 933'333},     // 10 x 0.7 x 1.333333
        {1'000'000, 1'000'001, 7, 8, 1'200'001},                  // 8.4000084 of 1e-8 USD
        {500'000, 999'999, 333'333'333, 99'999'899, 299'999},     // 0.3 x 0.999999: 99999899.9...
        {1'000'000, 2'999'999, usd / 3, 119'999'958, 3'599'998},  // 33333333 x 1.2 x 2.999999 = 119999958.8...
        {1'000'000, 5'000'000, 10 * usd, 36 * usd, 3'600'000},    // above its own ceiling
    };
    for (const auto& one : vectors) {
        const auto got = decided(*policy, checked(one.uptime_ppm, one.demand_ppm, one.base));
        CAPTURE(one.demand_ppm);
        CHECK(got.action == STIPEND_PAY);
        CHECK(got.amount_usd_e8 == one.want);
        CHECK(got.multiplier_ppm == one.multiplier);
    }
}

TEST_CASE("without a factor it decides byte for byte as the policy by tiers") {
    const auto tiers = make_policy(R"({"reliability_bonus":true,"failure_reduction":true})");
    const auto policy = make_policy(R"({"reliability_bonus":true,"failure_reduction":true})", minute_terms(), dynamic);
    for (const std::uint32_t demand : {0U, 1'000'000U}) {
        for (const std::uint32_t uptime : {1'000'000U, 950'000U, 700'000U, 1U, 0U}) {
            for (const std::uint32_t failures : {0U, 3U}) {
                auto sample = checked(uptime, demand);
                sample.consecutive_failures = failures;
                sample.checks_total = 200;
                sample.checks_ok = 199;
                const auto got = decided(*policy, sample);
                const auto want = decided(*tiers, sample);
                CHECK(std::memcmp(&got, &want, sizeof got) == 0);
            }
        }
    }
    const auto more = decided(*policy, checked(1'000'000, 1'250'000));
    CHECK(std::string(more.reason) == "uptime 100 %; demand 1.25");
}

TEST_CASE("demand changes no failure, no wait and no suspension, and nothing is paid for none") {
    const auto policy = make_policy("{}", minute_terms(), dynamic);
    for (const std::uint32_t demand : {800'000U, 1'500'000U}) {
        auto sample = checked(0, demand);
        sample.job = STIPEND_JOB_FAILED;
        sample.flags = 0;
        sample.consecutive_failures = 4;
        const auto got = decided(*policy, sample);
        CHECK(got.action == STIPEND_SKIP);
        CHECK(got.amount_usd_e8 == 0);
        CHECK(got.consecutive_failures == 5);
        CHECK(got.flags == STIPEND_DECISION_SUSPENDED);
        CHECK(got.penalty_ns == 1920 * ns_per_s);
    }
}

TEST_CASE("its largest pay counts its own ceiling, whatever factor it is given") {
    const auto policy = make_policy(R"({"ceiling":2.5,"reliability_bonus":true})", minute_terms(), dynamic);
    const auto bounds = policy->bounds(make_terms(60 * ns_per_s, 10 * usd));
    REQUIRE(bounds.ok());
    CHECK(bounds->max_usd.text() == "33");  // 10 x 1.2 x 1.1 x 2.5
    auto sample = checked(1'000'000, UINT32_MAX);
    sample.checks_total = 200;
    sample.checks_ok = 200;
    CHECK(decided(*policy, sample).amount_usd_e8 == bounds->max_usd.count_e8());
    const auto usual = make_policy("{}", minute_terms(), dynamic)->bounds(make_terms(60 * ns_per_s, 10 * usd));
    CHECK(usual->max_usd.text() == "18");  // 10 x 1.2 x 1.5
}

TEST_CASE("a ceiling that is none is refused by its place") {
    const auto chosen = load_payment(dynamic);
    for (const char* config : {R"({"ceiling":0.9})", R"({"ceiling":100.5})", R"({"ceiling":1.0000001})"}) {
        const auto refused =
            check_config(*chosen.library->entry, "payment-dynamic.so", chosen.plugin->id, config, minute_terms());
        REQUIRE(!refused.ok());
        CHECK(refused.error().path == "/ceiling");
    }
}
