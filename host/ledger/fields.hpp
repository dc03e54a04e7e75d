// The fields of each record, listed once. Columns, placeholders, binding, reading, the bytes that the audit chain
// hashes, the JSON bodies of the chain, the checks of lengths and the export are visitors of these lists (columns.hpp,
// canonical.cpp, batch_check.cpp, export.cpp).
//
// To add a field: a member in rows.hpp, a line here, and a column in schema.cpp. The order of a list is the order of
// the canonical bytes, so a field of a record that the chain hashes goes to the end, in a new version of the canonical
// form.
#pragma once

#include <type_traits>

#include "host/ledger/field.hpp"
#include "host/ledger/payout_fields.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::ledger {

void fields(RowOf<Evidence> auto& e, auto&& visit) {
    visit(Field{.column = "http_status", .exported = "http_status", .brief = false}, e.http_status);
    visit(Field{.column = "served_by", .max_bytes = max_key_bytes, .exported = "served_by", .brief = false},
          e.served_by);
    visit(Field{.column = "latency_ns", .exported = "latency_ms", .format = Format::milliseconds}, e.latency_ns);
    visit(Field{.column = "window_s", .exported = "window_seconds"}, e.window_s);
    visit(Field{.column = "body_hash", .exported = "body_keccak256", .brief = false}, e.body_hash);
    visit(Field{.column = "body_head", .max_bytes = max_body_head_bytes, .exported = "body_head", .brief = false},
          Blob{e.body_head});
}

// An export begins with the key: the epoch and the orchestrator's name.
void fields(RowOf<Decision> auto& d, auto&& visit) {
    visit(Field{.column = "orchestrator"}, d.orchestrator);
    visit(Field{.column = "epoch"}, d.epoch);
    visit(Field{.column = "due_at"}, d.due_at);
    visit(Field{.column = "period_from"}, d.period_from);
    visit(Field{.column = "decided_at", .exported = "decided_at", .format = Format::utc_time}, d.decided_at);
    visit(Field{.column = "job", .exported = "job"}, d.job);
    visit(Field{.column = "uptime_ppm", .exported = "uptime_percent", .format = Format::percent}, d.uptime_ppm);
    visit(Field{.column = "coverage_ppm", .exported = "coverage_percent", .format = Format::percent}, d.coverage_ppm);
    visit(Field{.column = "action", .exported = "action"}, d.action);
    visit(Field{.column = "tier", .max_bytes = max_tier_bytes, .exported = "tier"}, d.tier);
    visit(Field{.column = "multiplier_ppm", .exported = "multiplier", .format = Format::factor}, d.multiplier_ppm);
    visit(Field{.column = "usd_e8", .exported = "amount_usd"}, d.usd);
    visit(Field{.column = "wei", .exported = "amount_wei", .brief = false}, d.wei);
    visit(Field{.column = "delay_ns", .exported = "delay_seconds", .format = Format::seconds}, d.delay_ns);
    visit(Field{.column = "penalty_ns", .exported = "penalty_seconds", .format = Format::seconds}, d.penalty_ns);
    visit(Field{.column = "next_at", .exported = "next_at", .format = Format::utc_time}, d.next_at);
    visit(Field{.column = "consecutive_failures", .exported = "consecutive_failures"}, d.consecutive_failures);
    visit(Field{.column = "suspended"}, d.suspended);
    visit(Field{.column = "reason", .max_bytes = max_reason_bytes, .exported = "reason"}, d.reason);
    visit(Field{.column = "generation", .exported = "generation"}, d.generation);
    visit(Field{.column = "", .exported = "evidence"}, d.evidence);
}

void fields(RowOf<EngineState> auto& s, auto&& visit) {
    visit(Field{.column = "epoch"}, s.epoch);
    visit(Field{.column = "due_at"}, s.due_at);
    visit(Field{.column = "interval_ns"}, s.interval_ns);
    visit(Field{.column = "last_decided_at"}, s.last_decided_at);
    visit(Field{.column = "consecutive_failures"}, s.consecutive_failures);
    visit(Field{.column = "suspended"}, s.suspended);
    visit(Field{.column = "known"}, s.known);
    visit(Field{.column = "checks_total"}, s.checks_total);
    visit(Field{.column = "checks_ok"}, s.checks_ok);
    visit(Field{.column = "generation"}, s.generation);
    visit(Field{.column = "memory_generation"}, s.memory_generation);
    visit(Field{.column = "day"}, s.day);
    visit(Field{.column = "day_usd_e8"}, s.day_usd);
    visit(Field{.column = "memory"}, s.memory);
}

