#include "host/engine/status.hpp"

#include "host/base/time.hpp"

namespace stipend::engine {
namespace {

Json alerts_json(const AlertBook& book) {
    Json out = Json::array();
    for (const auto& [id, alert] : book.all()) {
        out.push(Json::object()
                     .append("id", id)
                     .append("severity", alert.severity == STIPEND_ALERT_CRITICAL ? "critical" : "warning")
                     .append("text", alert.text)
                     .append("since", utc_text(alert.at)));
    }
    return out;
}

Json orchestrators_json(const Engine& engine, stipend_unix_ns now) {
    Json out = Json::array();
    const auto& payees = engine.payees();
    for (registry::PayeeIndex at = 0; at < payees.size() && out.items().size() < max_listed; ++at) {
        if (!engine.is_active(at)) continue;
        const auto state = engine.state_of(at);
        out.push(Json::object()
                     .append("orchestrator", payees[at].key)
                     .append("address", payees[at].address)
                     .append("dispatcher", registry::shown_dispatcher(payees[at].dispatch))
                     .append("epoch", state.epoch)
                     .append("next_at", utc_text(state.due_at))
                     .append("consecutive_failures", state.consecutive_failures)
                     .append("suspended", state.suspended)
                     .append("held", engine.has_open_gap(at))
                     .append("fees_today_wei", engine.fees().used(at, now).text()));
    }
    return out;
}

Json unpaid_json(const std::vector<ledger::Gap>& gaps) {
    Json out = Json::array();
    for (const auto& gap : gaps) {
        out.push(Json::object()
                     .append("orchestrator", gap.key)
                     .append("from", utc_text(gap.from))
                     .append("to", gap.to ? Json(utc_text(*gap.to)) : Json())
                     .append("cause", gap.cause)
                     .append("at_stake_usd", gap.usd ? Json(gap.usd->text()) : Json()));
    }
    return out;
}

Json fees_json(const Engine& engine, const ManagerPlan& plan, stipend_unix_ns now) {
    const auto& limits = engine.generations().back()->fees;
    return Json::object()
        .append("day", utc_text(now).substr(0, 10))
        .append("used_wei", engine.fees().used(now).text())
        .append("limit_wei", limits.per_day.text())
        .append("orchestrator_limit_wei", limits.per_orchestrator_day.text())
        .append("largest", fees_text(plan.fees));
}

Json texts_json(const std::vector<std::string>& texts) {
    Json out = Json::array();
    for (const auto& text : texts) out.push(text);
    return out;
}

std::string_view paid_text(config::Settlement settlement) {
    switch (settlement) {
        case config::Settlement::dry_run:
            break;
        case config::Settlement::accrue:
            return "debts are real, and paid once settlement is switched on";
        case config::Settlement::ethereum:
            return "on the chain: `stipend payouts list`";
    }
    return "never: this is a dry run";
}

}  // namespace

Json summary_json(const Engine& engine, const ManagerPlan& plan, const std::vector<std::string>& unwell,
                  const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now) {
    const auto& counters = engine.counters();
    const auto ns = runtime::namespace_of(plan.settings);
    const auto& networks = engine.networks().all();
    const auto rate = networks.front().price.rate(now);
    auto out = Json::object()
                   .append("settlement", ns.text())
                   .append("paid", paid_text(plan.settings.settlement))
                   .append("now", utc_text(now))
                   .append("generation", engine.generations().back()->row.id)
                   .append("usd_per_eth", rate ? Json(scaled_text(*rate, 8)) : Json())
                   .append("largest_spend", spend_text(plan.spend))
                   .append("fees", fees_json(engine, plan, now))
                   .append("decisions", counters.decisions)
                   .append("held", counters.held)
                   .append("jobs", counters.jobs)
                   .append("jobs_in_flight", engine.in_flight())
                   .append("unexpected_results", counters.unexpected_results)
                   .append("plugins_unwell", texts_json(unwell))
                   .append("alerts", alerts_json(engine.alerts()))
                   .append("unpaid", unpaid_json(unpaid));
    if (networks.size() == 1) return out;
    auto rates = Json::array();
    for (const auto& one : networks) {
        const auto usd = one.price.rate(now);
        rates.push(Json::object()
                       .append("network", one.terms.name.empty() ? Json() : Json(one.terms.name))
                       .append("chain_id", one.terms.row.chain_id)
                       .append("asset", one.terms.row.symbol)
                       .append("usd", usd ? Json(scaled_text(*usd, 8)) : Json()));
    }
    out.set("rates", std::move(rates));
    return out;
}

Json status_json(const Engine& engine, const ManagerPlan& plan, const std::vector<std::string>& unwell,
                 const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now) {
    auto out = summary_json(engine, plan, unwell, unpaid, now);
    out.set("orchestrators", orchestrators_json(engine, now));
    return out;
}

Json stopped_json(const Engine& engine) {
    auto held = Json::array();
    auto suspended = Json::array();
    const auto& payees = engine.payees();
    for (registry::PayeeIndex at = 0; at < payees.size(); ++at) {
        if (!engine.is_active(at)) continue;
        if (engine.has_open_gap(at) && held.items().size() < max_listed) held.push(payees[at].key);
        if (engine.state_of(at).suspended && suspended.items().size() < max_listed) suspended.push(payees[at].key);
    }
    return Json::object().append("held", std::move(held)).append("suspended", std::move(suspended));
}

Json spend_json(const Engine& engine, stipend_unix_ns now) {
    const auto& limits = engine.generations().back()->limits;
    return Json::object()
        .append("day", utc_text(now).substr(0, 10))
        .append("accrued_usd", engine.accrued_today(now).text())
        .append("limit_usd", limits.per_day.text())
        .append("orchestrator_limit_usd", limits.per_orchestrator_day.text());
}

Json demand_json(const DemandMeter& meter) {
    const auto& rules = meter.rules();
    if (!rules) return {};
    const auto& last = meter.last();
    const bool counts = last && last->factor_ppm != 0;
    auto out = Json::object()
                   .append("factor", scaled_text(counts ? last->factor_ppm : ledger::demand_one, 6))
                   .append("floor", scaled_text(rules->floor_ppm, 6))
                   .append("ceiling", scaled_text(rules->ceiling_ppm, 6))
                   .append("target", scaled_text(rules->target_ppm, 6))
                   .append("next_at", utc_text(*meter.ends_at()));
    if (!counts) return out.append("cycle", Json());
    return out.append("cycle", Json::object()
                                   .append("from", utc_text(last->from))
                                   .append("to", utc_text(last->at))
                                   .append("jobs_asked", last->asked)
                                   .append("jobs_failed", last->failed)
                                   .append("jobs_waiting", last->waiting)
                                   .append("orchestrators_up", last->up)
                                   .append("supply", last->supply)
                                   .append("wanted", scaled_text(ledger::wanted_ppm(*last), 6))
                                   .append("before", scaled_text(last->before_ppm, 6))
                                   .append("day_least", scaled_text(last->least_ppm, 6))
                                   .append("day_most", scaled_text(last->most_ppm, 6)));
}

Result<std::vector<ledger::NetworkTotals>> RecentTotals::get(stipend_mono_ns now) {
    const std::lock_guard lock(mutex_);
    if (read_at_ && now - *read_at_ < kept_ns) return last_;
    STIPEND_SET(last_, ledger::totals(ledger::database_file(state_folder_), ns_));
    read_at_ = now;
    return last_;
}

Json totals_json(const std::vector<ledger::NetworkTotals>& totals) {
    auto out = Json::array();
    for (const auto& one : totals) {
        out.push(Json::object()
                     .append("chain_id", one.network.chain_id)
                     .append("token", one.network.is_token() ? Json(one.network.token) : Json())
                     .append("asset", one.network.symbol)
                     .append("decimals", one.network.decimals)
                     .append("owed", one.owed.text())
                     .append("under_way", one.under_way.text())
                     .append("paid", one.paid.text()));
    }
    return out;
}

}  // namespace stipend::engine
