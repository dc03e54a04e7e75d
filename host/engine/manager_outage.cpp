// The manager's own checks where all of them fail at once, and the time that they do not count.
#include "host/base/time.hpp"
#include "host/engine/manager.hpp"

namespace stipend::engine {
namespace {

constexpr const char* outage_alert = "own-checks";
constexpr const char* unseen_alert = "own-checks-blind";

}  // namespace

// One alert for all own checks that fail at once, and a look at the witnesses.
void Manager::watch_outage(stipend_unix_ns now) {
    if (std::exchange(checks_changed_, false)) {
        const auto turn = outage_.review(
            [&](const std::function<bool(const runtime::Outage::Check&)>& show) {
                host_.watcher().visit_all([&](const runtime::TargetHistory& one) {
                    return show({one.series.verdict(now), one.series.since(), one.every_ns});
                });
            },
            now);
        using Step = runtime::Outage::Step;
        if (turn.unseen == Step::ended) engine_->resolve(unseen_alert, now);
        if (turn.unseen == Step::began) report_unseen();
        if (turn.failed == Step::ended) engine_->resolve(outage_alert, now);
        if (turn.failed == Step::began) {
            if (plan_->settings.witness.empty()) return report_outage("the time counts as down");
            look_at_witnesses(now);
        }
    }
    if (outage_.wants_look(now) && witnesses_awaited_ == 0) look_at_witnesses(now);
}

void Manager::report_outage(const std::string& outcome) {
    engine_->raise({.id = outage_alert,
                    .severity = STIPEND_ALERT_CRITICAL,
                    .text = cat("all ", outage_.checks(), " own checks failed at once, from ",
                                utc_text(outage_.began()), " on: ", outcome),
                    .at = host_.now()});
}

void Manager::report_unseen() {
    engine_->raise({.id = unseen_alert,
                    .severity = STIPEND_ALERT_WARNING,
                    .text = cat("none of the ", outage_.checks(), " own checks can look at its target, from ",
                                utc_text(outage_.began()),
                                " on: nothing leaves this host, or its name server does not answer: the time counts "
                                "neither as up nor as down"),
                    .at = host_.now()});
}

void Manager::look_at_witnesses(stipend_unix_ns now) {
    const auto& settings = plan_->settings;
    if (settings.witness.empty() || settings.monitors.empty()) return outage_.witnessed(true, now);
    struct Looks {
        std::size_t left;
        bool answered = false;
    };
    auto looks = std::make_shared<Looks>(Looks{settings.witness.size()});
    witnesses_awaited_ = looks->left;
    for (const auto& witness : settings.witness) {
        host_.watcher().look_once(
            settings.monitors.front().name, witness_endpoint(witness),
            [this, looks, now](const uptime::Observation& seen) {
                // One that answers as it should not answers all the same: the network works.
                looks->answered = looks->answered || seen.verdict == STIPEND_UP || seen.verdict == STIPEND_DEGRADED;
                witnesses_awaited_ = --looks->left;
                if (looks->left != 0) return;
                outage_.witnessed(looks->answered, now);
                if (!outage_.open()) return;
                report_outage(looks->answered
                                  ? "a witness answers, so the time counts as down"
                                  : "no witness answers either, so the time counts neither as up nor as down");
            });
    }
}

std::optional<uptime::Observed> Manager::observed(const registry::Payee& payee, stipend_unix_ns from,
                                                  stipend_unix_ns to) const {
    // Time that counts neither as up nor as down.
    auto excused = plan_->maintenance.within(payee.key, from, to);
    for (const auto& window : outage_.blind(from, to)) excused.push_back(window);
    return host_.watcher().observed(payee.id, from, to, std::move(excused));
}

}  // namespace stipend::engine
