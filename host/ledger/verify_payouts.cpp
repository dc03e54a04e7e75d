// Verifies payouts: each reserves all that was owed, follows the graph of its states, and is paid only by a slot of its
// own that the chain has executed.
#include "host/ledger/verify.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

// The payer and the chain that nonces belong to.
static std::string payer_on(const std::string& payer, std::uint64_t chain) {
    return cat(payer, " ", chain);
}

// The text that the row at `seq` encodes to, once `check` has seen it; another one where there is no sound row.
template <class Row, class Check>
static Result<std::string> checked_body(sqlite::Database& main, std::string_view table, Seq seq,
                                        std::string (*body_of)(const Row&), Check&& check) {
    STIPEND_LET(rows, main.prepare(cat("SELECT ", columns<Row>(), " FROM ", table, " WHERE seq = ?")));
    STIPEND_LET(found, rows.bind(seq).next());
    if (!found) return std::string("no row");
    const auto row = read_row<Row>(rows);
    if (rows.malformed()) return std::string("a malformed row");
    if (const auto broken = broken_invariant(row)) return *broken;
    STIPEND_TRY(check(row));
    return body_of(row);
}

Result<std::string> Verifier::payout_row(AuditKind kind, Seq seq) {
    switch (kind) {
        case AuditKind::payout:
            return checked_body<Payout>(main_, "payout", seq, payout_body,
                                        [&](const Payout& row) { return check_payout(seq, row); });
        case AuditKind::slot:
            return checked_body<Slot>(main_, "slot", seq, slot_body,
                                      [&](const Slot& row) { return check_slot(seq, row); });
        case AuditKind::attempt:
            return checked_body<Attempt>(main_, "attempt", seq, attempt_body,
                                         [&](const Attempt& row) { return check_attempt(seq, row); });
        case AuditKind::payout_step:
            return checked_body<PayoutStep>(main_, "payout_step", seq, payout_step_body,
                                            [&](const PayoutStep& row) { return check_step(seq, row); });
        default:
            return checked_body<SlotEnd>(main_, "slot_end", seq, slot_end_body,
                                         [&](const SlotEnd& row) { return check_end(seq, row); });
    }
}

Result<void> Verifier::check_payout(Seq seq, const Payout& row) {
    const auto name = cat("payout seq ", seq);
    if (!known_.contains(row.orchestrator)) bad(name, "belongs to no known orchestrator");
    const auto [last, first] = last_payouts_.try_emplace({row.orchestrator, row.network}, row.id);
    if (const auto& before = payouts_[last->second]; !first && !is_over(before.state)) {
        bad(name, cat("payout ", last->second, " of its orchestrator is not over"));
    }
    last->second = row.id;
    if (row.network != 0 && !networks_.contains(row.network)) bad(name, cat("there is no network ", row.network));
    payouts_[row.id] = {.orchestrator = row.orchestrator, .wei = row.wei, .network = row.network};
    return {};
}

Result<void> Verifier::check_slot(Seq seq, const Slot& row) {
    STIPEND_LET(bound, main_.prepare("SELECT count(*) FROM payout WHERE slot = ?"));
    STIPEND_TRY(bound.bind(row.id).next());
    STIPEND_LET(state, main_.prepare("SELECT state FROM slot WHERE id = ?"));
    STIPEND_TRY(state.bind(row.id).next());
    const bool free_again = state.i64() == static_cast<int>(SlotState::free);
    if (const auto got = bound.as<std::uint32_t>(); got != (free_again ? 0 : row.payouts)) {
        bad(cat("slot seq ", seq), cat("got ", got, " payouts bound to it, want ", row.payouts));
    }
    if (!follows_own_nonces(row)) {
        bad(cat("slot seq ", seq), cat("nonce ", row.nonce, " leaves a gap behind those of ", row.payer));
    }
    STIPEND_LET(chain, main_.prepare("SELECT chain_id FROM slot WHERE id = ?"));
    STIPEND_TRY(chain.bind(row.id).next());
    if (chain.as<std::uint64_t>() != chain_of(row.network)) bad(cat("slot seq ", seq), "is not of its network's chain");
    const auto [holder, first] = nonces_.try_emplace({payer_on(row.payer, chain_of(row.network)), row.nonce}, row.id);
    if (!first && slots_[holder->second].state != SlotState::free) {
        bad(cat("slot seq ", seq), cat("nonce ", row.nonce, " was given to slot ", holder->second));
    }
    holder->second = row.id;
    slots_[row.id] = {.payouts = row.payouts, .network = row.network};
    return {};
}

