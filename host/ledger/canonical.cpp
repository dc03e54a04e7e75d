#include "host/ledger/canonical.hpp"

#include <bit>

#include "stipend/hex.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {
namespace {

template <class T>
void put_int(std::string& out, T number) {
    const auto value = static_cast<std::int64_t>(number);
    const auto bits = static_cast<std::uint64_t>(value);
    // The bits that are not copies of the sign, and one for the sign. (Testing the sign bit of the shortened number
    // instead is miscompiled by gcc 12.2 from -O1 on.)
    const auto significant = static_cast<std::size_t>(std::bit_width(value < 0 ? ~bits : bits));
    const std::size_t size = value == 0 ? 0 : significant / 8 + 1;
    std::array<char, 9> bytes{};
    bytes[0] = static_cast<char>(size);
    for (std::size_t i = 0; i < size; ++i) bytes[1 + i] = static_cast<char>(bits >> (8 * (size - 1 - i)));
    out.append(bytes.data(), size + 1);
}

void put_text(std::string& out, std::string_view text) {
    put_int(out, text.size());
    out.append(text);
}

void put_bytes(std::string& out, std::span<const std::uint8_t> bytes) {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Json of_hash(const Hash& hash) {
    return Json::of_string(hex_encode(hash));
}

}  // namespace

std::string_view kind_name(AuditKind kind) {
    switch (kind) {
        case AuditKind::decision:
            return "decision";
        case AuditKind::orchestrator:
            return "orchestrator";
        case AuditKind::state:
            return "state";
        case AuditKind::generation:
            return "generation";
        case AuditKind::gap_opened:
            return "gap opened";
        case AuditKind::gap_closed:
            return "gap closed";
        case AuditKind::adjustment:
            return "adjustment";
        case AuditKind::price:
            return "price";
        case AuditKind::host_started:
            return "host started";
        case AuditKind::host_stopped:
            return "host stopped";
        case AuditKind::archive:
            return "archive";
        case AuditKind::alert:
            return "alert";
    }
    return "unknown kind";
}

std::string_view trimmed(const stipend_memory& memory) {
    std::size_t size = sizeof memory.bytes;
    while (size > 0 && memory.bytes[size - 1] == 0) --size;
    return {reinterpret_cast<const char*>(memory.bytes), size};
}

void encode_decision(std::string& out, const Decision& d, const stipend_u256& wei, const Hash& state_digest) {
    out.clear();
    put_int(out, d.orchestrator);
    put_int(out, d.epoch);
    put_int(out, d.due_at);
    put_int(out, d.period_from);
    put_int(out, d.decided_at);
    put_int(out, d.job);
    out.push_back(d.uptime_ppm ? '\1' : '\0');
    if (d.uptime_ppm) put_int(out, *d.uptime_ppm);
    put_int(out, d.coverage_ppm);
    put_int(out, d.action);
    put_text(out, d.tier);
    put_int(out, d.multiplier_ppm);
    put_int(out, d.usd_e8);
    put_bytes(out, wei.be);
    put_int(out, d.delay_ns);
    put_int(out, d.penalty_ns);
    put_int(out, d.next_at);
    put_int(out, d.consecutive_failures);
    put_int(out, d.suspended);
    put_text(out, d.reason);
    put_int(out, d.generation);
    put_int(out, d.evidence.http_status);
    put_text(out, d.evidence.served_by);
    put_int(out, d.evidence.latency_ns);
    put_int(out, d.evidence.window_s);
    put_bytes(out, d.evidence.body_hash);
    put_text(out, d.evidence.body_head);
    put_bytes(out, state_digest);
}

void encode_state(std::string& out, const EngineState& state) {
    out.clear();
    put_int(out, state.epoch);
    put_int(out, state.due_at);
    put_int(out, state.interval_ns);
    put_int(out, state.last_decided_at);
    put_int(out, state.consecutive_failures);
    put_int(out, state.suspended);
    put_int(out, state.known);
    put_int(out, state.checks_total);
    put_int(out, state.checks_ok);
    put_int(out, state.generation);
    put_int(out, state.memory_generation);
    put_int(out, state.day);
    put_int(out, state.day_usd_e8);
    put_text(out, trimmed(state.memory));
}

Hash row_hash(Keccak& keccak, const Hash& previous, Seq seq, AuditKind kind, std::string_view body) {
    std::array<std::uint8_t, 9> place{};
    for (std::size_t i = 0; i < 8; ++i) {
        place[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(seq) >> (56 - 8 * i));
    }
    place[8] = static_cast<std::uint8_t>(kind);
    return keccak.add(previous).add(place).add(body).finish();
}

std::string orchestrator_body(const Orchestrator& row, std::string_view ns) {
    return Json::object()
        .append("id", Json::of_int(row.id))
        .append("namespace", Json::of_string(ns))
        .append("key", Json::of_string(row.key))
        .append("address", Json::of_string(row.address))
        .append("payout_address", Json::of_string(row.payout_address))
        .append("worker_key", Json::of_string(row.worker_key))
        .append("retired", Json::of_bool(row.retired))
        .append("first_seen_at", Json::of_int(row.first_seen_at))
        .dump();
}

std::string state_body(OrchestratorId orchestrator, const Hash& digest, std::string_view why) {
    return Json::object()
        .append("orchestrator", Json::of_int(orchestrator))
        .append("state", of_hash(digest))
        .append("why", Json::of_string(why))
        .dump();
}

std::string generation_body(const Generation& row) {
    return Json::object()
        .append("id", Json::of_int(row.id))
        .append("at", Json::of_int(row.at))
        .append("policy", Json::of_string(row.policy))
        .append("version", Json::of_string(row.version))
        .append("revision", Json::of_int(row.revision))
        .append("memory_version", Json::of_int(row.memory_version))
        .append("so_sha256", Json::of_string(row.so_sha256))
        .append("config_keccak256", of_hash(keccak256(row.config)))
        .append("terms_keccak256", of_hash(keccak256(row.terms)))
        .dump();
}

std::string gap_opened_body(OrchestratorId orchestrator, stipend_unix_ns from, std::string_view cause) {
    return Json::object()
        .append("orchestrator", Json::of_int(orchestrator))
        .append("from", Json::of_int(from))
        .append("cause", Json::of_string(cause))
        .dump();
}

std::string gap_closed_body(Seq gap, stipend_unix_ns to, std::int64_t usd_e8) {
    return Json::object()
        .append("gap", Json::of_int(gap))
        .append("to", Json::of_int(to))
        .append("usd_e8", Json::of_int(usd_e8))
        .dump();
}

std::string adjustment_body(const Adjustment& row) {
    return Json::object()
        .append("key", Json::of_string(row.key))
        .append("orchestrator", Json::of_int(row.orchestrator))
        .append("from", Json::of_int(row.from))
        .append("to", Json::of_int(row.to))
        .append("wei", Json::of_string(row.wei.text()))
        .append("usd_e8", Json::of_int(row.usd_e8))
        .append("reason", Json::of_string(row.reason))
        .append("by", Json::of_string(row.by))
        .append("at", Json::of_int(row.at))
        .dump();
}

std::string price_body(const Price& row) {
    return Json::object()
        .append("usd_per_eth_e8", Json::of_int(row.usd_per_eth_e8))
        .append("at", Json::of_int(row.at))
        .append("source", Json::of_string(row.source))
        .dump();
}

Hash archive_digest(const ArchiveFacts& facts, std::uint64_t chain_id) {
    std::string bytes;
    put_text(bytes, "stipend archive");
    put_int(bytes, chain_id);
    put_int(bytes, facts.first);
    put_int(bytes, facts.last);
    put_bytes(bytes, facts.previous);
    put_bytes(bytes, facts.head);
    put_bytes(bytes, facts.closing);
    return keccak256(bytes);
}

std::string archive_body(const ArchiveFacts& facts, const Hash& digest) {
    auto body = Json::object()
                    .append("file", Json::of_string(facts.file))
                    .append("first", Json::of_int(facts.first))
                    .append("last", Json::of_int(facts.last))
                    .append("previous", of_hash(facts.previous))
                    .append("head", of_hash(facts.head))
                    .append("closing", of_hash(facts.closing))
                    .append("digest", of_hash(digest));
    if (facts.signer != Hash{}) body.append("signer", of_hash(facts.signer));
    return body.dump();
}

void closing_encode(std::string& out, std::int64_t account, std::uint64_t epoch, const SignedWei& balance) {
    put_int(out, account);
    put_int(out, epoch);
    put_bytes(out, balance.to_bytes());
}

}  // namespace stipend::ledger
