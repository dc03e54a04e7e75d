#include "host/analysis/burn.hpp"

#include <algorithm>

#include "host/analysis/sla.hpp"
#include "stipend/money.hpp"

namespace stipend::analysis {
namespace {

constexpr std::size_t long_steps = 64;
constexpr std::size_t short_steps = 16;

}  // namespace

Stretch::Stretch(std::int64_t span_ns, std::size_t steps)
    : step_ns_(std::max<std::int64_t>(span_ns / static_cast<std::int64_t>(steps), 1)), steps_(steps) {}

void Stretch::add(stipend_unix_ns at, const Times& times) {
    const auto number = at / step_ns_;
    auto& step = steps_[static_cast<std::size_t>(number) % steps_.size()];
    if (step.number > number) return;
    if (step.number < number) step = {.number = number};
    step.measured += static_cast<std::int64_t>(times.measured());
    step.bad += static_cast<std::int64_t>(times.bad());
    ++step.checks;
}

Stretch::Sum Stretch::sum(stipend_unix_ns now) const {
    Sum out;
    const auto last = now / step_ns_;
    for (const auto& step : steps_) {
        if (step.number < 0 || step.number <= last - static_cast<std::int64_t>(steps_.size())) continue;
        out.measured += static_cast<uint128>(step.measured);
        out.bad += static_cast<uint128>(step.bad);
        out.checks += step.checks;
    }
    return out;
}

BurnBook::BurnBook(std::vector<config::Sla> targets) : targets_(std::move(targets)) {
    for (const auto& target : targets_) {
        for (const auto& alert : config::burn_alerts_of(target)) longest_ns_ = std::max(longest_ns_, alert.long_ns);
    }
}

Result<void> BurnBook::take(const Check& check, const std::function<std::string(std::string_view)>& capability) {
    const auto [found, is_new] = accounts_.try_emplace(check.decision.orchestrator);
    auto& account = found->second;
    if (is_new) {
        account.key = check.key;
        const auto of = capability(check.key);
        for (std::size_t at = 0; at < targets_.size(); ++at) {
            if (!covers(targets_[at], check.key, of)) continue;
            if (watched_ == max_watched) {
                return fail(STIPEND_E_LIMIT, "targets of uptime are for more than ", max_watched, " orchestrators");
            }
            ++watched_;
            auto& watched = account.targets.emplace_back(Watched{.target = at});
            for (const auto& alert : config::burn_alerts_of(targets_[at])) {
                watched.watches.push_back({.alert = alert,
                                           .longer = Stretch(alert.long_ns, long_steps),
                                           .shorter = Stretch(alert.short_ns, short_steps)});
            }
        }
    }
    if (account.targets.empty()) return {};
    const auto times = times_of(check.decision, check.excused);
    for (auto& watched : account.targets) {
        for (auto& watch : watched.watches) {
            watch.longer.add(check.decision.decided_at, times);
            watch.shorter.add(check.decision.decided_at, times);
        }
    }
    return {};
}

BurnBook::Firing BurnBook::firing(const config::Sla& target, const std::string& key, const Watch& watch,
                                  const Stretch::Sum& sum) const {
    const auto span = duration_text(watch.alert.long_ns);
    const auto burn = burn_ppm(target, sum.measured, sum.bad).value_or(0);
    const auto up = sum.measured == 0 ? 0 : (sum.measured - sum.bad) * ppm_one / sum.measured;
    return {.id = cat("sla:", target.name, ":", span, ":", key),
            .severity = watch.alert.severity,
            .text = cat(key, " uses up the error budget of ", target.name, " (", scaled_text(target.target_e6, 6),
                        " %) ", scaled_text(static_cast<std::int64_t>(burn / 10'000), 2), " times too fast: ",
                        ppm_to_percent(static_cast<std::uint32_t>(up)), " % up in the last ", span)};
}

std::vector<BurnBook::Firing> BurnBook::evaluate(stipend_unix_ns now) {
    std::vector<Firing> out;
    for (auto& [id, account] : accounts_) {
        for (auto& watched : account.targets) {
            const auto& target = targets_[watched.target];
            for (auto& watch : watched.watches) {
                const auto longer = watch.longer.sum(now);
                const auto shorter = watch.shorter.sum(now);
                const auto limit = static_cast<std::uint64_t>(watch.alert.burn_ppm);
                const auto beyond = [&](const Stretch::Sum& sum) {
                    return burn_ppm(target, sum.measured, sum.bad).value_or(0) >= limit;
                };
                if (shorter.checks > 0) watch.fires = beyond(longer) && beyond(shorter);
                if (longer.checks == 0) watch.fires = false;
                if (watch.fires) out.push_back(firing(target, account.key, watch, longer));
            }
        }
    }
    std::ranges::sort(out, {}, &Firing::id);
    return out;
}

}  // namespace stipend::analysis
