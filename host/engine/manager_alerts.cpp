// The manager's alerts on their way to the host's receivers.
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

void Manager::AlertingReporter::alert(const Alert& alert) {
    next_.alert(alert);
    manager_.fired_before_.erase(alert.id);
    auto* delivery = manager_.host_.alerts();
    if (delivery == nullptr) return;
    delivery->take({alert.id, alert.severity, alert.text, alert.at, alert.resolved});
}

void Manager::AlertingReporter::no_alert(const std::string& id) {
    if (manager_.fired_before_.empty() || manager_.fired_before_.erase(id) == 0) return;
    if (auto* delivery = manager_.host_.alerts()) {
        delivery->take({.id = id, .text = "resolved", .at = manager_.host_.now(), .resolved = true});
    }
}

}  // namespace stipend::engine
