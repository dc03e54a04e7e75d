#include "host/plugin/trial/policy_trial.hpp"

#include <algorithm>
#include <utility>

#include "host/plugin/decision_check.hpp"
#include "host/plugin/rules.hpp"
#include "host/plugin/trial/policy_calls.hpp"

namespace stipend::plugin {
namespace {

constexpr int lives = 8;         // instances that come and go, for what they leave behind
constexpr int first_steady = 3;  // the first of them that finds everything allocated that lasts
constexpr int periods = 3;       // each decides with the memory of the one before it

// Checks of 2025 under the terms: each outcome, with uptimes around the usual thresholds, and what may be missing.
std::vector<stipend_sample> make_samples(const stipend_terms& terms) {
    std::vector<stipend_sample> out;
    const auto add = [&](std::int32_t job, std::uint32_t ppm, std::uint32_t flags, std::uint32_t failures) {
        auto sample = make_record<stipend_sample>();
        sample.job = job;
        sample.epoch = out.empty() ? 1 : 2 + 7 * out.size();
        sample.evaluated_at = 1'750'000'000'000'000'000 + static_cast<std::int64_t>(out.size()) * terms.interval_ns;
        sample.interval_ns = terms.interval_ns;
        sample.reported_ppm = (flags & STIPEND_SAMPLE_REPORTED) != 0 ? ppm : 0;
        sample.observed_ppm = (flags & STIPEND_SAMPLE_OBSERVED) != 0 ? ppm - ppm / 50 : 0;
        sample.coverage_ppm = (flags & STIPEND_SAMPLE_OBSERVED) != 0 ? 900'000 : 0;
        sample.consecutive_failures = failures;
        sample.flags = flags;
        sample.reported_window_s = (flags & STIPEND_SAMPLE_REPORTED) != 0 ? 3600 : 0;
        sample.checks_total = sample.epoch - 1;
        sample.checks_ok = sample.checks_total - std::min<std::uint64_t>(sample.checks_total, failures);
        sample.base_usd_e8 = terms.base_usd_e8;
        sample.latency_ns = 12'345'678;
        out.push_back(sample);
    };
    constexpr std::uint32_t whole = STIPEND_SAMPLE_REPORTED;
    for (const auto ppm : {1'000'000U, 999'999U, 990'000U, 950'000U, 949'999U, 900'000U, 800'000U, 500'000U, 1U, 0U}) {
        add(STIPEND_JOB_OK, ppm, whole, 0);
        add(STIPEND_JOB_OK, ppm, whole | STIPEND_SAMPLE_OBSERVED, 1);
    }
    for (const auto failures : {0U, 1U, 2U, 3U, 5U, 10U, 100U}) {
        add(STIPEND_JOB_FAILED, 0, 0, failures);
        add(STIPEND_JOB_OK, 970'000, whole, failures);
    }
    add(STIPEND_JOB_OK, 1'000'000, STIPEND_SAMPLE_OBSERVED, 0);
    add(STIPEND_JOB_OK, 0, 0, 0);
    add(STIPEND_JOB_OK, 1'000'000, whole | STIPEND_SAMPLE_SUSPENDED, 4);
    add(STIPEND_JOB_FAILED, 0, STIPEND_SAMPLE_SUSPENDED, 4);
    add(STIPEND_JOB_UNKNOWN, 0, 0, 0);
    add(STIPEND_JOB_UNKNOWN, 0, 0, 2);
    for (const auto demand : {1U, 750'000U, 1'000'000U, 1'333'333U, 100'000'000U, UINT32_MAX}) {
        add(STIPEND_JOB_OK, 1'000'000, whole, 0);
        out.back().demand_ppm = demand;
    }
    return out;
}

class PolicyTrial {
  public:
    PolicyTrial(Calls& calls, const Subject& subject)
        : calls_(calls), subject_(subject), policies_(calls, subject), samples_(make_samples(subject.config.terms)) {}

    // What the host itself would say of its decisions, and whether they keep to the policy's bounds.
    Result<void> first_life() {
        calls_.look_at(rules::decisions);
        STIPEND_LET(policy, policies_.begin(Guard::behind));
        STIPEND_TRY(policy.life.health());
        PolicyBounds bounds{};
        STIPEND_TRY(calls_.under(rules::bounds, [&]() -> Result<void> {
            STIPEND_SET(bounds, policies_.bounds_of(policy));
            return {};
        }));
        STIPEND_LET(decisions, policies_.decide(policy, samples_, in_one_batch));
        STIPEND_TRY(PolicyCalls::end(policy));
        STIPEND_TRY(take(decisions));
        return calls_.under(rules::bounds, [&] { return policies_.check_bounds(samples_, decisions, bounds); });
    }

    // Two instances decide the same samples, in other orders and batches, over several periods.
    Result<void> compare_lives() {
        calls_.look_at(rules::deterministic);
        STIPEND_LET(one, policies_.begin(Guard::before));
        STIPEND_LET(other, policies_.begin(Guard::behind));
        auto samples = samples_;
        Decisions first;
        for (int period = 0; period < periods; ++period) {
            STIPEND_SET(first, policies_.decide(one, samples, in_one_batch));
            STIPEND_LET(second, policies_.decide(other, samples, one_by_one));
            STIPEND_TRY(policies_.compare(samples, first, second));
            if (period + 1 < periods) PolicyCalls::go_on(samples, first);
        }
        STIPEND_TRY(other.life.quiesce());
        STIPEND_LET(third, policies_.decide(other, samples, in_sevens));
        STIPEND_TRY(policies_.compare(samples, first, third));
        STIPEND_TRY(other.life.destroy());
        return PolicyCalls::end(one);
    }

    Result<void> further_lives() {
        calls_.look_at(rules::memory);
        Usage before;
        for (int life = 0; life < lives; ++life) {
            if (life == first_steady) before = Usage::now();
            STIPEND_LET(policy, policies_.begin(life % 2 == 0 ? Guard::behind : Guard::before));
            for (int round = 0; round < 4; ++round) {
                STIPEND_LET(ignored, policies_.decide(policy, samples_, in_one_batch));
                static_cast<void>(ignored);
            }
            STIPEND_TRY(PolicyCalls::end(policy));
        }
        warn_of_growth(calls_, subject_.label, lives - first_steady, before);
        return {};
    }

  private:
    // Holds the samples to all that the host holds a decision to.
    Result<void> take(const Decisions& expected) {
        Result<std::unique_ptr<PolicyInstance>> policy = fail(STIPEND_E_INTERNAL, "not made");
        STIPEND_TRY(calls_.make("create", [&]() -> Result<void> {
            policy = PolicyInstance::create(subject_.entry, subject_.plugin, calls_.file(), "probe",
                                            subject_.config.config_json, subject_.config.terms);
            return policy ? Result<void>() : Result<void>(policy.error());
        }));
        Decisions out(samples_.size());
        STIPEND_TRY(calls_.make("decide", [&] { return (*policy)->decide(samples_, out); }));
        auto printable = expected;  // as the host makes each decision that it takes
        for (auto& decision : printable) make_printable(decision);
        STIPEND_TRY(calls_.under(rules::deterministic, [&] { return policies_.compare(samples_, printable, out); }));
        return calls_.make("destroy", [&]() -> Result<void> {
            policy->reset();
            return {};
        });
    }

    Calls& calls_;
    const Subject& subject_;
    PolicyCalls policies_;
    const std::vector<stipend_sample> samples_;
};

}  // namespace

Result<void> try_decisions(Calls& calls, const Subject& subject) {
    return PolicyTrial(calls, subject).first_life();
}
Result<void> try_order(Calls& calls, const Subject& subject) {
    return PolicyTrial(calls, subject).compare_lives();
}
Result<void> try_policy_lives(Calls& calls, const Subject& subject) {
    return PolicyTrial(calls, subject).further_lives();
}

}  // namespace stipend::plugin
