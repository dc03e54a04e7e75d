#include "host/plugin/trial/drawn_trial.hpp"

#include <array>
#include <limits>

#include "host/plugin/decision_check.hpp"
#include "host/plugin/rules.hpp"
#include "host/plugin/trial/policy_calls.hpp"
#include "stipend/money.hpp"

namespace stipend::plugin {
namespace {

// Of one interval from the shortest to the longest that a host has, and of odd ones.
struct Drawn {
    std::int64_t interval_ns;
    std::int64_t base_usd_e8;
};
constexpr std::int64_t e8_usd = 100'000'000;
constexpr std::array terms_drawn{
    Drawn{60 * ns_per_s, 10 * e8_usd},
    Drawn{ns_per_s, 1},
    Drawn{ns_per_day, 1'000'000 * e8_usd},
    Drawn{61 * ns_per_s, 3'333'333'333},
    Drawn{3'599 * ns_per_s, 7},
    Drawn{3'600 * ns_per_s, 99'999'999},
    Drawn{7 * ns_per_s, 10'000 * e8_usd},
    Drawn{86'399 * ns_per_s, 123'456'789},
    Drawn{300 * ns_per_s, e8_usd},
    Drawn{2 * ns_per_s, 50},
};
constexpr std::size_t samples_each = drawn_samples / terms_drawn.size();
constexpr std::size_t periods = 2;  // half of the samples are the next period of the other half

// The rates at both ends, in 1e-8 USD, and the decimals of assets.
constexpr std::array<std::int64_t, 3> rates_e8{1, 2'000 * e8_usd, INT64_MAX};
constexpr std::array<std::uint32_t, 4> decimals{0, 6, 18, 24};

// SplitMix64: the same numbers on every machine.
class Draw {
  public:
    explicit Draw(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        auto z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    // 0 to `most`.
    std::uint64_t up_to(std::uint64_t most) { return most == UINT64_MAX ? next() : next() % (most + 1); }
    bool one_in(std::uint64_t times) { return up_to(times - 1) == 0; }
    // Near an end or a usual threshold as often as anywhere.
    std::uint32_t ppm() {
        constexpr std::array<std::uint32_t, 12> usual{0,       1,       500'000, 800'000, 900'000, 949'999,
                                                      950'000, 980'000, 990'000, 999'000, 999'999, 1'000'000};
        return one_in(2) ? usual[up_to(usual.size() - 1)] : static_cast<std::uint32_t>(up_to(1'000'000));
    }

  private:
    std::uint64_t state_;
};

stipend_sample draw_sample(Draw& draw, const stipend_terms& terms) {
    constexpr std::array<std::uint32_t, 6> counts{0, 1, 2, 10, 1'000, UINT32_MAX - 1};
    auto sample = make_record<stipend_sample>();
    sample.job = static_cast<std::int32_t>(STIPEND_JOB_OK + draw.up_to(2));
    sample.epoch = 1 + (draw.one_in(20) ? draw.up_to(UINT64_MAX / 4) : draw.up_to(100'000));
    sample.evaluated_at = static_cast<std::int64_t>(1'700'000'000'000'000'000U + draw.up_to(300'000'000'000'000'000U));
    sample.interval_ns = terms.interval_ns;
    sample.base_usd_e8 = terms.base_usd_e8;
    if (draw.one_in(8)) sample.flags |= STIPEND_SAMPLE_SUSPENDED;
    if (sample.job == STIPEND_JOB_OK && !draw.one_in(10)) {
        sample.flags |= STIPEND_SAMPLE_REPORTED;
        sample.reported_ppm = draw.ppm();
        sample.reported_window_s = static_cast<std::uint32_t>(draw.one_in(4) ? 0 : draw.up_to(604'800));
    }
    if (draw.one_in(3)) {
        sample.flags |= STIPEND_SAMPLE_OBSERVED;
        sample.coverage_ppm = draw.ppm();
        sample.observed_ppm = sample.coverage_ppm == 0 ? 0 : draw.ppm();
    }
    sample.consecutive_failures =
        draw.one_in(3) ? counts[draw.up_to(counts.size() - 1)] : static_cast<std::uint32_t>(draw.up_to(20));
    sample.checks_total = sample.epoch - 1;
    sample.checks_ok = draw.up_to(sample.checks_total);
    sample.latency_ns = static_cast<std::int64_t>(draw.up_to(120'000'000'000U));
    if (draw.one_in(3))
        sample.demand_ppm = static_cast<std::uint32_t>(draw.up_to(draw.one_in(4) ? UINT32_MAX : 4'000'000));
    return sample;
}

class DrawnTrial {
  public:
    DrawnTrial(Calls& calls, const Subject& subject, std::uint64_t seed)
        : calls_(calls), subject_(subject), draw_(seed) {}

    Result<void> run() {
        for (const auto& drawn : terms_drawn) STIPEND_TRY(under(make_terms(drawn.interval_ns, drawn.base_usd_e8)));
        calls_.note(cat(decided_, " samples under ", accepted_, " of ", terms_drawn.size(), " terms"));
        return {};
    }

  private:
    Result<void> under(const stipend_terms& terms) {
        calls_.look_at(rules::drawn);
        auto config = subject_.config;
        config.terms = terms;
        const Subject subject{subject_.entry, subject_.plugin, config, subject_.label};
        // A configuration need not fit all terms: the host asks before it creates.
        if (const auto fits = try_check_config(calls_, subject); !fits) {
            return fits.error().status == STIPEND_E_CONFIG ? Result<void>() : Result<void>(fits.error());
        }
        calls_.look_at(rules::drawn);
        ++accepted_;
        PolicyCalls policies(calls_, subject);
        std::vector<stipend_sample> samples;
        for (std::size_t at = 0; at < samples_each / periods; ++at) samples.push_back(draw_sample(draw_, terms));
        STIPEND_LET(one, policies.begin(Guard::behind));
        STIPEND_LET(other, policies.begin(Guard::before));
        STIPEND_LET(bounds, policies.bounds_of(one));
        STIPEND_TRY(unrelated(policies, other, terms));
        for (std::size_t period = 0; period < periods; ++period) {
            STIPEND_LET(decisions, policies.decide(one, samples, in_one_batch));
            STIPEND_TRY(take(samples, decisions));
            STIPEND_TRY(policies.check_bounds(samples, decisions, bounds));
            STIPEND_TRY(calls_.under(rules::amounts, [&] { return amounts(samples, decisions); }));
            STIPEND_TRY(
                calls_.under(rules::drawn_again, [&] { return again(policies, one, other, samples, decisions); }));
            decided_ += samples.size();
            PolicyCalls::go_on(samples, decisions);
        }
        STIPEND_TRY(PolicyCalls::end(one));
        return PolicyCalls::end(other);
    }

    // Decisions that have nothing to do with those that follow, by the instance that is compared.
    Result<void> unrelated(PolicyCalls& policies, Policy& policy, const stipend_terms& terms) {
        Draw draw(draw_.next());
        std::vector<stipend_sample> samples;
        for (int at = 0; at < 50; ++at) samples.push_back(draw_sample(draw, terms));
        STIPEND_LET(ignored, policies.decide(policy, samples, in_one_batch));
        static_cast<void>(ignored);
        return {};
    }

    static Result<void> again(PolicyCalls& policies, Policy& one, Policy& other,
                              const std::vector<stipend_sample>& samples, const Decisions& decisions) {
        constexpr Manner twice{"decide (a second time)", 33, false, Guard::before, true};
        constexpr Manner backwards{"decide (by another instance, in reverse order)", 5, true, Guard::behind, false};
        STIPEND_LET(second, policies.decide(one, samples, twice));
        STIPEND_TRY(policies.compare(samples, decisions, second));
        STIPEND_LET(third, policies.decide(other, samples, backwards));
        return policies.compare(samples, decisions, third);
    }

    [[nodiscard]] Result<void> take(const std::vector<stipend_sample>& samples, const Decisions& decisions) const {
        for (std::size_t at = 0; at < samples.size(); ++at) {
            if (is_sound(samples[at], decisions[at])) continue;
            auto why = explain(samples[at], decisions[at]);
            return fail(STIPEND_E_INVALID, "decide: ", subject_.label, ": ", why.message, ", for ",
                        PolicyCalls::text_of(samples[at]));
        }
        return {};
    }

    [[nodiscard]] Result<void> amounts(const std::vector<stipend_sample>& samples, const Decisions& decisions) const {
        for (std::size_t at = 0; at < decisions.size(); ++at) {
            const auto& decision = decisions[at];
            if (decision.action != STIPEND_PAY) continue;
            for (const auto rate : rates_e8) {
                for (const auto places : decimals) {
                    const auto units = usd_to_units(decision.amount_usd_e8, {}, rate, places);
                    if (units) continue;
                    return fail(STIPEND_E_INVALID, "decide: ", subject_.label, ": got ",
                                Usd::of_e8(decision.amount_usd_e8).text(), " USD for ",
                                PolicyCalls::text_of(samples[at]), ", want an amount of an asset with ", places,
                                " decimals at a rate of ", Usd::of_e8(rate).text(), " USD: ", units.error().message);
                }
            }
        }
        return {};
    }

    Calls& calls_;
    const Subject& subject_;
    Draw draw_;
    std::size_t decided_ = 0, accepted_ = 0;
};

}  // namespace

Result<void> try_drawn(Calls& calls, const Subject& subject, std::uint64_t seed) {
    return DrawnTrial(calls, subject, seed).run();
}

}  // namespace stipend::plugin
