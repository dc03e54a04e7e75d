// The published numbers of the tier table, the punishment and the amounts, through the shared object.
#include <cstring>

#include "payment_fixture.hpp"
#include "stipend/money.hpp"

using namespace payment_test;

namespace {

constexpr engine::ReplayTerms plain{60'000'000'000, Usd::of_e8(10'00000000), 2000'00000000};

Json one(const PolicyInstance& policy, const std::string& uptime, engine::ReplayTerms terms = plain) {
    return replay(policy, R"({"orchestrator":"o","job":"ok","uptime_percent":)" + uptime + "}\n", terms).at(0);
}

std::string failures(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "{\"orchestrator\":\"o\",\"job\":\"failed\"}\n";
    return lines;
}
const std::string good = "{\"orchestrator\":\"o\",\"job\":\"ok\",\"uptime_percent\":100}\n";

}  // namespace

TEST_CASE("each tier has its multiplier and delay, up to its edges") {
    struct Row {
        const char* uptime;
        const char* tier;
        const char* multiplier;
        const char* usd;
        const char* wei;
        int delay;
    };
    const Row rows[] = {
        {"100", "excellent", "1.2", "12", "6000000000000000", 0},
        {"95.0001", "excellent", "1.2", "12", "6000000000000000", 0},
        {"95", "good", "1", "10", "5000000000000000", 0},
        {"95.00009", "good", "1", "10", "5000000000000000", 0},
        {"94.999", "good", "1", "10", "5000000000000000", 0},
        {"80", "good", "1", "10", "5000000000000000", 0},
        {"79.9999", "warning", "0.7", "7", "3500000000000000", 30},
        {"60", "warning", "0.7", "7", "3500000000000000", 30},
        {"59.9999", "poor", "0.3", "3", "1500000000000000", 120},
        {"40", "poor", "0.3", "3", "1500000000000000", 120},
        {"39.9999", "critical", "0.1", "1", "500000000000000", 300},
        {"0.0001", "critical", "0.1", "1", "500000000000000", 300},
        {"0", "offline", "0", "0", "0", 600},
        {"0.00009", "offline", "0", "0", "0", 600},
    };
    const auto policy = make_policy("{}");
    for (const auto& row : rows) {
        CAPTURE(row.uptime);
        const auto answer = one(*policy, row.uptime);
        CHECK(get(answer, "tier") == row.tier);
        CHECK(get(answer, "multiplier") == row.multiplier);
        CHECK(get(answer, "amount_usd") == row.usd);
        CHECK(get(answer, "amount_wei") == row.wei);
        CHECK(get(answer, "delay_seconds") == std::to_string(row.delay));
        CHECK(get(answer, "next_in_seconds") == std::to_string(60 + row.delay));
        CHECK(get(answer, "action") == (std::string(row.usd) == "0" ? "skip" : "pay"));
        CHECK(get(answer, "consecutive_failures") == "0");
        CHECK(get(answer, "penalty_seconds") == "0");
    }
}

TEST_CASE("flat-95 pays 10 dollars above 95 percent and nothing below") {
    const auto policy = make_policy(R"({"table":"flat-95"})");
    CHECK(get(one(*policy, "95.0001"), "amount_usd") == "10");
    CHECK(get(one(*policy, "95"), "amount_usd") == "0");
    CHECK(get(one(*policy, "95"), "next_in_seconds") == "60");
}

TEST_CASE("an invalid uptime is a failed check with its reason") {
    const auto policy = make_policy("{}");
    for (const std::string uptime :
         {"150", "-5", "\"NaN\"", "\"\"", "null", "true", "[95]", "\"95 %\"", "100.0000000001"}) {
        CAPTURE(uptime);
        const auto answer = one(*policy, uptime);
        CHECK(get(answer, "tier") == "offline");
        CHECK(get(answer, "consecutive_failures") == "1");
        CHECK(get(answer, "next_in_seconds") == "780");
        CHECK(get(answer, "reason").starts_with("check failed: "));
    }
    CHECK(get(one(*policy, "\"94.999\""), "tier") == "good");
    CHECK(get(one(*policy, "150"), "reason") == "check failed: percentage out of range: got 150, want 0..100");
    CHECK(get(one(*policy, "true"), "reason") == "check failed: uptime: got a boolean, want a number");
    CHECK(get(one(*policy, "null"), "reason") == "check failed: no uptime in the answer");
    const auto silent = replay(*policy, "{\"orchestrator\":\"o\",\"job\":\"ok\"}\n", plain).at(0);
    CHECK(get(silent, "reason") == "check failed: no uptime in the answer");
}

