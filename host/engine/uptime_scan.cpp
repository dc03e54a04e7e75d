#include "host/engine/uptime_scan.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "stipend/money.hpp"

namespace stipend::engine {
namespace {

constexpr std::uint32_t scanned_at_once = 4096;

}  // namespace

stipend_sample without_history(stipend_sample sample) {
    sample.job = STIPEND_JOB_OK;
    sample.flags = STIPEND_SAMPLE_REPORTED | (sample.flags & STIPEND_SAMPLE_OBSERVED);
    sample.consecutive_failures = 0;
    sample.checks_total = 0;
    sample.checks_ok = 0;
    sample.memory = {};
    sample.demand_ppm = 0;
    return sample;
}

Result<void> scan_uptimes(const plugin::PolicyInstance& policy, const stipend_sample& sample, const UptimeSink& sink) {
    std::vector<stipend_sample> in;
    std::vector<stipend_decision> out;
    constexpr std::uint32_t end = ppm_one + 1;
    for (std::uint32_t begin = 0; begin < end; begin += scanned_at_once) {
        const auto count = std::min(scanned_at_once, end - begin);
        in.assign(count, sample);
        out.assign(count, {});
        for (std::uint32_t at = 0; at < count; ++at) {
            in[at].reported_ppm = begin + at;
            if ((sample.flags & STIPEND_SAMPLE_OBSERVED) != 0) in[at].observed_ppm = begin + at;
        }
        STIPEND_TRY(policy.decide(in, out));
        for (std::uint32_t at = 0; at < count; ++at) sink(begin + at, out[at]);
    }
    return {};
}

bool same_terms(const stipend_decision& a, const stipend_decision& b) {
    return a.action == b.action && a.amount_usd_e8 == b.amount_usd_e8 && a.multiplier_ppm == b.multiplier_ppm &&
           a.delay_ns == b.delay_ns && a.penalty_ns == b.penalty_ns &&
           a.consecutive_failures == b.consecutive_failures && std::strncmp(a.tier, b.tier, sizeof a.tier) == 0;
}

Result<UptimeRange> range_around(const plugin::PolicyInstance& policy, const stipend_sample& sample,
                                 std::uint32_t ppm) {
    UptimeRange run;
    UptimeRange found;
    const auto note = [&] {
        if (run.from_ppm <= ppm && ppm <= run.to_ppm) found = run;
    };
    STIPEND_TRY(scan_uptimes(policy, sample, [&](std::uint32_t at, const stipend_decision& decision) {
        if (at > 0 && same_terms(run.decision, decision)) {
            run.to_ppm = at;
            return;
        }
        if (at > 0) note();
        run = {at, at, decision};
    }));
    note();
    return found;
}

}  // namespace stipend::engine