void fields(RowOf<Orchestrator> auto& o, auto&& visit) {
    visit(Field{.column = "id"}, o.id);
    visit(Field{.column = "key", .max_bytes = max_key_bytes}, o.key);
    visit(Field{.column = "address", .max_bytes = max_key_bytes}, o.address);
    visit(Field{.column = "payout_address", .max_bytes = max_key_bytes}, o.payout_address);
    visit(Field{.column = "worker_key", .max_bytes = max_key_bytes}, o.worker_key);
    visit(Field{.column = "retired"}, o.retired);
    visit(Field{.column = "first_seen_at"}, o.first_seen_at);
    visit(Field{.column = "network", .unsaid = 0}, o.network);
}

void fields(RowOf<Network> auto& n, auto&& visit) {
    visit(Field{.column = "id"}, n.id);
    visit(Field{.column = "chain_id"}, n.chain_id);
    visit(Field{.column = "token", .max_bytes = max_address_bytes}, n.token);
    visit(Field{.column = "decimals"}, n.decimals);
    visit(Field{.column = "symbol", .max_bytes = max_symbol_bytes}, n.symbol);
    visit(Field{.column = "at"}, n.at);
}

void fields(RowOf<Generation> auto& g, auto&& visit) {
    visit(Field{.column = "id"}, g.id);
    visit(Field{.column = "at"}, g.at);
    visit(Field{.column = "policy", .max_bytes = max_key_bytes}, g.policy);
    visit(Field{.column = "version", .max_bytes = max_key_bytes}, g.version);
    visit(Field{.column = "revision"}, g.revision);
    visit(Field{.column = "memory_version"}, g.memory_version);
    visit(Field{.column = "so_sha256", .max_bytes = max_key_bytes}, g.so_sha256);
    visit(Field{.column = "config", .max_bytes = max_text_bytes, .json = "config_keccak256"}, Hashed{g.config});
    visit(Field{.column = "terms", .max_bytes = max_text_bytes, .json = "terms_keccak256"}, Hashed{g.terms});
}

void fields(RowOf<GapOpening> auto& g, auto&& visit) {
    visit(Field{.column = "orchestrator"}, g.orchestrator);
    visit(Field{.column = "from_at", .json = "from"}, g.from);
    visit(Field{.column = "cause", .max_bytes = max_reason_bytes}, g.cause);
}

// A gap as it is stored: its end, and the amount, are set when it is closed.
void fields(RowOf<Gap> auto& g, auto&& visit) {
    visit(Field{.column = "orchestrator"}, g.orchestrator);
    visit(Field{.column = "from_at"}, g.from);
    visit(Field{.column = "to_at"}, g.to);
    visit(Field{.column = "cause", .max_bytes = max_reason_bytes}, g.cause);
    visit(Field{.column = "usd_e8"}, g.usd);
}

void fields(RowOf<Adjustment> auto& a, auto&& visit) {
    visit(Field{.column = "key", .max_bytes = max_key_bytes}, a.key);
    visit(Field{.column = "orchestrator"}, a.orchestrator);
    visit(Field{.column = "from_at", .json = "from"}, a.from);
    visit(Field{.column = "to_at", .json = "to"}, a.to);
    visit(Field{.column = "wei"}, a.wei);
    visit(Field{.column = "usd_e8"}, a.usd);
    visit(Field{.column = "reason", .max_bytes = max_reason_bytes}, a.reason);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, a.by);
    visit(Field{.column = "at"}, a.at);
}

