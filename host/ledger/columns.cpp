#include "host/ledger/columns.hpp"

#include <algorithm>

namespace stipend::ledger {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

void bind_decision(sqlite::Statement& to, const Decision& d, const stipend_u256& wei, const Hash& state_digest) {
    to.bind(d.orchestrator).bind(d.epoch).bind(d.due_at).bind(d.period_from).bind(d.decided_at);
    to.bind(static_cast<int>(d.job)).bind(d.uptime_ppm).bind(d.coverage_ppm).bind(static_cast<int>(d.action));
    to.bind_text(d.tier).bind(d.multiplier_ppm).bind(d.usd_e8).bind_blob(wei.be).bind(d.delay_ns).bind(d.penalty_ns);
    to.bind(d.next_at).bind(d.consecutive_failures).bind(d.suspended).bind_text(d.reason).bind(d.generation);
    to.bind(d.evidence.http_status).bind_text(d.evidence.served_by).bind(d.evidence.latency_ns);
    to.bind(d.evidence.window_s).bind_blob(d.evidence.body_hash).bind_blob(bytes_of(d.evidence.body_head));
    to.bind_blob(state_digest);
}

void bind_state(sqlite::Statement& to, const EngineState& s) {
    to.bind(s.epoch).bind(s.due_at).bind(s.interval_ns).bind(s.last_decided_at).bind(s.consecutive_failures);
    to.bind(s.suspended).bind(s.known).bind(s.checks_total).bind(s.checks_ok).bind(s.generation);
    to.bind(s.memory_generation).bind_blob(bytes_of(trimmed(s.memory))).bind(s.day).bind(s.day_usd_e8);
}

void bind_orchestrator(sqlite::Statement& to, const Orchestrator& row) {
    to.bind(row.id).bind_text(row.key).bind_text(row.address).bind_text(row.payout_address);
    to.bind_text(row.worker_key).bind(row.retired).bind(row.first_seen_at);
}

StoredDecision read_decision(sqlite::Statement& from) {
    StoredDecision out;
    Decision& d = out.decision;
    out.seq = from.i64();
    d.orchestrator = from.i64();
    d.epoch = from.as<std::uint64_t>();
    d.due_at = from.i64();
    d.period_from = from.i64();
    d.decided_at = from.i64();
    d.job = static_cast<Job>(from.as<std::uint8_t>());
    d.uptime_ppm = from.maybe<std::uint32_t>();
    d.coverage_ppm = from.as<std::uint32_t>();
    d.action = static_cast<Action>(from.as<std::uint8_t>());
    d.tier = from.text();
    d.multiplier_ppm = from.as<std::uint32_t>();
    d.usd_e8 = from.i64();
    stipend_u256 wei{};
    std::ranges::copy(from.bytes32(), wei.be);
    d.wei = Wei::from_abi(wei);
    d.delay_ns = from.i64();
    d.penalty_ns = from.i64();
    d.next_at = from.i64();
    d.consecutive_failures = from.as<std::uint32_t>();
    d.suspended = from.flag();
    d.reason = from.text();
    d.generation = from.i64();
    d.evidence.http_status = from.as<std::int32_t>();
    d.evidence.served_by = from.text();
    d.evidence.latency_ns = from.i64();
    d.evidence.window_s = from.as<std::uint32_t>();
    d.evidence.body_hash = from.bytes32();
    d.evidence.body_head = from.blob();
    out.state_digest = from.bytes32();
    out.malformed = from.malformed();
    return out;
}

EngineState read_state(sqlite::Statement& from, bool& malformed) {
    EngineState s;
    s.epoch = from.as<std::uint64_t>();
    s.due_at = from.i64();
    s.interval_ns = from.i64();
    s.last_decided_at = from.i64();
    s.consecutive_failures = from.as<std::uint32_t>();
    s.suspended = from.flag();
    s.known = from.flag();
    s.checks_total = from.as<std::uint64_t>();
    s.checks_ok = from.as<std::uint64_t>();
    s.generation = from.i64();
    s.memory_generation = from.i64();
    const std::string memory = from.blob();
    const bool bad_memory = memory.size() > sizeof s.memory.bytes || memory.ends_with('\0');
    std::copy_n(memory.data(), std::min(memory.size(), sizeof s.memory.bytes), s.memory.bytes);
    s.day = from.i64();
    s.day_usd_e8 = from.i64();
    malformed = bad_memory || from.malformed();
    return s;
}

Gap read_gap(sqlite::Statement& from) {
    Gap gap;
    gap.orchestrator = from.i64();
    gap.from = from.i64();
    gap.to = from.maybe<stipend_unix_ns>();
    gap.cause = from.text();
    gap.usd_e8 = from.maybe<std::int64_t>();
    return gap;
}

Orchestrator read_orchestrator(sqlite::Statement& from) {
    Orchestrator row;
    row.id = from.i64();
    row.key = from.text();
    row.address = from.text();
    row.payout_address = from.text();
    row.worker_key = from.text();
    row.retired = from.flag();
    row.first_seen_at = from.i64();
    return row;
}

std::string insert_sql(std::string_view table, std::size_t count) {
    std::string out = cat("INSERT INTO ", table, " VALUES(");
    for (std::size_t i = 0; i < count; ++i) out += i == 0 ? "?" : ",?";
    return out + ")";
}

}  // namespace stipend::ledger
