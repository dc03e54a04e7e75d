// What a manager looks at beside its payments: the clock, the ledger's log, and the heads that it signs.
#include "host/engine/manager.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t clock_jump_ns = 2 * ns_per_s;
constexpr std::int64_t wal_look_ns = 30 * ns_per_s;

}  // namespace

// The schedule follows the monotonic clock. That the wall clock was set is reported, since records follow it too.
void Manager::watch_clock(stipend_unix_ns now) {
    const auto skew = host_.line().skew_ns();
    if (skew > clock_jump_ns || skew < -clock_jump_ns) {
        engine_->raise({.id = "clock-set",
                        .severity = STIPEND_ALERT_WARNING,
                        .text = cat("the clock was set by ", skew / ns_per_s,
                                    " s while the host runs: the schedule goes on "
                                    "unchanged; records keep the time of the host's start until it is started again"),
                        .at = now});
    } else {
        engine_->resolve("clock-set", now);
    }
}

void Manager::watch_wal(stipend_unix_ns now) {
    if (now < next_wal_look_) return;
    next_wal_look_ = now + wal_look_ns;
    host_.writer().query([this](ledger::Ledger& ledger) {
        // Where this fails, commits fail as well, and say so.
        const auto wal = ledger.wal();
        if (!wal) return;
        host_.loop().post([this, text = ledger::held_wal_text(*wal)] {
            if (!text) return engine_->resolve("ledger-wal", host_.now());
            engine_->raise({.id = "ledger-wal", .severity = STIPEND_ALERT_WARNING, .text = *text, .at = host_.now()});
        });
    });
}

void Manager::sign_heads() {
    heads_ = std::make_unique<HeadSigner>(host_, plan_->settings, [this](const char* alert, const std::string& text) {
        const auto now = host_.now();
        if (text.empty()) return engine_->resolve(alert, now);
        engine_->raise({.id = alert, .severity = STIPEND_ALERT_WARNING, .text = text, .at = now});
    });
}

void Manager::watch_targets() {
    constexpr const char* failing = "sla-watch";
    const auto is_ours = [](const std::string& id) { return id.starts_with("sla:"); };
    sla_ = std::make_unique<SlaWatch>(
        host_, plan_->settings,
        SlaWatch::Parts{
            .capabilities =
                [this] {
                    SlaWatch::Capabilities out;
                    const auto& payees = engine_->payees();
                    for (registry::PayeeIndex at = 0; at < payees.size(); ++at) {
                        auto payee = payees[at];
                        if (!payee.capability.empty()) out.emplace(std::move(payee.key), std::move(payee.capability));
                    }
                    return out;
                },
            .raise =
                [this](const analysis::BurnBook::Firing& one) {
                    const bool critical = one.severity == "critical";
                    engine_->raise({.id = one.id,
                                    .severity = critical ? STIPEND_ALERT_CRITICAL : STIPEND_ALERT_WARNING,
                                    .text = one.text,
                                    .at = host_.now()});
                },
            .resolve_others =
                [this, is_ours](const std::function<bool(const std::string&)>& fires) {
                    std::set<std::string> ended;
                    for (const auto& [id, alert] : engine_->alerts().all()) {
                        if (is_ours(id) && !fires(id)) ended.insert(id);
                    }
                    for (const auto& id : fired_before_) {
                        if (is_ours(id) && !fires(id)) ended.insert(id);
                    }
                    for (const auto& id : ended) engine_->resolve(id, host_.now());
                },
            .failed =
                [this](const std::string& text) {
                    if (text.empty()) return engine_->resolve(failing, host_.now());
                    engine_->raise({.id = failing, .severity = STIPEND_ALERT_WARNING, .text = text, .at = host_.now()});
                }});
}

}  // namespace stipend::engine