void fields(RowOf<ManualPayment> auto& p, auto&& visit) {
    visit(Field{.column = "id", .max_bytes = max_key_bytes}, p.id);
    visit(Field{.column = "orchestrator"}, p.orchestrator);
    visit(Field{.column = "usd_e8"}, p.usd);
    visit(Field{.column = "wei"}, p.wei);
    visit(Field{.column = "stated"}, p.stated);
    visit(Field{.column = "usd_per_eth_e8"}, p.usd_per_eth_e8);
    visit(Field{.column = "rate_at"}, p.rate_at);
    visit(Field{.column = "rate_source", .max_bytes = max_text_bytes}, p.rate_source);
    visit(Field{.column = "call_type", .max_bytes = max_key_bytes}, p.call_type);
    visit(Field{.column = "reference", .max_bytes = max_key_bytes}, p.reference);
    visit(Field{.column = "metadata", .max_bytes = max_metadata_bytes}, p.metadata);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, p.by);
    visit(Field{.column = "at"}, p.at);
    visit(Field{.column = "decimals", .unsaid = coin_decimals}, p.decimals);
}

void fields(RowOf<Objection> auto& o, auto&& visit) {
    visit(Field{.column = "orchestrator"}, o.orchestrator);
    visit(Field{.column = "epoch"}, o.epoch);
    visit(Field{.column = "text", .max_bytes = max_objection_bytes}, o.text);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, o.by);
    visit(Field{.column = "at"}, o.at);
}

void fields(RowOf<ObjectionAnswer> auto& a, auto&& visit) {
    visit(Field{.column = "orchestrator"}, a.orchestrator);
    visit(Field{.column = "epoch"}, a.epoch);
    visit(Field{.column = "adjustment", .max_bytes = max_key_bytes}, a.adjustment);
    visit(Field{.column = "reason", .max_bytes = max_objection_bytes}, a.reason);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, a.by);
    visit(Field{.column = "at"}, a.at);
}

void fields(RowOf<AnsweredRequest> auto& r, auto&& visit) {
    visit(Field{.column = "principal", .max_bytes = max_key_bytes}, r.principal);
    visit(Field{.column = "route", .max_bytes = max_key_bytes}, r.route);
    visit(Field{.column = "key", .max_bytes = max_key_bytes}, r.key);
    visit(Field{.column = "body_hash"}, r.body_hash);
    visit(Field{.column = "answer", .max_bytes = max_text_bytes}, r.answer);
    visit(Field{.column = "at"}, r.at);
}

void fields(RowOf<Pardon> auto& p, auto&& visit) {
    visit(Field{.column = "orchestrator"}, p.orchestrator);
    visit(Field{.column = "epoch"}, p.epoch);
    visit(Field{.column = "from_at", .json = "from"}, p.from);
    visit(Field{.column = "to_at", .json = "to"}, p.to);
    visit(Field{.column = "checks"}, p.checks);
    visit(Field{.column = "failures_before"}, p.failures_before);
    visit(Field{.column = "failures_after"}, p.failures_after);
    visit(Field{.column = "suspended_before"}, p.suspended_before);
    visit(Field{.column = "suspended_after"}, p.suspended_after);
    visit(Field{.column = "due_before"}, p.due_before);
    visit(Field{.column = "due_after"}, p.due_after);
    visit(Field{.column = "reason", .max_bytes = max_reason_bytes}, p.reason);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, p.by);
    visit(Field{.column = "at"}, p.at);
}

void fields(RowOf<FeeState> auto& s, auto&& visit) {
    visit(Field{.column = "day"}, s.day);
    visit(Field{.column = "day_wei"}, s.day_wei);
    visit(Field{.column = "open_wei"}, s.open_wei);
    visit(Field{.column = "open_day_wei"}, s.open_day_wei);
    visit(Field{.column = "total_wei"}, s.total_wei);
}

// A body of the chain; no table holds it.
void fields(RowOf<Fee> auto& f, auto&& visit) {
    visit(Field{.column = "kind"}, f.kind);
    visit(Field{.column = "orchestrator"}, f.orchestrator);
    visit(Field{.column = "epoch"}, f.epoch);
    visit(Field{.column = "attempt"}, f.attempt);
    visit(Field{.column = "at"}, f.at);
    visit(Field{.column = "wei"}, f.wei);
    visit(Field{.column = "moved"}, f.moved);
    fields(f.after, visit);
}

