#include "host/engine/manager_reads.hpp"

#include <array>
#include <ranges>

#include "host/base/time.hpp"
#include "host/engine/registrar.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/decision_proof.hpp"
#include "host/ledger/head_file.hpp"
#include "host/ledger/payout_json.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t patience_ns = 5 * ns_per_s;
// What is approved is the engine's once the configuration was applied again, which takes no longer than this.
constexpr std::int64_t approval_ns = 60 * ns_per_s;
// The list goes on with registrations that the engine does not know. Their cursors are above all ids of the ledger.
constexpr std::int64_t first_pending_cursor = std::int64_t{1} << 62;
// What a manual payment has and a decision has not.
constexpr std::array manual_payment_columns{"kind",    "payment_id", "stated_in", "usd_per_eth", "rate_source",
                                            "rate_at", "call_type",  "reference", "metadata",    "by"};
constexpr std::size_t addresses_at_once = 2'000;  // in one turn of the control thread

Json time_or_null(stipend_unix_ns at) {
    return at == 0 ? Json() : Json(utc_text(at));
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json listed(const std::vector<std::string>& texts) {
    auto out = Json::array();
    for (const auto& text : texts) out.push(text);
    return out;
}

// Of texts that are separated by '\n'.
Json listed(std::string_view texts) {
    auto out = Json::array();
    for (const auto text : std::views::split(texts, '\n')) out.push(std::string(text.begin(), text.end()));
    return out;
}

}  // namespace

template <class Work>
auto ManagerReads::on_control(Work work) -> Result<decltype(work())> {
    return host_.loop().ask_within(patience_ns, std::move(work));
}

ManagerReads::Row ManagerReads::row_of(const Engine& engine, registry::PayeeIndex at) {
    const auto* network = engine.owed_on(at);
    return {engine.payees()[at], engine.state_of(at), engine.is_active(at), engine.has_open_gap(at),
            network == nullptr ? ledger::Network() : *network};
}

Result<std::vector<Json>> ManagerReads::shown(std::vector<Row> rows) {
    for (auto& row : rows) {
        if (!registrations_) break;
        STIPEND_SET(row.change, registrations_->pending_change(row.payee.key));
        STIPEND_LET(found, registrations_->find(row.payee.key));
        if (found) row.registration = std::move(*found);
    }
    std::vector<ledger::OrchestratorId> ids;
    ids.reserve(rows.size());
    for (const auto& row : rows) ids.push_back(row.payee.id);
    STIPEND_LET(standings, ledger_.read([&](ledger::Ledger& ledger) { return ledger.standings(ids); }));
    const auto failing = unreached();
    std::vector<Json> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [payee, state, active, held, network, registration, change] = rows[i];
        const bool unapproved =
            !active && registration && registration->state == registry::RegistrationState::unapproved;
        const auto& standing = standings[i];
        const auto* last = standing.last ? &*standing.last : nullptr;
        auto capabilities = Json::array();
        if (registration) {
            capabilities = listed(registration->stated.capabilities);
        } else if (!payee.capability.empty()) {
            capabilities.push(payee.capability);
        }
        const bool reached = !failing.contains(payee.key);
        const bool has_uptime = last != nullptr && last->uptime_ppm;
        out.push_back(
            Json::object()
                .append("orchestrator_id", payee.key)
                .append("endpoint", payee.address)
                .append("status", unapproved                       ? "unapproved"
                                  : !active                        ? "disconnected"
                                  : state.consecutive_failures > 0 ? "unhealthy"
                                  : !reached                       ? "unhealthy"
                                                                   : "connected")
                .append("last_heartbeat", time_or_null(state.last_decided_at))
                .append("last_proof", time_or_null(proofs_.last(payee.key)))
                .append("endpoint_problem", endpoint_problem(payee.key))
                .append("connection_started", utc_text(payee.first_seen_at))
                .append("total_calls_processed", state.checks_total)
                .append("average_latency_ms", standing.latency_ns ? Json(*standing.latency_ns / ns_per_ms) : Json())
                .append("capabilities", std::move(capabilities))
                .append("dispatcher", active ? Json(registry::shown_dispatcher(payee.dispatch)) : Json())
                .append("owed_wei", standing.owed.text())
                .append("asset", text_or_null(network.symbol))
                .append("decimals", network.decimals)
                .append("checks_ok", state.checks_ok)
                .append("consecutive_failures", state.consecutive_failures)
                .append("suspended", state.suspended)
                .append("held", held)
                .append("epoch", state.epoch)
                .append("next_due", active ? time_or_null(state.due_at) : Json())
                .append("last_tier", last == nullptr ? Json() : Json(last->tier))
                .append("last_uptime_percent", has_uptime ? Json::of_number(ppm_to_percent(*last->uptime_ppm)) : Json())
                .append("payout_address", text_or_null(payee.payout_address))
                .append("worker_key", text_or_null(payee.worker_key))
                .append("service_addresses", listed(payee.service_addresses))
                .append("payout_proven", registration && registration->payout_proven)
                .append("pending_change", change_json(change))
                .append("offer", active ? offer_of(payee.key) : Json())
                .append("registration", registration ? Json(registry::name_of(registration->state)) : Json()));
    }
    return out;
}

