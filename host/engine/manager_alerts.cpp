// The manager's alerts on their way to the host's receivers.
#include <algorithm>

#include "host/engine/manager.hpp"

namespace stipend::engine {

// A suspension lasts over a restart and is not raised anew: its alert goes on.
void Manager::confirm_suspensions() {
    if (fired_before_.empty()) return;
    for (registry::PayeeIndex payee = 0; payee < engine_->payees().size(); ++payee) {
        const auto id = "suspended:" + engine_->payees().key(payee);
        if (!fired_before_.contains(id) || !engine_->state_of(payee).suspended) continue;
        host_.alerts()->take({.id = id,
                              .severity = STIPEND_ALERT_WARNING,
                              .text = cat(engine_->payees().key(payee), " is suspended, since before the host started"),
                              .at = host_.now()});
    }
}

// An orchestrator gets what concerns itself, where it has set a target.
void Manager::tell(const std::string& alert_id, bool is_so) {
    if (!targets_ || !targets_->any()) return;
    const auto sign = alert::sign_of_alert(alert_id);
    if (sign != 0) targets_->observe(payee_of_alert(alert_id), sign, is_so);
}

void Manager::AlertingReporter::decided(const registry::Payee& payee, const ledger::Decision& decision,
                                        const ledger::Network& network, stipend_unix_ns now) {
    next_.decided(payee, decision, network, now);
    auto& targets = manager_.targets_;
    if (!targets || !targets->any()) return;
    targets->observe(payee.key, alert::sign_down, decision.consecutive_failures > 0);
    targets->observe(payee.key, alert::sign_suspended, decision.suspended);
}

void Manager::AlertingReporter::alert(const Alert& alert) {
    next_.alert(alert);
    manager_.tell(alert.id, !alert.resolved);
    manager_.fired_before_.erase(alert.id);
    auto* delivery = manager_.host_.alerts();
    if (delivery == nullptr) return;
    delivery->take({alert.id, alert.severity, alert.text, alert.at, alert.resolved});
}

void Manager::AlertingReporter::no_alert(const std::string& id) {
    manager_.tell(id, false);
    if (manager_.fired_before_.empty() || manager_.fired_before_.erase(id) == 0) return;
    if (auto* delivery = manager_.host_.alerts()) {
        delivery->take({.id = id, .text = "resolved", .at = manager_.host_.now(), .resolved = true});
    }
}

void Manager::raise_for(std::string_view instance, std::string_view id, std::int32_t severity, std::string_view text) {
    host_.loop().post([this, id = cat(instance, ":", id), severity, text = std::string(text)]() mutable {
        engine_->raise({.id = std::move(id), .severity = severity, .text = std::move(text), .at = host_.now()});
    });
}

void Manager::resolve_for(std::string_view instance, std::string_view id) {
    host_.loop().post([this, id = cat(instance, ":", id)] { engine_->resolve(id, host_.now()); });
}

// What instances raised that there are no more, nothing would resolve.
void Manager::resolve_alerts_of_removed(const config::Settings& before) {
    for (const auto& one : before.dispatchers) {
        const auto& now = plan_->settings.dispatchers;
        if (std::ranges::find(now, one.name, &config::Dispatch::name) != now.end()) continue;
        const auto prefix = cat(dispatch_key(one.name), ":");
        std::vector<std::string> ended;
        for (const auto& [id, alert] : engine_->alerts().all()) {
            if (id.starts_with(prefix)) ended.push_back(id);
        }
        for (const auto& id : ended) engine_->resolve(id, host_.now());
    }
}

}  // namespace stipend::engine