// A body of the chain; the last one is also a mark of the file.
void fields(RowOf<Restored> auto& r, auto&& visit) {
    visit(Field{.column = "at"}, r.at);
    visit(Field{.column = "last"}, r.last);
    visit(Field{.column = "backup_at"}, r.backup_at);
}

// As the one above.
void fields(RowOf<RestoredAccepted> auto& a, auto&& visit) {
    visit(Field{.column = "restored_at"}, a.restored_at);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, a.by);
    visit(Field{.column = "compared"}, a.compared);
    visit(Field{.column = "at"}, a.at);
}

void fields(RowOf<Price> auto& p, auto&& visit) {
    visit(Field{.column = "usd_per_eth_e8"}, p.usd_per_eth_e8);
    visit(Field{.column = "at"}, p.at);
    visit(Field{.column = "source", .max_bytes = max_text_bytes}, p.source);
    visit(Field{.column = "network", .unsaid = 0}, p.network);
}

void fields(RowOf<Observation> auto& o, auto&& visit) {
    visit(Field{.column = "orchestrator"}, o.orchestrator);
    visit(Field{.column = "target", .max_bytes = max_key_bytes}, o.target);
    visit(Field{.column = "from_at"}, o.from);
    visit(Field{.column = "to_at"}, o.to);
    visit(Field{.column = "verdict"}, o.verdict);
}

// What the signature of an archive signs, behind the chain's id.
void signed_fields(RowOf<ArchiveFacts> auto& a, auto&& visit) {
    visit(Field{.column = "first"}, a.first);
    visit(Field{.column = "last"}, a.last);
    visit(Field{.column = "previous"}, a.previous);
    visit(Field{.column = "head"}, a.head);
    visit(Field{.column = "closing"}, a.closing);
}
void fields(RowOf<ArchiveFacts> auto& a, auto&& visit) {
    visit(Field{.column = "file", .max_bytes = max_text_bytes}, a.file);
    signed_fields(a, visit);
    visit(Field{.column = "signer"}, a.signer);
}

void fields(RowOf<Demand> auto& d, auto&& visit) {
    visit(Field{.column = "from_at", .json = "from"}, d.from);
    visit(Field{.column = "at"}, d.at);
    visit(Field{.column = "asked"}, d.asked);
    visit(Field{.column = "failed"}, d.failed);
    visit(Field{.column = "waiting"}, d.waiting);
    visit(Field{.column = "up"}, d.up);
    visit(Field{.column = "supply"}, d.supply);
    visit(Field{.column = "every_ns"}, d.rules.every_ns);
    visit(Field{.column = "target_ppm"}, d.rules.target_ppm);
    visit(Field{.column = "floor_ppm"}, d.rules.floor_ppm);
    visit(Field{.column = "ceiling_ppm"}, d.rules.ceiling_ppm);
    visit(Field{.column = "damping_ppm"}, d.rules.damping_ppm);
    visit(Field{.column = "step_ppm"}, d.rules.step_ppm);
    visit(Field{.column = "before_ppm"}, d.before_ppm);
    visit(Field{.column = "least_ppm"}, d.least_ppm);
    visit(Field{.column = "most_ppm"}, d.most_ppm);
    visit(Field{.column = "factor_ppm"}, d.factor_ppm);
}

void fields(RowOf<Carried> auto& c, auto&& visit) {
    visit(Field{.column = "account"}, c.account);
    visit(Field{.column = "epoch"}, c.epoch);
    visit(Field{.column = "wei"}, c.balance);
}

// A record that has a list.
template <class Row>
concept Listed = requires(Row& row) {
    fields(row, [](const Field&, const auto&) {});
};

// As `fields`, with the fields of a record within the record in its place.
template <Listed Row, class Visit>
void flat_fields(Row& row, Visit&& visit) {
    fields(row, [&visit](const Field& field, auto&& value) {
        if constexpr (Listed<std::remove_reference_t<decltype(value)>>) {
            flat_fields(value, visit);
        } else {
            visit(field, value);
        }
    });
}

}  // namespace stipend::ledger
