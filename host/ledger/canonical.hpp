// The bytes that the audit chain hashes. This encoding is frozen: any change would invalidate all existing chains.
//
//   row hash     keccak256(previous row's hash | seq | kind (1 byte) | body); the first row's previous hash is 32 zero
//   bytes integers     1 byte n, then the n bytes, big-endian, of the shortest two's complement (0 has none);
//                before its kind, seq is 8 bytes, big-endian;  wei: 32 bytes, big-endian
//   text, blobs  their length as an integer, then the bytes
//   optional     1 byte 0, or 1 byte 1 and the value
//
//   decision     orchestrator epoch due_at period_from decided_at job uptime_ppm(optional) coverage_ppm action
//                tier(text) multiplier_ppm usd_e8 wei delay_ns penalty_ns next_at consecutive_failures suspended
//                reason(text) generation http_status served_by(text) latency_ns window_s body_hash(32 bytes)
//                body_head(blob) state_digest(32 bytes)
//   state_digest keccak256 of: epoch due_at interval_ns last_decided_at consecutive_failures suspended known
//                checks_total checks_ok generation memory_generation day day_usd_e8
//                memory(blob, trailing zero bytes cut off)
//
// The body of a decision is not stored: it is encoded again from the row. All other kinds store a JSON object as text
// beside the hash; if a table holds the same facts, its row must encode to the same text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/keccak.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::ledger {

// Stored: never renumber.
enum class AuditKind : std::uint8_t {
    decision = 1,
    orchestrator = 2,  // added or changed
    state = 3,         // of a new orchestrator; earlier programs recorded other changes too
    generation = 4,
    gap_opened = 5,
    gap_closed = 6,
    adjustment = 7,
    price = 8,
    host_started = 9,  // 9 and 10 are reserved: no longer written, but old chains hold them
    host_stopped = 10,
    archive = 11,
    alert = 12,
    fee = 13,
    restored = 14,
    pardon = 15,
    manual_payment = 16,
    objection = 17,
    objection_answer = 18,
    payout = 19,
    slot = 20,
    attempt = 21,
    payout_step = 22,
    slot_end = 23,
    network = 24,
    demand = 25,
    restored_accepted = 26,
};
[[nodiscard]] std::string_view kind_name(AuditKind kind);
[[nodiscard]] std::string_view stated_name(Stated stated);

// The policy memory as it is stored: without trailing zero bytes.
[[nodiscard]] std::string_view trimmed(const stipend_memory& memory);

// Replace the contents of `out` by the encoding.
void encode_decision(std::string& out, const Decision& decision, const Hash& state_digest);
void encode_state(std::string& out, const EngineState& state);
// The decision of such bytes, and the digest; none if they are not what encode_decision makes.
struct DecodedDecision {
    Decision decision = {};
    Hash state_digest = {};
};
[[nodiscard]] std::optional<DecodedDecision> decode_decision(std::string_view body);

// The position and the kind as they are hashed before the body.
[[nodiscard]] std::array<std::uint8_t, 9> row_place(Seq seq, AuditKind kind);
[[nodiscard]] Hash row_hash(Keccak& keccak, const Hash& previous, Seq seq, AuditKind kind, std::string_view body);

[[nodiscard]] std::string orchestrator_body(const Orchestrator& row, std::string_view ns);
// `digest`: of the state of a new orchestrator.
[[nodiscard]] std::string state_body(OrchestratorId orchestrator, const Hash& digest);
[[nodiscard]] std::string generation_body(const Generation& row);
[[nodiscard]] std::string gap_opened_body(const GapOpening& gap);
// `gap`: position of its opening.
[[nodiscard]] std::string gap_closed_body(Seq gap, stipend_unix_ns to, Usd usd);
[[nodiscard]] std::string adjustment_body(const Adjustment& row);
[[nodiscard]] std::string manual_payment_body(const ManualPayment& row);
[[nodiscard]] std::string objection_body(const Objection& row);
[[nodiscard]] std::string objection_answer_body(const ObjectionAnswer& row);
// `ns`: the name of its namespace.
[[nodiscard]] std::string network_body(const Network& row, std::string_view ns);
[[nodiscard]] std::string payout_body(const Payout& row);
[[nodiscard]] std::string slot_body(const Slot& row);
[[nodiscard]] std::string attempt_body(const Attempt& row);
[[nodiscard]] std::string payout_step_body(const PayoutStep& row);
[[nodiscard]] std::string slot_end_body(const SlotEnd& row);
// `digest`: of the state after it.
[[nodiscard]] std::string pardon_body(const Pardon& row, const Hash& digest);
[[nodiscard]] std::string price_body(const Price& row);
// usd_per_eth_e8 of a stored body; none if it is not above 0.
[[nodiscard]] std::optional<std::int64_t> rate_of_price(std::string_view body);
// Its network, 0 where it names none; none if that is no number.
[[nodiscard]] std::optional<NetworkId> network_of_price(std::string_view body);
[[nodiscard]] std::string demand_body(const Demand& row, std::string_view ns);
[[nodiscard]] std::string fee_body(const Fee& fee);
// The fee of a stored body; none if it is not one that fee_body makes.
[[nodiscard]] std::optional<Fee> parse_fee(std::string_view body);
[[nodiscard]] std::string_view fee_kind_name(FeeKind kind);

// What the signature of an archive signs: all of `facts` except the file's path and the signer.
[[nodiscard]] Hash archive_digest(const ArchiveFacts& facts, std::uint64_t chain_id);
// The row of the chain that records that the rows before it come from a backup.
[[nodiscard]] std::string restored_body(const Restored& restored);
// The facts of a stored body; none if it is not one that restored_body makes.
[[nodiscard]] std::optional<Restored> parse_restored(std::string_view body);
[[nodiscard]] std::string restored_accepted_body(const RestoredAccepted& accepted);
// As parse_restored.
[[nodiscard]] std::optional<RestoredAccepted> parse_restored_accepted(std::string_view body);
// The row of the chain that records the archive.
[[nodiscard]] std::string archive_body(const ArchiveFacts& facts, const Hash& digest);

// Appends one account to the bytes that `closing` hashes; call it by ascending id.
void closing_encode(std::string& out, const Carried& carried);

}  // namespace stipend::ledger
