// Verifies the fees of jobs: each follows from the state before it, is in one journal, and the stored states and the
// accounts are what the chain comes to.
#include "host/ledger/verify_fees.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/verify.hpp"

namespace stipend::ledger {

Result<void> Verifier::load_fee_accounts() {
    STIPEND_LET(rows, main_.prepare("SELECT id, ns, name FROM account WHERE name IN ('expense:fees', "
                                    "'gateway:prepaid')"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const std::int64_t id = rows.i64();
        auto& accounts = fee_accounts_[rows.i64()];
        (rows.text() == "expense:fees" ? accounts.expense : accounts.prepaid) = id;
    }
}

void Verifier::check_fee(Seq seq, const std::string& body) {
    ++report_.fees;
    const std::string name = cat("fee seq ", seq);
    const auto fee = parse_fee(body);
    if (!fee) return bad(name, "its body is not that of a fee");
    if (!known_.contains(fee->orchestrator)) bad(name, "belongs to no known orchestrator");
    if (const auto broken = broken_invariant(*fee)) bad(name, *broken);
    auto [track, fresh] = fee_tracks_.try_emplace(fee->orchestrator);
    // Of what a missing archive holds, the first state that follows is taken as it is.
    if (!fresh || unchecked_ == 0) {
        if (const auto broken = broken_succession(track->second.state, *fee)) bad(name, *broken);
    }
    check_call(name, *fee, track->second);
    track->second.state = fee->after;
    track->second.seq = seq;
}

// What is given back of a call was reserved for it, on the same day, and is given back once.
void Verifier::check_call(const std::string& name, const Fee& fee, FeeTrack& track) {
    if (track.state.day != fee.after.day) track.calls.clear();
    if (!fee.of_call()) return;
    auto& reserved = track.calls[fee.epoch];
    if (fee.kind == FeeKind::called) {
        if (!SignedWei::add(reserved, fee.wei, reserved)) bad(name, "the reservations of its call leave their range");
        return;
    }
    if (fee.wei > reserved && unchecked_ == 0) {
        bad(name, cat("returns ", fee.wei.text(), " wei of a call with ", reserved.text(), " reserved"));
    }
    track.calls.erase(fee.epoch);
}

// Adds the entries that a journal of fees must hold.
Result<void> Verifier::expect_fees(FeeRows& rows, Seq ref, Seq last, Entries& want) {
    STIPEND_TRY(rows.skip_to(ref, [&](Seq seq) { bad(cat("fee seq ", seq), "is in no journal"); }));
    Seq count = 0;
    for (; rows.more && rows.seq <= last; ++count) {
        const auto known = known_.find(rows.orchestrator);
        const auto accounts = known == known_.end() ? fee_accounts_.end() : fee_accounts_.find(known->second.ns);
        SignedWei expense;
        SignedWei prepaid;
        const auto back = rows.moved.negated();
        if (accounts == fee_accounts_.end() || !back || accounts->second.expense == 0 ||
            accounts->second.prepaid == 0 || !SignedWei::add(want[accounts->second.expense], rows.moved, expense) ||
            !SignedWei::add(want[accounts->second.prepaid], *back, prepaid)) {
            bad(cat("fee seq ", rows.seq), cat("cannot be summed: ", rows.moved.text(), " wei"));
        } else {
            want[accounts->second.expense] = expense;
            want[accounts->second.prepaid] = prepaid;
        }
        STIPEND_TRY(rows.advance());
    }
    std::erase_if(want, [](const auto& entry) { return entry.second.zero(); });
    if (last < ref || count != last - ref + 1) {
        bad(cat("journal ", ref), cat("covers [", ref, ", ", last, "]: got ", count, " fees there"));
    }
    return {};
}

Result<void> Verifier::check_fee_states() {
    std::map<std::int64_t, SignedWei> totals;  // by namespace
    STIPEND_LET(rows, main_.prepare(cat("SELECT orchestrator, seq, ", columns<FeeState>(), " FROM fee_state")));
    std::size_t tracked = 0;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const OrchestratorId id = rows.i64();
        const Seq seq = rows.i64();
        const auto state = read_row<FeeState>(rows);
        const auto known = known_.find(id);
        const auto track = fee_tracks_.find(id);
        const std::string name =
            cat("fee_state of orchestrator ", id, " (", known == known_.end() ? "unknown" : known->second.key, ")");
        if (known == known_.end()) bad(name, "belongs to no orchestrator");
        if (rows.malformed()) bad(name, "an amount is not 32 bytes");
        if (const auto broken = broken_invariant(state)) bad(name, *broken);
        if (track != fee_tracks_.end()) {
            ++tracked;
            if (seq != track->second.seq) bad(name, cat("was last set at seq ", track->second.seq, ", got ", seq));
            if (state != track->second.state) bad(name, cat("is not the state that seq ", track->second.seq, " left"));
        } else if (seq > unchecked_) {
            bad(name, "has no audit row");
        }
        auto& total = totals[known == known_.end() ? 0 : known->second.ns];
        if (!SignedWei::add(total, state.total_wei, total)) bad(name, "the sum of all leaves its range");
    }
    if (tracked != fee_tracks_.size()) {
        bad("fee_state", cat("got ", tracked, " rows, want one for each of ", fee_tracks_.size(), " orchestrators"));
    }
    return check_fee_sums(totals);
}

// The two accounts of each namespace hold what the states come to.
Result<void> Verifier::check_fee_sums(const std::map<std::int64_t, SignedWei>& totals) {
    const auto sum_of = [&](std::int64_t account) {
        const auto sum = sums_.find(account);
        return sum == sums_.end() ? SignedWei() : sum->second;
    };
    for (const auto& [ns, name] : namespaces_) {
        const auto total = totals.find(ns);
        const SignedWei want = total == totals.end() ? SignedWei() : total->second;
        const auto found = fee_accounts_.find(ns);
        const FeeAccounts accounts = found == fee_accounts_.end() ? FeeAccounts() : found->second;
        const SignedWei expense = accounts.expense == 0 ? SignedWei() : sum_of(accounts.expense);
        const SignedWei prepaid = accounts.prepaid == 0 ? SignedWei() : sum_of(accounts.prepaid);
        STIPEND_LET(back, want.negated());
        if (expense != want || prepaid != back) {
            bad(cat("account expense:fees of ", name), cat("got ", expense.text(), " wei, and ", prepaid.text(),
                                                           " in gateway:prepaid; the states sum to ", want.text()));
        }
        if (accounts.expense >= 0 && accounts.expense != 0) bad("account expense:fees", "has the id of a debt");
        if (accounts.prepaid >= 0 && accounts.prepaid != 0) bad("account gateway:prepaid", "has the id of a debt");
    }
    return {};
}

}  // namespace stipend::ledger
