#include "host/engine/manager_reads.hpp"

#include "host/base/time.hpp"
#include "host/ledger/decision_json.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t patience_ns = 5 * ns_per_s;
constexpr std::size_t addresses_at_once = 2'000;  // in one turn of the control thread

Json time_or_null(stipend_unix_ns at) {
    return at == 0 ? Json() : Json(utc_text(at));
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

}  // namespace

template <class Work>
auto ManagerReads::on_control(Work work) -> Result<decltype(work())> {
    return host_.loop().ask_within(patience_ns, std::move(work));
}

ManagerReads::Row ManagerReads::row_of(const Engine& engine, registry::PayeeIndex at) {
    return {engine.payees()[at], engine.state_of(at), engine.is_active(at), engine.has_open_gap(at)};
}

Result<std::vector<Json>> ManagerReads::shown(const std::vector<Row>& rows) {
    std::vector<ledger::OrchestratorId> ids;
    ids.reserve(rows.size());
    for (const auto& row : rows) ids.push_back(row.payee.id);
    STIPEND_LET(standings, ledger_.read([&](ledger::Ledger& ledger) { return ledger.standings(ids); }));
    std::vector<Json> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [payee, state, active, held] = rows[i];
        const auto& standing = standings[i];
        const auto* last = standing.last ? &*standing.last : nullptr;
        auto capabilities = Json::array();
        if (!payee.capability.empty()) capabilities.push(payee.capability);
        const bool has_uptime = last != nullptr && last->uptime_ppm;
        out.push_back(
            Json::object()
                .append("orchestrator_id", payee.key)
                .append("endpoint", payee.address)
                .append("status", !active                          ? "disconnected"
                                  : state.consecutive_failures > 0 ? "unhealthy"
                                                                   : "connected")
                .append("last_heartbeat", time_or_null(state.last_decided_at))
                .append("last_proof", Json())
                .append("connection_started", utc_text(payee.first_seen_at))
                .append("total_calls_processed", state.checks_total)
                .append("average_latency_ms", standing.latency_ns ? Json(*standing.latency_ns / ns_per_ms) : Json())
                .append("capabilities", std::move(capabilities))
                .append("owed_wei", standing.owed.text())
                .append("checks_ok", state.checks_ok)
                .append("consecutive_failures", state.consecutive_failures)
                .append("suspended", state.suspended)
                .append("held", held)
                .append("epoch", state.epoch)
                .append("next_due", active ? time_or_null(state.due_at) : Json())
                .append("last_tier", last == nullptr ? Json() : Json(last->tier))
                .append("last_uptime_percent", has_uptime ? Json::of_number(ppm_to_percent(*last->uptime_ppm)) : Json())
                .append("payout_address", text_or_null(payee.payout_address)));
    }
    return out;
}

Result<ManagerReads::Orchestrators> ManagerReads::orchestrators(std::optional<std::int64_t> after, std::size_t limit) {
    struct Page {
        Counts all;
        std::vector<Row> rows;
        bool more = false;
    };
    STIPEND_LET(page, on_control([&engine = engine_, after, limit] {
                    const auto& payees = engine.payees();
                    Page out;
                    out.all = {.connected = engine.active() - engine.failing(),
                               .disconnected = payees.size() - engine.active(),
                               .unhealthy = engine.failing()};
                    // Ids rise with the place, which the next start of the host may change.
                    registry::PayeeIndex at = 0;
                    if (after) {
                        const auto last = payees.find(ledger::OrchestratorId{*after});
                        if (!last) return out;
                        at = *last + 1;
                    }
                    for (; at < payees.size() && out.rows.size() < limit; ++at) out.rows.push_back(row_of(engine, at));
                    out.more = at < payees.size();
                    return out;
                }));
    STIPEND_LET(items, shown(page.rows));
    Orchestrators out{.all = page.all, .part = {.items = std::move(items), .next = {}}};
    if (page.more) out.part.next = page.rows.back().payee.id;
    return out;
}

Result<std::optional<Json>> ManagerReads::orchestrator(std::string_view id) {
    STIPEND_LET(rows, on_control([&engine = engine_, id = std::string(id)] {
                    std::vector<Row> out;
                    if (const auto at = engine.payees().find(id)) out.push_back(row_of(engine, *at));
                    return out;
                }));
    if (rows.empty()) return std::optional<Json>();
    STIPEND_LET(items, shown(rows));
    return std::optional(std::move(items.front()));
}

Result<std::vector<std::string>> ManagerReads::addresses() {
    std::vector<std::string> out;
    for (registry::PayeeIndex at = 0;;) {
        STIPEND_LET(some, on_control([&engine = engine_, at] {
                        std::pair<std::vector<std::string>, registry::PayeeIndex> part{{}, at};
                        const auto& payees = engine.payees();
                        const auto end = std::min(payees.size(), at + addresses_at_once);
                        for (; part.second < end; ++part.second) {
                            if (engine.is_active(part.second)) part.first.push_back(payees[part.second].address);
                        }
                        return part;
                    }));
        if (some.second == at) return out;
        at = some.second;
        out.insert(out.end(), std::make_move_iterator(some.first.begin()), std::make_move_iterator(some.first.end()));
    }
}

Result<std::optional<ManagerReads::Part>> ManagerReads::payments(const PaymentQuery& query) {
    ledger::RecentFilter filter{.orchestrator = {}, .from = query.from, .before = query.before, .limit = query.limit};
    if (!query.orchestrator.empty()) {
        STIPEND_LET(id, on_control([&engine = engine_, key = query.orchestrator] {
                        const auto at = engine.payees().find(key);
                        return at ? std::optional(engine.payees().id(*at)) : std::nullopt;
                    }));
        if (!id) return std::optional<Part>();
        filter.orchestrator = id;
    }
    Part out;
    STIPEND_SET(out.next, ledger_.read([&](ledger::Ledger& ledger) {
        out.items.clear();
        return ledger.recent_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
            out.items.push_back(decision_json(line));
            return {};
        });
    }));
    return std::optional(std::move(out));
}

Json ManagerReads::payment_form() const {
    return ledger::decision_json({});
}

Result<ManagerReads::Health> ManagerReads::health() {
    return on_control([&engine = engine_, &host = host_] {
        const auto now = host.now();
        return Health{.parts = engine.health(now), .now = now};
    });
}

}  // namespace stipend::engine
