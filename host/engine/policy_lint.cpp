#include "host/engine/policy_lint.hpp"

#include <cstring>

#include "host/engine/uptime_scan.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t lint_minute_ns = 60 * ns_per_s;

std::string percent(std::uint32_t ppm) {
    return ppm_to_percent(ppm) + " %";
}

class Linter {
  public:
    Linter(const plugin::PolicyInstance& policy, const LintRules& rules) : policy_(policy), rules_(rules) {}

    LintReport run() {
        const auto terms = make_terms(rules_.interval_ns, rules_.base.count_e8());
        if (auto bounds = policy_.bounds(terms)) {
            bounds_ = *bounds;
        } else {
            find({}, cat("the policy does not say what it pays at most: ", bounds.error().message));
        }
        auto sample = make_record<stipend_sample>();
        sample.epoch = 1;
        sample.evaluated_at = rules_.interval_ns;
        sample.interval_ns = rules_.interval_ns;
        sample.base_usd_e8 = rules_.base.count_e8();
        const auto done = scan_uptimes(policy_, without_history(sample),
                                       [&](std::uint32_t ppm, const stipend_decision& got) { take(ppm, got); });
        if (!done) {
            find({},
                 cat("the policy fails between ", percent(report_.decided), " and ",
                     percent(std::min<std::uint32_t>(report_.decided + 4095, ppm_one)), ": ", done.error().message));
        }
        end_step();
        return std::move(report_);
    }

  private:
    void find(std::string tier, std::string what) {
        ++report_.findings_total;
        if (report_.findings.size() < LintReport::max_findings) {
            report_.findings.push_back({std::move(tier), std::move(what)});
        }
    }

    void take(std::uint32_t ppm, const stipend_decision& got) {
        ++report_.decided;
        if (ppm > 0 && same_terms(last_, got)) {
            step_.to_ppm = ppm;
            return;
        }
        const auto before = step_;
        if (ppm > 0) end_step();
        last_ = got;
        step_ = {.from_ppm = ppm,
                 .to_ppm = ppm,
                 .tier = std::string(got.tier, strnlen(got.tier, sizeof got.tier)),
                 .multiplier_ppm = got.multiplier_ppm,
                 .usd = Usd::of_e8(got.amount_usd_e8),
                 .next_ns = rules_.interval_ns + got.delay_ns + got.penalty_ns,
                 .held = got.action == STIPEND_HOLD};
        check_bounds();
        if (ppm > 0) compare(before);
    }

    void end_step() {
        if (report_.decided == 0) return;
        if (step_.held) {
            find(step_.tier,
                 cat("gap: nothing is decided from ", percent(step_.from_ppm), " to ", percent(step_.to_ppm), ": ",
                     std::string_view(last_.reason, strnlen(last_.reason, sizeof last_.reason))));
        } else if (step_.next_ns > 0) {
            const auto times = (ns_per_day + step_.next_ns - 1) / step_.next_ns;
            const auto most = std::min(step_.usd.times_saturating(times), rules_.most_per_day);
            report_.largest_per_day = std::max(report_.largest_per_day, most);
        }
        ++report_.steps_total;
        if (report_.steps.size() < LintReport::max_steps) report_.steps.push_back(step_);
    }

    void check_bounds() {
        if (!bounds_ || step_.held) return;
        if (step_.usd <= bounds_->max_usd && step_.next_ns >= bounds_->min_next_ns) return;
        find(step_.tier,
             cat("at ", percent(step_.from_ppm), " the policy leaves its own bounds: got ", step_.usd.text(),
                 " USD, next after ", duration_text(step_.next_ns), ", want at most ", bounds_->max_usd.text(),
                 " USD, next after at least ", duration_text(bounds_->min_next_ns)));
    }

    // More uptime, and never less money a minute. Compared as products: exact.
    void compare(const LintStep& below) {
        if (below.held || step_.held || below.next_ns <= 0 || step_.next_ns <= 0) return;
        const auto up = static_cast<uint128>(step_.usd.count_e8()) * static_cast<uint128>(below.next_ns);
        const auto down = static_cast<uint128>(below.usd.count_e8()) * static_cast<uint128>(step_.next_ns);
        const auto both = [&] {
            return cat("got ", step_.per_minute().text(), " USD a minute at ", percent(step_.from_ppm), " (",
                       step_.tier, ") and ", below.per_minute().text(), " at ", percent(below.to_ppm), " (", below.tier,
                       ")");
        };
        if (up < down) return find(step_.tier, cat("more uptime pays less: ", both()));
        // A failed check is 0 % and earns nothing: the step to that is no cliff of a table.
        if (!rules_.cliff_ppm || below.to_ppm == 0 || up == down) return;
        using boost::multiprecision::cpp_int;
        const cpp_int lost = cpp_int(up - down) * ppm_one;
        if (lost > cpp_int(up) * *rules_.cliff_ppm) {
            find(step_.tier, cat("cliff: ", both(), ", ", percent(static_cast<std::uint32_t>(cpp_int(lost / up))),
                                 " less; want at most ", percent(*rules_.cliff_ppm)));
        }
    }

    const plugin::PolicyInstance& policy_;
    const LintRules& rules_;
    std::optional<plugin::PolicyBounds> bounds_ = {};
    LintReport report_ = {};
    LintStep step_ = {};
    stipend_decision last_ = {};
};

}  // namespace

Usd LintStep::per_minute() const {
    if (next_ns <= 0) return {};
    const auto e8 =
        static_cast<uint128>(usd.count_e8()) * static_cast<uint128>(lint_minute_ns) / static_cast<uint128>(next_ns);
    return Usd::of_e8(static_cast<std::int64_t>(std::min<uint128>(e8, INT64_MAX)));
}

LintReport lint_policy(const plugin::PolicyInstance& policy, const LintRules& rules) {
    return Linter(policy, rules).run();
}

}  // namespace stipend::engine
