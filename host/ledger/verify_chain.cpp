// Verifies the audit chain of one file and the rows that it records.
#include <algorithm>

#include "host/ledger/invariants.hpp"
#include "host/ledger/verify.hpp"
#include "stipend/hex.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {
namespace {

constexpr std::uint64_t progress_rows = 16'384;

// The integer member of a stored body; -1 if there is none.
std::int64_t number_in(const Json& body, std::string_view name) {
    const Json* member = body.find(name);
    if (member == nullptr || !member->is(Json::Kind::number)) return -1;
    const auto number = Decimal::parse(member->text());
    if (!number) return -1;
    const auto value = number->exact_scaled(0);
    return value ? *value : -1;
}

std::string text_in(const Json& body, std::string_view name) {
    const Json* member = body.find(name);
    return member != nullptr && member->is(Json::Kind::string) ? member->text() : std::string();
}

// Of a row that breaks an invariant, no body: the chain holds no such row.
std::string checked_payment_body(const ManualPayment& row) {
    if (const auto broken = broken_invariant(row)) return *broken;
    return manual_payment_body(row);
}

}  // namespace

Result<void> Verifier::walk(sqlite::Database& file, Seq after) {
    STIPEND_LET(last, file.number("SELECT ifnull(max(seq), 0) FROM audit"));
    STIPEND_LET(rows, file.prepare("SELECT seq, kind, body, hash FROM audit WHERE seq > ? ORDER BY seq"));
    STIPEND_LET(decisions, file.prepare(select_decisions("WHERE seq > ? ORDER BY seq")));
    rows.bind(after);
    decisions.bind(after);
    at_.seq = after;
    StoredDecision decision;
    bool more_decisions = true;
    const auto advance = [&]() -> Result<void> {
        STIPEND_LET(more, decisions.next());
        more_decisions = more;
        if (more) decision = read_decision(decisions);
        return {};
    };
    STIPEND_TRY(advance());
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const Seq seq = rows.i64();
        const auto kind = static_cast<AuditKind>(rows.as<std::uint8_t>());
        const std::string body = rows.text();
        const Hash hash = rows.bytes32();
        const Seq expected_seq = next_seq(at_.seq);
        if (seq != expected_seq) bad(cat("audit seq ", expected_seq), cat("is missing: the next row is seq ", seq));
        for (; more_decisions && (decision.seq < seq || (decision.seq == seq && kind != AuditKind::decision));) {
            bad(name_of(decision), "has no audit row");
            STIPEND_TRY(advance());
        }
        std::string_view content = body;
        if (kind == AuditKind::decision) {
            if (!body.empty()) bad(cat("audit seq ", seq), "is of a decision but has a body");
            if (!more_decisions || decision.seq != seq) {
                bad(cat("decision seq ", seq), "its row is missing");
            } else {
                encode_decision(buffer_, decision.decision, decision.state_digest);
                content = buffer_;
            }
        }
        if (rows.malformed()) bad(cat("audit seq ", seq), "its kind or its hash is malformed");
        const Hash want = row_hash(keccak_, at_.hash, seq, kind, content);
        check_heads(seq, kind, content, hash);
        if (kind == AuditKind::decision && more_decisions && decision.seq == seq) {
            // Name the decision rather than its audit row, since an edit would aim at the decision.
            if (hash != want)
                bad(name_of(decision), cat("hash differs: got ", hex_encode(hash), ", want ", hex_encode(want)));
            check_decision(decision);
            STIPEND_TRY(advance());
        } else if (hash != want) {
            bad(cat("audit seq ", seq, " (", kind_name(kind), ")"),
                cat("hash differs: got ", hex_encode(hash), ", want ", hex_encode(want)));
        }
        if (kind != AuditKind::decision) {
            STIPEND_LET(expected, expected_body(kind, seq, body));
            if (!expected.empty() && expected != body) {
                bad(cat(kind_name(kind), " seq ", seq),
                    cat("the row is not what the chain recorded: got ", expected, ", want ", body));
            }
            if (kind == AuditKind::fee) {
                check_fee(seq, body);
            } else {
                track_change(kind, seq, body);
            }
        }
        // Continue with the stored hash, so that only the bad row is reported and not all rows after it.
        at_ = {.seq = seq, .hash = hash};
        if (options_.expected_head == at_) expected_head_seen_ = true;
        if (++report_.audit_rows % progress_rows == 0 && options_.progress) {
            options_.progress(static_cast<std::uint64_t>(seq), static_cast<std::uint64_t>(std::max(last, seq)));
        }
    }
    while (more_decisions) {
        bad(name_of(decision), "has no audit row");
        STIPEND_TRY(advance());
    }
    return {};
}