// Nonces of a payer have no gap, wherever the first one is.
bool Verifier::follows_own_nonces(const Slot& row) const {
    const auto payer = payer_on(row.payer, chain_of(row.network));
    const auto taken = [&](const auto& nonce) {
        return nonce.first.first == payer && slots_.at(nonce.second).state != SlotState::free;
    };
    const auto at = nonces_.lower_bound({payer, row.nonce});
    if (row.nonce > 0 && at != nonces_.begin() && std::prev(at)->first.second == row.nonce - 1 && taken(*std::prev(at)))
        return true;
    return unchecked_ != 0 || std::none_of(nonces_.begin(), nonces_.end(), taken);
}

Result<void> Verifier::check_attempt(Seq seq, const Attempt& row) {
    const auto slot = slots_.find(row.slot);
    if (slot == slots_.end()) {
        if (unchecked_ == 0) bad(cat("attempt seq ", seq), cat("there is no slot ", row.slot));
        return {};
    }
    if (slot->second.state != SlotState::open) bad(cat("attempt seq ", seq), "its slot is not open");
    slot->second.attempts.push_back({.id = row.id, .gives_up = row.gives_up});
    return {};
}

Result<void> Verifier::check_step(Seq seq, const PayoutStep& row) {
    const auto name = cat("payout step seq ", seq);
    const auto found = payouts_.find(row.payout);
    if (found == payouts_.end()) {
        if (unchecked_ == 0) bad(name, cat("there is no payout ", row.payout));
        return {};
    }
    auto& track = found->second;
    if (!can_follow(track.state, row.state)) {
        bad(name, cat("goes from ", payout_state_name(track.state), " to ", payout_state_name(row.state)));
    }
    const auto slot = slots_.find(track.slot == 0 ? row.slot : track.slot);
    if (slot != slots_.end() && slot->second.network != track.network) bad(name, "its slot is of another network");
    const auto ended = slot == slots_.end() ? SlotState::open : slot->second.state;
    const bool paid = slot != slots_.end() && slot->second.paid;
    if (row.state == PayoutState::paid && (ended != SlotState::ended || !paid)) {
        bad(name, "is paid, but its slot was not executed");
    }
    if (row.state == PayoutState::returned && track.slot != 0 && paid && slot->second.payouts == 1) {
        bad(name, "goes back, but its slot has paid it");
    }
    if (row.state == PayoutState::returned && track.slot != 0 && ended == SlotState::open) {
        bad(name, "goes back, but its slot has not ended");
    }
    if (row.state == PayoutState::reserved && track.slot != 0 && ended != SlotState::free) {
        bad(name, "leaves its slot, which is not free");
    }
    if (track.slot != 0 && row.slot != track.slot && row.state != PayoutState::reserved) {
        bad(name, cat("is bound to slot ", track.slot, ", got ", row.slot));
    }
    track.state = row.state;
    track.slot = row.slot;
    return {};
}

Result<void> Verifier::check_end(Seq seq, const SlotEnd& row) {
    const auto name = cat("slot end seq ", seq);
    const auto found = slots_.find(row.slot);
    if (found == slots_.end()) {
        if (unchecked_ == 0) bad(name, cat("there is no slot ", row.slot));
        return {};
    }
    auto& slot = found->second;
    if (slot.state != SlotState::open) bad(name, "its slot has ended already");
    const bool free_again = row.kind() == EndKind::free;
    if (free_again && !slot.attempts.empty()) bad(name, "gives a slot free for which something was signed");
    const auto attempt = std::ranges::find(slot.attempts, row.id, &SlotTrack::Signed::id);
    if (row.kind() == EndKind::attempt && attempt == slot.attempts.end()) {
        bad(name, "its attempt is none of the slot's");
    }
    slot.state = free_again ? SlotState::free : SlotState::ended;
    slot.paid = row.executed && attempt != slot.attempts.end() && !attempt->gives_up;
    return {};
}

