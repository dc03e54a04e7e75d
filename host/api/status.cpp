#include "host/api/status.hpp"

#include <future>

#include "host/base/time.hpp"

namespace stipend::api {
namespace {

Json number(std::uint64_t value) {
    return Json::of_number(std::to_string(value));
}

Json alerts_json(const engine::AlertBook& book) {
    Json out = Json::array();
    for (const auto& [id, alert] : book.all()) {
        Json one = Json::object();
        one.set("id", Json::of_string(id));
        one.set("severity", Json::of_string(alert.severity == STIPEND_ALERT_CRITICAL ? "critical" : "warning"));
        one.set("text", Json::of_string(alert.text));
        one.set("since", Json::of_string(utc_text(alert.at)));
        out.push(std::move(one));
    }
    return out;
}

Json orchestrators_json(const engine::Engine& engine) {
    Json out = Json::array();
    const auto& payees = engine.payees();
    for (registry::PayeeIndex at = 0; at < payees.size() && out.items().size() < max_listed; ++at) {
        if (!engine.is_active(at)) continue;
        const auto state = engine.state_of(at);
        Json one = Json::object();
        one.set("orchestrator", Json::of_string(payees[at].key));
        one.set("address", Json::of_string(payees[at].address));
        one.set("epoch", number(state.epoch));
        one.set("next_at", Json::of_string(utc_text(state.due_at)));
        one.set("consecutive_failures", Json::of_int(state.consecutive_failures));
        one.set("suspended", Json::of_bool(state.suspended));
        one.set("held", Json::of_bool(engine.has_open_gap(at)));
        out.push(std::move(one));
    }
    return out;
}

Json unpaid_json(const std::vector<ledger::Gap>& gaps) {
    Json out = Json::array();
    for (const auto& gap : gaps) {
        Json one = Json::object();
        one.set("orchestrator", Json::of_string(gap.key));
        one.set("from", Json::of_string(utc_text(gap.from)));
        one.set("to", gap.to ? Json::of_string(utc_text(*gap.to)) : Json());
        one.set("cause", Json::of_string(gap.cause));
        one.set("at_stake_usd", gap.usd_e8 ? Json::of_string(scaled_text(*gap.usd_e8, 8)) : Json());
        out.push(std::move(one));
    }
    return out;
}

// The control thread's part.
Json engine_json(engine::Runtime& runtime, const std::vector<ledger::Gap>& gaps) {
    const auto& engine = runtime.engine();
    const auto& counters = engine.counters();
    const auto now = runtime.now();
    Json out = Json::object();
    out.set("settlement", Json::of_string(runtime.options().workshop.ns.text()));
    out.set("paid", Json::of_string(runtime.options().workshop.ns.mode == ledger::Mode::live
                                        ? "debts are real, and paid once settlement is switched on"
                                        : "never: this is a dry run"));
    out.set("now", Json::of_string(utc_text(now)));
    out.set("generation", Json::of_int(engine.generations().back()->row.id));
    const auto rate = engine.rate(now);
    out.set("usd_per_eth", rate ? Json::of_string(scaled_text(*rate, 8)) : Json());
    out.set("largest_spend", Json::of_string(engine::spend_text(runtime.plan().spend)));
    out.set("decisions", number(counters.decisions));
    out.set("held", number(counters.held));
    out.set("jobs", number(counters.jobs));
    out.set("jobs_in_flight", number(engine.in_flight()));
    out.set("stray_answers", number(counters.unexpected_results));
    Json unwell = Json::array();
    for (const auto& text : runtime.instance_health()) unwell.push(Json::of_string(text));
    out.set("plugins_unwell", std::move(unwell));
    out.set("alerts", alerts_json(engine.alerts()));
    out.set("orchestrators", orchestrators_json(engine));
    out.set("unpaid", unpaid_json(gaps));
    return out;
}

}  // namespace

Result<Json> status(engine::Runtime& runtime) {
    STIPEND_LET(gaps, runtime.writer().ask([](ledger::Ledger& ledger) { return ledger.unpaid({}, max_listed); }));
    std::promise<Json> promise;
    auto answer = promise.get_future();
    runtime.post(
        [&runtime, &gaps, promise = std::move(promise)]() mutable { promise.set_value(engine_json(runtime, gaps)); });
    try {
        return answer.get();
    } catch (const std::future_error&) {
        return fail(STIPEND_E_STATE, "the host is stopping");
    }
}

}  // namespace stipend::api
