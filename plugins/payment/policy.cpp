#include "policy.hpp"

#include <algorithm>
#include <cstring>

namespace payment {
namespace {

using stipend::Result;

// What the policy remembers of an account: good checks in a row since it was suspended.
struct Memory {
    std::uint32_t recovered = 0;

    static Memory read(const stipend_memory& raw) {
        Memory memory;
        for (int i = 0; i < 4; ++i) memory.recovered |= std::uint32_t{raw.bytes[i]} << (8 * i);
        return memory;
    }
    void write(stipend_memory& raw) const {
        std::memset(raw.bytes, 0, sizeof raw.bytes);
        for (int i = 0; i < 4; ++i) raw.bytes[i] = static_cast<std::uint8_t>(recovered >> (8 * i));
    }
};

// Fills a fixed text field piece by piece; what does not fit is cut off.
class Text {
  public:
    template <std::size_t N>
    explicit Text(char (&field)[N]) : at_(field), end_(field + N - 1) {}
    Text& add(std::string_view text) {
        const auto length = std::min(text.size(), static_cast<std::size_t>(end_ - at_));
        std::memcpy(at_, text.data(), length);
        at_ += length;
        return *this;
    }
    // A value in parts per million as a percentage, without trailing zeros.
    Text& add_percent(std::uint32_t ppm) {
        char digits[16];
        char* from = digits + sizeof digits;
        std::uint32_t fraction = ppm % 10'000;
        if (fraction != 0) {
            int places = 4;
            for (; fraction % 10 == 0; fraction /= 10) --places;
            for (; places > 0; --places, fraction /= 10) *--from = static_cast<char>('0' + fraction % 10);
            *--from = '.';
        }
        std::uint32_t whole = ppm / 10'000;
        do *--from = static_cast<char>('0' + whole % 10);
        while ((whole /= 10) != 0);
        return add({from, static_cast<std::size_t>(digits + sizeof digits - from)});
    }

