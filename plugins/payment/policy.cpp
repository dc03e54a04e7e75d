#include "policy.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>

namespace payment {
namespace {

using stipend::fail;
using stipend::Fraction;
using stipend::ppm_one;
using stipend::Result;
using stipend::TextField;
using stipend::uint128;

bool has(const stipend_sample& sample, std::uint32_t flag) {
    return (sample.flags & flag) != 0;
}

// The policy's memory of an account, little-endian: good checks in a row since it was suspended.
std::uint32_t recovered_of(const stipend_memory& memory) {
    std::uint32_t out = 0;
    for (std::uint32_t i = 0; i < 4; ++i) out |= std::uint32_t{memory.bytes[i]} << (8 * i);
    return out;
}

void set_recovered(stipend_memory& memory, std::uint32_t recovered) {
    for (std::uint32_t i = 0; i < 4; ++i) memory.bytes[i] = static_cast<std::uint8_t>(recovered >> (8 * i));
}

// As scale_usd, with a further factor: their product does not fit into 64 bits.
Result<std::int64_t> scale_twice(std::int64_t usd_e8, Fraction factor, std::uint32_t by_ppm) {
    using boost::multiprecision::cpp_int;
    if (usd_e8 < 0) return fail(STIPEND_E_INVALID, "negative pay: ", stipend::scaled_text(usd_e8, 8), " USD");
    const cpp_int value = cpp_int(usd_e8) * factor.numerator * by_ppm / (cpp_int(factor.denominator) * ppm_one);
    if (value > INT64_MAX) {
        return fail(STIPEND_E_LIMIT, "pay too large: ", stipend::scaled_text(usd_e8, 8), " USD");
    }
    return value.convert_to<std::int64_t>();
}

Result<std::int64_t> scale(std::int64_t usd_e8, Fraction factor, std::uint32_t by_ppm) {
    return by_ppm == ppm_one ? stipend::scale_usd(usd_e8, factor) : scale_twice(usd_e8, factor, by_ppm);
}

// Leaves the epoch open: the account stays as it is.
Result<void> hold(const stipend_sample& sample, stipend_decision& decision, std::string_view why) {
    decision.action = STIPEND_HOLD;
    decision.consecutive_failures = sample.consecutive_failures;
    decision.flags = has(sample, STIPEND_SAMPLE_SUSPENDED) ? std::uint32_t{STIPEND_DECISION_SUSPENDED} : 0U;
    decision.memory = sample.memory;
    stipend::set_text(decision.reason, why);
    return {};
}

}  // namespace

Result<void> Policy::decide_times(std::uint32_t factor_ppm, const stipend_sample& sample,
                                  stipend_decision& decision) const {
    if (sample.job == STIPEND_JOB_UNKNOWN) return hold(sample, decision, "the payer could not look");
    if (sample.job != STIPEND_JOB_OK && sample.job != STIPEND_JOB_FAILED) {
        return fail(STIPEND_E_INVALID, "sample.job: got ", sample.job, ", want OK, FAILED or UNKNOWN");
    }
    const bool observed = has(sample, STIPEND_SAMPLE_OBSERVED);
    if (observed && sample.coverage_ppm < settings_.min_coverage_ppm) {
        return hold(sample, decision, "the host saw too little of the period");
    }
    // The lower of the reported and the observed uptime decides.
    const bool answered = sample.job == STIPEND_JOB_OK && has(sample, STIPEND_SAMPLE_REPORTED);
    std::uint32_t uptime = answered ? sample.reported_ppm : 0;
    if (answered && observed && sample.coverage_ppm > 0) uptime = std::min(uptime, sample.observed_ppm);
    if (uptime > ppm_one) {
        return fail(STIPEND_E_INVALID, "sample uptime: got ", uptime, ", want at most 1000000");
    }
    const Tier& tier = settings_.table.find(uptime);

    const bool failed = !answered || tier.counts_as_failure;
    const std::uint32_t failures_before = std::min(sample.consecutive_failures, UINT32_MAX - 1);
    const std::uint32_t failures = failed ? failures_before + 1 : 0;
    const bool was_suspended = has(sample, STIPEND_SAMPLE_SUSPENDED);
    std::uint32_t recovered = failed ? 0 : recovered_of(sample.memory) + (was_suspended ? 1 : 0);
    const bool suspended = failed ? was_suspended || failures >= settings_.max_consecutive_failures
                                  : was_suspended && recovered < settings_.recovery_checks;
    if (was_suspended && !suspended) recovered = 0;

    const bool paid = !failed && !suspended && tier.multiplier_ppm > 0;
    decision.action = STIPEND_SKIP;
    if (paid) STIPEND_TRY(pay(factor_ppm, sample, tier, decision));
    decision.uptime_ppm = uptime;
    decision.delay_ns = tier.delay_ns;
    decision.consecutive_failures = failures;
    if (failed) decision.penalty_ns = penalty_ns(sample.interval_ns, failures);
    if (suspended) decision.flags = STIPEND_DECISION_SUSPENDED;
    set_recovered(decision.memory, recovered);
    stipend::set_text(decision.tier, tier.name);
    TextField reason(decision.reason);
    if (answered) {
        reason.add("uptime ").add_percent(uptime).add(" %");
    } else {
        reason.add("check failed");
    }
    if (suspended) reason.add(failed ? "; suspended" : "; suspended until more good checks in a row");
    return {};
}

std::int64_t Policy::penalty_ns(std::int64_t interval_ns, std::uint32_t failures) const {
    const auto last_of = [failures](const std::vector<std::int64_t>& seconds) {
        return seconds[std::min<std::size_t>(failures, seconds.size() - 1)] * stipend::ns_per_s;
    };
    if (interval_ns == settings_.interval_ns) return last_of(settings_.penalties_s);
    return last_of(penalties_s(interval_ns, settings_.punishment));  // the period began under another interval
}

Result<void> Policy::pay(std::uint32_t factor_ppm, const stipend_sample& sample, const Tier& tier,
                         stipend_decision& decision) const {
    Fraction factor{tier.multiplier_ppm, ppm_one};
    // The checks before this one: more than 100, of which more than 98 in 100 were good.
    if (settings_.reliability_bonus && sample.checks_total > 100 &&
        static_cast<uint128>(sample.checks_ok) * 100 > static_cast<uint128>(sample.checks_total) * 98) {
        factor = {factor.numerator * 11, factor.denominator * 10};
    }
    if (settings_.failure_reduction && sample.consecutive_failures > 0) {
        factor = {factor.numerator * 5, factor.denominator * (std::uint64_t{5} + sample.consecutive_failures)};
    }
    STIPEND_SET(decision.amount_usd_e8, scale(sample.base_usd_e8, factor, factor_ppm));
    decision.action = STIPEND_PAY;
    // Below 2^64 each: at most 1000 x 1.1 x 100, in parts per million. For the reader, who is given what fits.
    const auto multiplier = static_cast<uint128>(factor.numerator) * factor_ppm / factor.denominator;
    decision.multiplier_ppm = static_cast<std::uint32_t>(std::min<uint128>(multiplier, UINT32_MAX));
    return {};
}

Result<stipend::Bounds> Policy::bounds_times(std::uint32_t most_ppm, const stipend_terms& terms) const {
    std::uint32_t most = 0;
    std::int64_t soonest = max_delay_ns;
    for (const Tier& tier : settings_.table.tiers()) {
        most = std::max(most, tier.multiplier_ppm);
        soonest = std::min(soonest, tier.delay_ns);
    }
    Fraction factor{most, ppm_one};
    if (settings_.reliability_bonus) factor = {factor.numerator * 11, factor.denominator * 10};
    STIPEND_LET(usd, scale(terms.base_usd_e8, factor, most_ppm));
    return stipend::Bounds{usd, terms.interval_ns + soonest};
}

}  // namespace payment