void Verifier::check_decision(const StoredDecision& stored) {
    const Decision& d = stored.decision;
    ++report_.decisions;
    if (stored.malformed) bad(name_of(stored), "a column holds an impossible value");
    if (!known_.contains(d.orchestrator)) bad(name_of(stored), "belongs to no known orchestrator");
    const auto generations = changes_.find(AuditKind::generation);
    const auto installed = generations == changes_.end() ? 0 : generations->second.size();
    if (unchecked_ == 0 && (d.generation < 1 || static_cast<std::uint64_t>(d.generation) > installed)) {
        bad(name_of(stored), cat("generation ", d.generation, " was not installed before it"));
    }
    Track& track = tracks_[d.orchestrator];
    if (const auto broken = broken_succession({track.epoch, track.decided_at}, d)) bad(name_of(stored), *broken);
    if (const auto broken = broken_invariant(d)) bad(name_of(stored), *broken);
    check_amount(stored);
    if (can_be_pardoned(d)) check_state_before(d, track);
    track.epoch = d.epoch;
    track.decided_at = d.decided_at;
    track.next_at = d.next_at;
    track.consecutive_failures = d.consecutive_failures;
    track.suspended = d.suspended;
    track.state_seq = stored.seq;
    track.by_decision = true;
    track.state_digest = stored.state_digest;
}

// What the ledger held before the decision, against what the chain says of it. Decisions of earlier programs have none.
void Verifier::check_state_before(const Decision& d, const Track& track) {
    auto rows = main_.prepare(
        cat("SELECT ", columns<EngineState>(), " FROM state_before WHERE orchestrator = ? AND epoch = ?"));
    if (!rows) return bad("state_before", rows.error().message);
    const auto found = rows->bind(d.orchestrator).bind(d.epoch - 1).next();
    if (!found) return bad("state_before", found.error().message);
    if (!*found) return;
    ++states_before_;
    if (track.state_seq == 0) return;
    encode_state(buffer_, read_row<EngineState>(*rows));
    if (rows->malformed() || keccak_.add(buffer_).finish() != track.state_digest) {
        bad(cat("state_before of orchestrator ", d.orchestrator, ", epoch ", d.epoch - 1),
            cat("is not the state that seq ", track.state_seq, " left"));
    }
}

void Verifier::check_pardon(Seq seq, const Pardon& row, const Hash& digest) {
    const auto name = cat("pardon seq ", seq);
    if (!known_.contains(row.orchestrator)) bad(name, "belongs to no known orchestrator");
    if (const auto broken = broken_invariant(row)) bad(name, *broken);
    Track& track = tracks_[row.orchestrator];
    // What it follows may be in an archive that was not checked.
    if (track.by_decision || track.epoch > 0) {
        if (row.epoch != track.epoch || row.failures_before != track.consecutive_failures ||
            row.suspended_before != track.suspended) {
            bad(name, cat("does not follow from epoch ", track.epoch, ": got epoch ", row.epoch, ", ",
                          row.failures_before, " failures, want ", track.consecutive_failures));
        }
    }
    track.next_at = row.due_after;
    track.consecutive_failures = row.failures_after;
    track.suspended = row.suspended_after;
    track.state_seq = seq;
    track.state_digest = digest;
}