TEST_CASE("punishment doubles up to its cap and ends with one good check") {
    const auto policy = make_policy("{}");
    const auto answers = replay(*policy, failures(8) + good + failures(1), plain);
    const int penalty[] = {120, 240, 480, 960, 1920, 3600, 3600, 3600};
    const int next[] = {780, 900, 1140, 1620, 2580, 4260, 4260, 4260};
    for (int i = 0; i < 8; ++i) {
        CAPTURE(i);
        CHECK(get(answers[i], "penalty_seconds") == std::to_string(penalty[i]));
        CHECK(get(answers[i], "next_in_seconds") == std::to_string(next[i]));
        CHECK(get(answers[i], "consecutive_failures") == std::to_string(i + 1));
        CHECK(get(answers[i], "suspended") == (i >= 4 ? "true" : "false"));
    }
    CHECK(get(answers[8], "action") == "pay");
    CHECK(get(answers[8], "suspended") == "false");
    CHECK(get(answers[9], "next_in_seconds") == "780");
    CHECK(get(answers[9], "epoch") == "10");
}

TEST_CASE("a punishment of 1.5 is exact and floored to whole seconds") {
    const auto policy = make_policy(R"({"punishment_multiplier":1.5})");
    const auto answers = replay(*policy, failures(12), plain);
    const int penalty[] = {90, 135, 202, 303, 455, 683, 1025, 1537, 2306, 3459, 3600, 3600};
    for (int i = 0; i < 12; ++i) CHECK(get(answers[i], "penalty_seconds") == std::to_string(penalty[i]));
}