Json ManagerReads::shown_pending(const registry::Registration& registration) const {
    return Json::object()
        .append("orchestrator_id", registration.stated.id)
        .append("endpoint", registration.stated.endpoint)
        .append("status", registration.state == registry::RegistrationState::unapproved ? "unapproved" : "disconnected")
        .append("last_heartbeat", Json())
        .append("last_proof", Json())
        .append("endpoint_problem", endpoint_problem(registration.stated.id))
        .append("connection_started", utc_text(registration.created_at))
        .append("total_calls_processed", 0)
        .append("average_latency_ms", Json())
        .append("capabilities", listed(registration.stated.capabilities))
        .append("dispatcher", Json())
        .append("owed_wei", "0")
        .append("asset", Json())
        .append("decimals", ledger::coin_decimals)
        .append("checks_ok", 0)
        .append("consecutive_failures", 0)
        .append("suspended", false)
        .append("held", false)
        .append("epoch", 0)
        .append("next_due", Json())
        .append("last_tier", Json())
        .append("last_uptime_percent", Json())
        .append("payout_address", text_or_null(registration.stated.payout_address))
        .append("worker_key", text_or_null(registration.stated.worker_key))
        .append("service_addresses", listed(registration.stated.service_addresses))
        .append("payout_proven", registration.payout_proven)
        .append("pending_change", Json())
        .append("offer", Json())
        .append("registration", registry::name_of(registration.state));
}

std::set<std::string, std::less<>> ManagerReads::unreached() const {
    if (!connect_back_) return {};
    auto failing = connect_back_->failing();
    return {std::make_move_iterator(failing.begin()), std::make_move_iterator(failing.end())};
}

Json ManagerReads::endpoint_problem(std::string_view id) const {
    return text_or_null(connect_back_ ? connect_back_->seen(id).why : std::string());
}

Json ManagerReads::offer_of(std::string_view id) const {
    const auto seen = offers_ ? offers_->seen(id) : std::nullopt;
    if (!seen) return {};
    return Json::object()
        .append("reachable", seen->reachable)
        .append("price_wei_per_second", seen->reachable ? Json(seen->price_per_s.text()) : Json())
        .append("capacity", seen->reachable && seen->capacity >= 0 ? Json(seen->capacity) : Json())
        .append("seen_at", utc_text(seen->at));
}

Result<std::vector<registry::Registration>> ManagerReads::pending() {
    if (!registrations_) return std::vector<registry::Registration>();
    return registrations_->pending(host_.now() - approval_ns);
}