  private:
    char* at_;
    char* end_;
};

bool has(const stipend_sample& sample, std::uint32_t flag) {
    return (sample.flags & flag) != 0;
}

void hold(const stipend_sample& sample, stipend_decision& decision, std::string_view why) {
    decision.action = STIPEND_HOLD;
    decision.consecutive_failures = sample.consecutive_failures;
    decision.flags = has(sample, STIPEND_SAMPLE_SUSPENDED) ? std::uint32_t{STIPEND_DECISION_SUSPENDED} : 0U;
    decision.memory = sample.memory;
    Text(decision.reason).add(why);
}

}  // namespace

Result<void> Policy::decide(const stipend_sample& sample, stipend_decision& decision, Scratch& scratch) const {
    if (sample.job == STIPEND_JOB_UNKNOWN) {
        hold(sample, decision, "the payer could not look");
        return {};
    }
    if (sample.job != STIPEND_JOB_OK && sample.job != STIPEND_JOB_FAILED) {
        return stipend::fail(STIPEND_E_INVALID, "sample.job: got ", sample.job, ", want OK, FAILED or UNKNOWN");
    }
    const bool observed = has(sample, STIPEND_SAMPLE_OBSERVED);
    if (observed && sample.coverage_ppm < settings_.min_coverage_ppm) {
        hold(sample, decision, "the host saw too little of the period");
        return {};
    }
    const bool answered = sample.job == STIPEND_JOB_OK && has(sample, STIPEND_SAMPLE_REPORTED);
    std::uint32_t uptime = answered ? sample.reported_ppm : 0;
    if (answered && observed && sample.coverage_ppm > 0) uptime = std::min(uptime, sample.observed_ppm);
    if (uptime > stipend::ppm_one) {
        return stipend::fail(STIPEND_E_INVALID, "sample uptime: got ", uptime, ", want at most 1000000");
    }
    const Tier& tier = settings_.table[settings_.table.find(uptime)];
    const bool failed = !answered || tier.counts_as_failure;

    decision.action = STIPEND_SKIP;
    decision.uptime_ppm = uptime;
    decision.delay_ns = tier.delay_ns;
    Text(decision.tier).add(tier.name);
    Text reason(decision.reason);
    if (answered) {
        reason.add("uptime ").add_percent(uptime).add(" %");
    } else {
        reason.add("check failed");
    }

    Memory memory = Memory::read(sample.memory);
    bool suspended = has(sample, STIPEND_SAMPLE_SUSPENDED);
    bool paid = !failed && tier.multiplier_ppm > 0;
    if (failed) {
        punish(sample, decision, scratch);
        memory.recovered = 0;
        suspended = suspended || decision.consecutive_failures >= settings_.max_consecutive_failures;
        if (suspended) reason.add("; suspended");
    } else if (suspended) {
        ++memory.recovered;
        if (memory.recovered >= settings_.recovery_checks) {
            suspended = false;
            memory.recovered = 0;
        } else {
            paid = false;
            reason.add("; suspended until more good checks in a row");
        }
    }
    if (paid) {
        if (!has(sample, STIPEND_SAMPLE_PRICED)) {
            const auto size = decision.size;
            decision = stipend_decision{};
            decision.size = size;
            hold(sample, decision, "no accepted price");
            return {};
        }
        STIPEND_TRY(pay(sample, tier, decision, scratch));
    }
    decision.flags = suspended ? std::uint32_t{STIPEND_DECISION_SUSPENDED} : 0U;
    memory.write(decision.memory);
    return {};
}

void Policy::punish(const stipend_sample& sample, stipend_decision& decision, Scratch& scratch) const {
    const std::uint32_t n = sample.consecutive_failures;
    decision.consecutive_failures = n == UINT32_MAX ? n : n + 1;
    const auto* penalties = &settings_.penalties;
    if (penalties->interval_ns() != sample.interval_ns) {
        // A period that began under another interval is punished by its own.
        if (scratch.other_interval.interval_ns() != sample.interval_ns) {
            scratch.other_interval = PenaltyTable(sample.interval_ns, settings_.punishment);
        }
        penalties = &scratch.other_interval;
    }
    decision.penalty_ns = penalties->seconds(decision.consecutive_failures) * stipend::ns_per_s;
}

Result<void> Policy::pay(const stipend_sample& sample, const Tier& tier, stipend_decision& decision,
                         Scratch& scratch) const {
    stipend::Fraction factor{tier.multiplier_ppm, stipend::ppm_one};
    // The checks before this one: more than 100, of which more than 98 in 100 were good.
    if (settings_.reliability_bonus && sample.checks_total > 100 &&
        static_cast<unsigned __int128>(sample.checks_ok) * 100 >
            static_cast<unsigned __int128>(sample.checks_total) * 98) {
        factor = {factor.numerator * 11, factor.denominator * 10};
    }
    if (settings_.failure_reduction && sample.consecutive_failures > 0) {
        factor = {factor.numerator * 5, factor.denominator * (std::uint64_t{5} + sample.consecutive_failures)};
    }
    auto& slot = scratch.pay[static_cast<std::size_t>(&tier - &settings_.table[0]) % Scratch::slots];
    if (slot.base_usd_e8 != sample.base_usd_e8 || slot.rate_e8 != sample.usd_per_eth_e8 ||
        slot.factor.numerator != factor.numerator || slot.factor.denominator != factor.denominator) {
        STIPEND_LET(usd, stipend::scale_usd(sample.base_usd_e8, factor));
        STIPEND_LET(wei, stipend::usd_to_wei(sample.base_usd_e8, factor, sample.usd_per_eth_e8));
        slot = {sample.base_usd_e8, sample.usd_per_eth_e8, factor, usd, wei.to_abi()};
    }
    decision.action = STIPEND_PAY;
    decision.amount_usd_e8 = slot.usd_e8;
    decision.amount_wei = slot.wei;
    decision.multiplier_ppm = static_cast<std::uint32_t>(static_cast<unsigned __int128>(factor.numerator) *
                                                         stipend::ppm_one / factor.denominator);
    return {};
}

Result<stipend::Bounds> Policy::bounds(const stipend_terms& terms) const {
    std::uint32_t most = 0;
    std::int64_t soonest = max_delay_ns;
    for (std::size_t at = 0; at < settings_.table.size(); ++at) {
        most = std::max(most, settings_.table[at].multiplier_ppm);
        soonest = std::min(soonest, settings_.table[at].delay_ns);
    }
    stipend::Fraction factor{most, stipend::ppm_one};
    if (settings_.reliability_bonus) factor = {factor.numerator * 11, factor.denominator * 10};
    STIPEND_LET(usd, stipend::scale_usd(terms.base_usd_e8, factor));
    return stipend::Bounds{usd, terms.interval_ns + soonest};
}

}  // namespace payment