// What is kept beside the rows: the states that the last steps left.
Result<void> Verifier::check_payout_states() {
    STIPEND_LET(payouts, main_.prepare("SELECT id, state, slot FROM payout"));
    for (;;) {
        STIPEND_LET(more, payouts.next());
        if (!more) break;
        const auto found = payouts_.find(payouts.i64());
        const auto state = payouts.i64();
        const auto slot = payouts.i64();
        if (found == payouts_.end()) continue;  // reported as a row without an audit row, or unchecked
        const auto own = slots_.find(found->second.slot);
        if (own != slots_.end() && own->second.state != SlotState::open && !is_over(found->second.state)) {
            bad(cat("payout ", found->first),
                cat("is ", payout_state_name(found->second.state), ", but its slot ", own->first, " has ended"));
        }
        if (state == static_cast<int>(found->second.state) && slot == found->second.slot) continue;
        bad(cat("payout ", found->first),
            cat("is not in the state of its last step: got ", state, ", slot ", slot, ", want ",
                static_cast<int>(found->second.state), ", slot ", found->second.slot));
    }
    STIPEND_LET(slots, main_.prepare("SELECT id, state FROM slot"));
    for (;;) {
        STIPEND_LET(more, slots.next());
        if (!more) return {};
        const auto found = slots_.find(slots.i64());
        const auto state = slots.i64();
        if (found == slots_.end() || state == static_cast<int>(found->second.state)) continue;
        bad(cat("slot ", found->first), cat("is not in the state of its end: got ", state));
    }
}

// A payout takes all that is owed, so that what it pays is known by its place in the chain.
void Verifier::check_all_reserved(const Journal& journal) {
    for (const auto& [account, wei, space] : journal.entries) {
        if (account > 0 && !sums_[account].zero() && unchecked_ == 0) {
            bad(cat("payout seq ", journal.ref), cat("leaves ", sums_[account].text(), " wei owed"));
        }
    }
}

void Verifier::expect_transfer(Entries& want, std::int64_t from, std::int64_t to, const SignedWei& wei) {
    const auto less = wei.negated();
    if (!less) return bad("transfer", less.error().message);
    want[from] = *less;
    want[to] = wei;
}

std::int64_t Verifier::account_named(std::int64_t space, const std::string& name) const {
    const auto found = accounts_.find({space, name});
    return found == accounts_.end() ? 0 : found->second;
}

Result<void> Verifier::expect_payout(const Journal& journal, Entries& want) {
    const auto payout_kind = journal.kind == JournalKind::payout;
    if (payout_kind) row_journals_.push_back(journal.ref);
    STIPEND_LET(
        rows,
        main_.prepare(
            payout_kind ? "SELECT p.orchestrator, o.key, '', p.wei, 1, p.network FROM payout p JOIN orchestrator o ON "
                          "o.id = p.orchestrator WHERE p.seq = ?"
            : journal.kind == JournalKind::payout_step
                ? "SELECT p.orchestrator, o.key, ifnull(s.payer, ''), p.wei, t.state, p.network FROM payout_step t "
                  "JOIN payout p ON p.id = t.payout JOIN orchestrator o ON o.id = p.orchestrator LEFT "
                  "JOIN slot s ON s.id = t.slot WHERE t.seq = ? AND t.state IN (7, 8)"
                : "SELECT 0, '', "
                  "s.payer, e.fee_wei, 0, s.network FROM slot_end e JOIN slot s ON s.id = e.slot WHERE e.seq = ?"));
    STIPEND_LET(found, rows.bind(journal.ref).next());
    if (!found || journal.last != journal.ref) {
        bad(cat("journal ", journal.ref), "belongs to no payout, end of one, or end of a slot");
        return {};
    }
    const OrchestratorId id = rows.i64();
    const auto key = rows.text();
    const auto payer = rows.text();
    const auto wei = SignedWei::from_bytes(rows.bytes32());
    const auto state = rows.i64();
    const NetworkId network = rows.i64();
    const auto space = space_of(network);
    if (state == 0) {
        const auto coin = coin_of(network);
        expect_transfer(want, account_named(coin, "expense:gas"), account_named(coin, cat("treasury:", payer)), wei);
        return {};
    }
    const auto debt = debt_account_of(id, network);
    const auto inflight = account_named(space, cat("inflight:", key));
    if (payout_kind) {
        expect_transfer(want, debt, inflight, wei);
    } else {
        const bool paid = state == static_cast<int>(PayoutState::paid);
        expect_transfer(want, inflight, paid ? account_named(space, cat("treasury:", payer)) : debt, wei);
    }
    return {};
}

}  // namespace stipend::ledger