Result<ManagerReads::Orchestrators> ManagerReads::orchestrators(std::optional<std::int64_t> after, std::size_t limit) {
    struct Page {
        Counts all;
        std::vector<Row> rows;
        bool more = false;
        std::vector<bool> known;  // of those that wait: the engine has it from an earlier time
    };
    STIPEND_LET(waiting, pending());
    std::vector<std::string> ids;
    ids.reserve(waiting.size());
    for (const auto& one : waiting) ids.push_back(one.stated.id);
    const bool behind = after && *after >= first_pending_cursor;
    STIPEND_LET(page,
                on_control([&engine = engine_, after, limit, behind, ids = std::move(ids), failing = unreached()] {
                    const auto& payees = engine.payees();
                    Page out;
                    out.all = {.connected = engine.active() - engine.failing(),
                               .disconnected = payees.size() - engine.active(),
                               .unhealthy = engine.failing()};
                    for (const auto& id : failing) {
                        const auto at = payees.find(id);
                        if (!at || !engine.is_active(*at) || engine.state_of(*at).consecutive_failures > 0) continue;
                        --out.all.connected;
                        ++out.all.unhealthy;
                    }
                    for (const auto& id : ids) out.known.push_back(payees.find(id).has_value());
                    if (behind) return out;
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
    Orchestrators out{.all = page.all, .part = {}};
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        const bool unapproved = waiting[i].state == registry::RegistrationState::unapproved;
        if (unapproved) {
            ++out.all.unapproved;
            if (page.known[i] && out.all.disconnected > 0) --out.all.disconnected;
        } else if (!page.known[i]) {
            ++out.all.disconnected;
        }
    }
    auto& part = out.part;
    if (page.more) part.next = page.rows.back().payee.id;
    const auto last_id = page.rows.empty() ? std::optional<std::int64_t>() : page.rows.back().payee.id;
    STIPEND_SET(part.items, shown(std::move(page.rows)));
    if (page.more) return out;
    const auto seen = behind ? *after - first_pending_cursor : 0;
    auto cursor = behind ? after : last_id;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (page.known[i] || waiting[i].number <= seen) continue;
        if (part.items.size() == limit) {
            part.next = cursor.value_or(first_pending_cursor);
            return out;
        }
        part.items.push_back(shown_pending(waiting[i]));
        cursor = first_pending_cursor + waiting[i].number;
    }
    return out;
}

Result<std::optional<Json>> ManagerReads::orchestrator(std::string_view id) {
    STIPEND_LET(rows, on_control([&engine = engine_, id = std::string(id)] {
                    std::vector<Row> out;
                    if (const auto at = engine.payees().find(id)) out.push_back(row_of(engine, *at));
                    return out;
                }));
    if (rows.empty()) {
        if (!registrations_) return std::optional<Json>();
        STIPEND_LET(found, registrations_->find(id));
        const bool there = found && found->state != registry::RegistrationState::removed;
        if (!there) return std::optional<Json>();
        STIPEND_LET(change, registrations_->pending_change(id));
        auto out = shown_pending(*found);
        out.set("pending_change", change_json(change));
        return std::optional(std::move(out));
    }
    STIPEND_LET(items, shown(std::move(rows)));
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

Result<std::optional<ledger::OrchestratorId>> ManagerReads::id_of(const std::string& key) {
    return on_control([&engine = engine_, key] {
        const auto at = engine.payees().find(key);
        return at ? std::optional(engine.payees().id(*at)) : std::nullopt;
    });
}

Result<std::optional<ManagerReads::Part>> ManagerReads::payouts(const PayoutQuery& query) {
    ledger::PayoutFilter filter{
        .orchestrator = {}, .open = query.open, .before = query.before, .limit = query.limit + 1};
    if (!query.orchestrator.empty()) {
        STIPEND_SET(filter.orchestrator, id_of(query.orchestrator));
        if (!filter.orchestrator) return std::optional<Part>();
    }
    Part out;
    std::int64_t last = 0;
    STIPEND_TRY(ledger_.read([&](ledger::Ledger& ledger) {
        out = {};
        return ledger.payouts(filter, [&](const ledger::PayoutLine& line) -> Result<void> {
            if (out.items.size() == query.limit) {
                out.next = last;
            } else {
                out.items.push_back(ledger::payout_json(line));
                last = line.row.id;
            }
            return {};
        });
    }));
    return std::optional(std::move(out));
}

Result<std::optional<Json>> ManagerReads::payout(std::string_view orchestrator, std::int64_t number) {
    STIPEND_LET(found, ledger_.read([&](ledger::Ledger& ledger) { return ledger.payout(number); }));
    if (!found || found->line.key != orchestrator) return std::optional<Json>();
    return std::optional(ledger::payout_json(*found));
}

Result<std::optional<ManagerReads::Part>> ManagerReads::payments(const PaymentQuery& query) {
    ledger::RecentFilter filter{.orchestrator = {}, .from = query.from, .before = query.before, .limit = query.limit};
    if (!query.orchestrator.empty()) {
        STIPEND_SET(filter.orchestrator, id_of(query.orchestrator));
        if (!filter.orchestrator) return std::optional<Part>();
    }
    Part out;
    STIPEND_SET(out.next, ledger_.read([&](ledger::Ledger& ledger) {
        out.items.clear();
        return ledger.recent_payments(
            filter,
            [&](const ledger::DecisionLine& line) -> Result<void> {
                out.items.push_back(decision_json(line));
                return {};
            },
            [&](const ledger::ManualLine& line) -> Result<void> {
                out.items.push_back(manual_payment_json(line));
                return {};
            });
    }));
    return std::optional(std::move(out));
}

Result<std::optional<Json>> ManagerReads::payment_proof(std::string_view orchestrator, std::uint64_t epoch) {
    return proofs_ledger_.read(
        [&](ledger::Ledger& book) { return ledger::prove_decision(book, heads_, orchestrator, epoch); });
}

Result<std::optional<Json>> ManagerReads::signed_head() {
    STIPEND_LET(head, ledger::last_head(heads_));
    return head ? std::optional(ledger::to_json(*head)) : std::nullopt;
}

Json ManagerReads::payment_form() const {
    auto form = ledger::decision_json({});
    for (const auto* column : manual_payment_columns) form.append(column, Json());
    return form;
}

Result<ManagerReads::Health> ManagerReads::health() {
    return on_control([&engine = engine_, &host = host_] {
        const auto now = host.now();
        return Health{.parts = engine.health(now), .now = now};
    });
}

}  // namespace stipend::engine