// The body that the table's row encodes to; empty if no table holds this kind. A missing row gives a text that equals
// no body.
Result<std::string> Verifier::expected_body(AuditKind kind, Seq seq, const std::string& body) {
    const auto row_of = [&]<class Row>(std::string_view table,
                                       std::string (*body_of)(const Row&)) -> Result<std::string> {
        STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Row>(), " FROM ", table, " WHERE seq = ?")));
        STIPEND_LET(found, rows.bind(seq).next());
        if (!found) return std::string("no row");
        const Row row = read_row<Row>(rows);
        return rows.malformed() ? std::string("a malformed row") : body_of(row);
    };
    switch (kind) {
        case AuditKind::generation:
            return row_of("generation", generation_body);
        case AuditKind::gap_opened:
            return row_of("gap", gap_opened_body);
        case AuditKind::adjustment:
            return row_of("adjustment", adjustment_body);
        case AuditKind::manual_payment:
            return row_of("manual_payment", checked_payment_body);
        case AuditKind::network:
            return network_row(seq);
        case AuditKind::demand:
            return demand_row(seq);
        case AuditKind::objection:
            return objection_row(seq);
        case AuditKind::objection_answer:
            return objection_answer_row(seq);
        case AuditKind::payout:
        case AuditKind::slot:
        case AuditKind::attempt:
        case AuditKind::payout_step:
        case AuditKind::slot_end:
            return payout_row(kind, seq);
        case AuditKind::pardon: {
            STIPEND_LET(rows,
                        main_.prepare(cat("SELECT ", columns<Pardon>(), ", state_digest FROM pardon WHERE seq = ?")));
            STIPEND_LET(found, rows.bind(seq).next());
            if (!found) return std::string("no row");
            const auto row = read_row<Pardon>(rows);
            const auto digest = rows.bytes32();
            if (rows.malformed()) return std::string("a malformed row");
            check_pardon(seq, row, digest);
            return pardon_body(row, digest);
        }
        case AuditKind::gap_closed:
            return closing_body(seq, body);
        case AuditKind::archive: {
            STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<ArchiveFacts>(), " FROM archive WHERE seq = ?")));
            STIPEND_LET(found, rows.bind(seq).next());
            if (!found) return std::string("no row");
            const auto facts = read_row<ArchiveFacts>(rows);
            return archive_body(facts, archive_digest(facts, chain_id_));
        }
        default:
            return std::string();
    }
}

Result<std::string> Verifier::closing_body(Seq seq, const std::string& body) {
    const auto parsed = parse_json(body);
    const Seq gap = parsed ? number_in(*parsed, "gap") : -1;
    STIPEND_LET(row, main_.prepare("SELECT to_at, usd_e8, closed FROM gap WHERE seq = ?"));
    STIPEND_LET(found, row.bind(gap).next());
    if (!found) return std::string("no row");
    const auto to = row.maybe<stipend_unix_ns>();
    const auto usd_e8 = row.maybe<std::int64_t>();
    const auto closed = row.maybe<Seq>();
    if (!to || !usd_e8 || closed != seq) return std::string("no such end");
    return gap_closed_body(gap, *to, Usd::of_e8(*usd_e8));
}

// Records the last change of rows that are replaced when they change.
void Verifier::track_change(AuditKind kind, Seq seq, const std::string& body) {
    changes_[kind].push_back(seq);
    if (kind == AuditKind::price) {
        take_price(seq, body);
    }
    if (kind == AuditKind::restored) {
        restored_body_ = body;
        accepted_body_.clear();
    }
    if (kind == AuditKind::restored_accepted) accepted_body_ = body;
    if (kind != AuditKind::orchestrator && kind != AuditKind::state) return;
    const auto parsed = parse_json(body);
    if (!parsed) return bad(cat("audit seq ", seq), "its body is not JSON");
    if (kind == AuditKind::orchestrator) {
        Track& track = tracks_[number_in(*parsed, "id")];
        track.row_seq = seq;
        track.row_body = keccak256(body);
        const auto stated = std::max<NetworkId>(number_in(*parsed, "network"), 0);
        if (stated != (track.networks.empty() ? 0 : track.networks.back().second)) {
            track.networks.emplace_back(seq, stated);
        }
        return;
    }
    Track& track = tracks_[number_in(*parsed, "orchestrator")];
    track.state_seq = seq;
    track.by_decision = false;
    if (!hex_decode(text_in(*parsed, "state"), track.state_digest))
        bad(cat("audit seq ", seq), "its digest is malformed");
}

}  // namespace stipend::ledger