TEST_CASE("punishment does not overflow for any number of failures") {
    for (const std::string multiplier : {"1", "1.001", "2", "99.999", "100"}) {
        CAPTURE(multiplier);
        const auto policy = make_policy(R"({"punishment_multiplier":)" + multiplier + "}");
        stipend_sample sample{};
        sample.size = sizeof sample;
        sample.job = STIPEND_JOB_FAILED;
        sample.interval_ns = plain.interval_ns;
        for (const std::uint32_t n : {0U, 1017U, 1018U, 100'000U, UINT32_MAX - 1, UINT32_MAX}) {
            sample.consecutive_failures = n;
            stipend_decision decision{};
            REQUIRE(policy->decide({&sample, 1}, {&decision, 1}).ok());
            CHECK(decision.penalty_ns <= 3600'000'000'000);
            CHECK(decision.penalty_ns >= 60'000'000'000);
            CHECK(decision.consecutive_failures == (n == UINT32_MAX ? n : n + 1));
        }
    }
}

TEST_CASE("a suspended orchestrator is paid again with the last of its recovery checks") {
    const auto policy = make_policy(R"({"recovery_checks":3})");
    const auto answers = replay(*policy, failures(5) + good + good + failures(1) + good + good + good + good, plain);
    const char* actions[] = {"skip", "skip", "skip", "skip", "skip", "skip",
                             "skip", "skip", "skip", "skip", "pay",  "pay"};
    const char* counts[] = {"1", "2", "3", "4", "5", "0", "0", "1", "0", "0", "0", "0"};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CAPTURE(i);
        CHECK(get(answers[i], "action") == actions[i]);
        CHECK(get(answers[i], "consecutive_failures") == counts[i]);
        CHECK(get(answers[i], "suspended") == (i >= 4 && i < 10 ? "true" : "false"));
    }
}

TEST_CASE("an unknown outcome is a HOLD: epoch, failures and suspension are unchanged") {
    const auto policy = make_policy("{}");
    const auto answers =
        replay(*policy, failures(5) + "{\"orchestrator\":\"o\",\"job\":\"unknown\"}\n" + failures(1), plain);
    CHECK(get(answers[5], "action") == "hold");
    CHECK(get(answers[5], "epoch") == "6");
    CHECK(get(answers[5], "consecutive_failures") == "5");
    CHECK(get(answers[5], "suspended") == "true");
    CHECK(get(answers[5], "next_in_seconds") == "60");
    CHECK(get(answers[6], "epoch") == "6");
    CHECK(get(answers[6], "consecutive_failures") == "6");
}

TEST_CASE("the penalty follows the interval that the period began with") {
    const auto policy = make_policy("{}");  // under terms of 60 s
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = STIPEND_JOB_FAILED;
    stipend_decision decision{};
    for (const std::int64_t interval_s : {30, 60, 600}) {
        sample.interval_ns = interval_s * ns_per_s;
        REQUIRE(policy->decide({&sample, 1}, {&decision, 1}).ok());
        CHECK(decision.penalty_ns == 2 * interval_s * ns_per_s);
    }
}

TEST_CASE("an uptime above 100 % is no sample to decide") {
    const auto policy = make_policy("{}");
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = STIPEND_JOB_OK;
    sample.interval_ns = plain.interval_ns;
    sample.flags = STIPEND_SAMPLE_REPORTED;
    sample.base_usd_e8 = plain.base.count_e8();
    stipend_decision decision{};
    sample.reported_ppm = 1'000'000;
    CHECK(policy->decide({&sample, 1}, {&decision, 1}).ok());
    sample.reported_ppm = 1'000'001;
    const auto refused = policy->decide({&sample, 1}, {&decision, 1});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.ends_with("sample uptime: got 1000001, want at most 1000000"));
}

TEST_CASE("a tier that counts as a failure punishes a valid answer") {
    const auto policy = make_policy(
        R"({"table":"t","tables":{"t":[{"tier":"a","at_least":95,"multiplier":1},{"tier":"b","at_least":0,"multiplier":0,"counts_as_failure":true}]}})");
    const auto answer = one(*policy, "94");
    CHECK(get(answer, "tier") == "b");
    CHECK(get(answer, "consecutive_failures") == "1");
    CHECK(get(answer, "penalty_seconds") == "120");
    CHECK(get(one(*policy, "95"), "consecutive_failures") == "0");
}

TEST_CASE("the memory of a recovery ends with the suspension") {
    const auto policy = make_policy(R"({"recovery_checks":2})");
    const auto answers = replay(*policy, failures(5) + good + good, plain);
    CHECK(get(answers[5], "memory") == "01");
    CHECK(get(answers[6], "memory").empty());
    CHECK(get(answers[6], "suspended") == "false");
}

TEST_CASE("amounts are exact at any rate and base") {
    const auto policy = make_policy("{}");
    CHECK(get(one(*policy, "100", {60'000'000'000, Usd::of_e8(10'00000000), 1800'50000000}), "amount_wei") ==
          "6664815329075256");
    CHECK(get(one(*policy, "90", {60'000'000'000, Usd::of_e8(10'00000000), 3000'00000000}), "amount_wei") ==
          "3333333333333333");
    CHECK(get(one(*policy, "90", {60'000'000'000, Usd::of_e8(100), 2000'00000000}), "amount_wei") == "500000000");
    CHECK(get(one(*policy, "90", {60'000'000'000, Usd::of_e8(123456789000000), 2000'00000000}), "amount_wei") ==
          "617283945000000000000");
    CHECK(get(one(*policy, "70", {60'000'000'000, Usd::of_e8(25'00000000), 3000'00000000}), "amount_wei") ==
          "5833333333333333");
}

TEST_CASE("the reliability bonus requires more than 100 checks before, of which more than 98 % were good") {
    const auto policy = make_policy(R"({"reliability_bonus":true})");
    const auto pay = [&](std::uint64_t total, std::uint64_t ok) {
        stipend_sample sample{};
        sample.size = sizeof sample;
        sample.job = STIPEND_JOB_OK;
        sample.interval_ns = plain.interval_ns;
        sample.reported_ppm = 900'000;
        sample.flags = STIPEND_SAMPLE_REPORTED;
        sample.base_usd_e8 = plain.base.count_e8();
        sample.checks_total = total;
        sample.checks_ok = ok;
        stipend_decision decision{};
        REQUIRE(policy->decide({&sample, 1}, {&decision, 1}).ok());
        return Usd::of_e8(decision.amount_usd_e8).text();
    };
    CHECK(pay(100, 100) == "10");
    CHECK(pay(101, 101) == "11");
    CHECK(pay(200, 196) == "10");
    CHECK(pay(200, 197) == "11");
    CHECK(pay(UINT64_MAX, UINT64_MAX) == "11");
}

TEST_CASE("failures before a good check reduce its pay if failure_reduction is set") {
    const auto policy = make_policy(R"({"failure_reduction":true})");
    const auto answers = replay(*policy, failures(2) + good, plain);
    // 1.2 / (1 + 0.2 x 2) = 6/7
    CHECK(get(answers[2], "amount_wei") == "4285714285000000");  // of the dollars below
    CHECK(get(answers[2], "amount_usd") == "8.57142857");
    CHECK(get(answers[2], "multiplier") == "0.857142");
}

TEST_CASE("the lower of the reported and observed uptime decides, and low coverage is a HOLD") {
    const auto policy = make_policy(R"({"min_coverage":50})");
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = STIPEND_JOB_OK;
    sample.interval_ns = plain.interval_ns;
    sample.reported_ppm = 1'000'000;
    sample.observed_ppm = 700'000;
    sample.coverage_ppm = 500'000;
    sample.flags = STIPEND_SAMPLE_REPORTED | STIPEND_SAMPLE_OBSERVED;
    sample.base_usd_e8 = plain.base.count_e8();
    stipend_decision decision{};
    REQUIRE(policy->decide({&sample, 1}, {&decision, 1}).ok());
    CHECK(std::string(decision.tier) == "warning");
    CHECK(decision.uptime_ppm == 700'000);
    sample.coverage_ppm = 499'999;
    REQUIRE(policy->decide({&sample, 1}, {&decision, 1}).ok());
    CHECK(decision.action == STIPEND_HOLD);
    CHECK(decision.flags == 0);
    sample.flags |= STIPEND_SAMPLE_SUSPENDED;
    REQUIRE(policy->decide({&sample, 1}, {&decision, 1}).ok());
    CHECK(decision.flags == STIPEND_DECISION_SUSPENDED);
}

TEST_CASE("no decision exceeds the bounds that the policy states") {
    const auto policy = make_policy(R"({"reliability_bonus":true})");
    const auto bounds = policy->bounds(minute_terms());
    REQUIRE(bounds.ok());
    CHECK(bounds->max_usd == Usd::of_e8(13'20000000));
    CHECK(bounds->min_next_ns == 60'000'000'000);
}

TEST_CASE("the soonest next check is the interval and the shortest delay of the table") {
    const auto policy = make_policy(
        R"({"table":"t","tables":{"t":[{"tier":"a","above":50,"multiplier":1,"delay":"20s"},{"tier":"b","at_least":0,"multiplier":0,"delay":"5s"}]}})");
    const auto bounds = policy->bounds(minute_terms());
    REQUIRE(bounds.ok());
    CHECK(bounds->max_usd == Usd::of_e8(10'00000000));
    CHECK(bounds->min_next_ns == 65'000'000'000);
}

TEST_CASE("the smallest multiplier is paid") {
    const auto policy = make_policy(
        R"({"table":"t","tables":{"t":[{"tier":"a","above":50,"multiplier":0.000001},{"tier":"b","at_least":0,"multiplier":0}]}})");
    CHECK(get(one(*policy, "90"), "action") == "pay");
    CHECK(get(one(*policy, "90"), "amount_usd") == "0.00001");
    CHECK(get(one(*policy, "50"), "action") == "skip");
}

TEST_CASE("a batch decides as one by one, in any order") {
    const auto policy = make_policy(R"({"reliability_bonus":true,"failure_reduction":true})");
    std::vector<stipend_sample> samples(500);
    std::uint64_t seed = 42;
    const auto random = [&seed] { return seed = seed * 6364136223846793005ULL + 1442695040888963407ULL, seed >> 33; };
    for (auto& sample : samples) {
        sample.size = sizeof sample;
        sample.job = static_cast<std::int32_t>(1 + random() % 3);
        sample.interval_ns = random() % 4 == 0 ? 30'000'000'000 : plain.interval_ns;
        sample.reported_ppm = static_cast<std::uint32_t>(random() % 1'000'001);
        sample.flags = STIPEND_SAMPLE_REPORTED | (random() % 2 ? STIPEND_SAMPLE_SUSPENDED : 0);
        sample.consecutive_failures = static_cast<std::uint32_t>(random() % 9);
        sample.checks_total = random() % 300;
        sample.checks_ok = sample.checks_total;
        sample.base_usd_e8 = static_cast<std::int64_t>(random() % 3) * 5'00000000;
    }
    std::vector<stipend_decision> batch(samples.size());
    REQUIRE(policy->decide(samples, batch).ok());
    for (std::size_t i = samples.size(); i-- > 0;) {
        stipend_decision single{};
        REQUIRE(policy->decide({&samples[i], 1}, {&single, 1}).ok());
        CHECK(std::memcmp(&single, &batch[i], sizeof single) == 0);
    }
}

TEST_CASE("an invalid line is reported with its number") {
    const auto policy = make_policy("{}");
    const auto message = [&](const std::string& lines) {
        std::istringstream in(lines);
        std::ostringstream out;
        const auto done = engine::replay(*policy, plain, in, out);
        return done ? std::string("no error") : done.error().message;
    };
    CHECK(message(good + "not json\n").starts_with("line 2: not JSON at byte "));
    CHECK(message("[1]\n") == "line 1: got an array, want an object");
    CHECK(message("{\"job\":\"ok\"}\n") == "line 1: \"orchestrator\": got nothing, want a string");
    CHECK(message("{\"orchestrator\":\"o\",\"job\":\"fine\"}\n") ==
          "line 1: \"job\": got \"fine\", want ok, failed or unknown");
    const auto with = [&](const std::string& more) {
        return message(R"({"orchestrator":"o","job":"ok","uptime_percent":100,)" + more + "}\n");
    };
    CHECK(with(R"("uptime":1)").starts_with("line 1: unknown key \"uptime\": want one of orchestrator, job, "));
    CHECK(with(R"("latency_s":1)").ends_with("; did you mean \"latency_ms\"?"));
    CHECK(with(R"("latency_ms":-1)") == "line 1: \"latency_ms\": got -1, want a whole number from 0 to 3600000");
    CHECK(with(R"("window_seconds":1.5)") ==
          "line 1: \"window_seconds\": got 1.5, want a whole number from 0 to 604800");
    CHECK(with(R"("observed_percent":101)") == "line 1: \"observed_percent\": got 101, want a number from 0 to 100");
    CHECK(with(R"("coverage_percent":50)").starts_with("line 1: \"coverage_percent\": got one above 0, want "));
    CHECK(with(R"("base_usd":"-1")") == "line 1: \"base_usd\": got -1, want 0 or more");
    CHECK(with(R"("latency_ms":12,"window_seconds":60,"coverage_percent":0)") == "no error");
}

TEST_CASE("a line holds all that a sample does, and the answer all that a decision does") {
    const auto policy = make_policy(R"({"min_coverage":50,"recovery_checks":2})");
    const auto with = [&](const std::string& more) {
        return replay(*policy, R"({"orchestrator":"o","job":"ok","uptime_percent":100)" + more + "}\n", plain).at(0);
    };
    CHECK(with("").find("uptime_percent")->text() == "100");
    CHECK(with(R"(,"observed_percent":97.5)").find("uptime_percent")->text() == "97.5");
    CHECK(with(R"(,"observed_percent":97.5)").find("action")->text() == "pay");
    CHECK(with(R"(,"observed_percent":97.5,"coverage_percent":49)").find("action")->text() == "hold");
    CHECK(with(R"(,"base_usd":"5")").find("amount_usd")->text() == "6");
    CHECK(with("").find("memory")->text().empty());
    const auto recovering = replay(*policy, failures(5) + good, plain);
    CHECK(recovering.back().find("memory")->text() == "01");
    CHECK(recovering.back().find("suspended")->truth());
}
