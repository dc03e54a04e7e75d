#include "host/engine/manager_events.hpp"

#include "host/engine/alerts.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/payout_json.hpp"

namespace stipend::engine {
namespace {

const char* standing_name(std::uint32_t failures, bool suspended) {
    if (suspended) return "suspended";
    return failures > 0 ? "unhealthy" : "connected";
}

void add_decision(const ledger::Change& change, std::vector<api::Event>& out) {
    const auto& row = change.line.decision;
    const std::string key(change.line.key);
    out.push_back({{change.seq, 0}, key, "payment", ledger::decision_json(change.line).dump()});
    const auto* before = standing_name(change.failures_before, change.suspended_before);
    const auto* after = standing_name(row.consecutive_failures, row.suspended);
    if (std::string_view(before) == after) return;
    out.push_back({{change.seq, 1},
                   key,
                   "state",
                   Json::object()
                       .append("orchestrator", key)
                       .append("from", before)
                       .append("to", after)
                       .append("epoch", row.epoch)
                       .append("consecutive_failures", row.consecutive_failures)
                       .dump()});
}

// "ID: TEXT", as the engine writes it.
void add_alert(const ledger::Change& change, std::vector<api::Event>& out) {
    const std::string_view body = change.alert;
    const auto end = body.find(": ");
    const auto id = body.substr(0, end);
    const auto text = end == std::string_view::npos ? std::string_view() : body.substr(end + 2);
    out.push_back({{change.seq, 0},
                   std::string(payee_of_alert(id)),
                   "alert",
                   Json::object().append("id", id).append("text", text).append("resolved", text == "resolved").dump()});
}

}  // namespace

Result<api::EventSource::Part> ManagerEvents::read(std::int64_t after, std::size_t limit) {
    Part out;
    const auto read = ledger_.read([&](ledger::Ledger& ledger) {
        out = {};
        return ledger.changes(after, limit, [&](const ledger::Change& change) {
            switch (change.kind) {
                case ledger::Change::Kind::decision:
                    return add_decision(change, out.events);
                case ledger::Change::Kind::alert:
                    return add_alert(change, out.events);
                case ledger::Change::Kind::manual:
                    out.events.push_back({{change.seq, 0},
                                          std::string(change.manual.key),
                                          "payment",
                                          ledger::manual_payment_json(change.manual).dump()});
                    return;
                case ledger::Change::Kind::objection:
                    out.events.push_back({{change.seq, 0},
                                          change.objection.key,
                                          "objection",
                                          ledger::objection_json(change.objection).dump()});
                    return;
                case ledger::Change::Kind::payout:
                    out.events.push_back(
                        {{change.seq, 0}, change.payout.key, "payout", ledger::payout_json(change.payout).dump()});
            }
        });
    });
    if (!read) return read.error();
    out.last = read->last;
    out.lost = read->lost;
    return out;
}

Result<std::int64_t> ManagerEvents::end() {
    STIPEND_LET(head, ledger_.read([](ledger::Ledger& ledger) { return ledger.head(); }));
    return head.seq;
}

}  // namespace stipend::engine
