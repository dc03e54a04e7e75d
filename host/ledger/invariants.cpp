#include "host/ledger/invariants.hpp"

#include <map>

#include "host/ledger/demand_rule.hpp"
#include "host/ledger/fees.hpp"

namespace stipend::ledger {
namespace {

using Broken = std::optional<std::string>;

constexpr auto int64_most = static_cast<std::uint64_t>(INT64_MAX);  // SQLite's integers

// A decision never lowers a debt, so all entries of debts are above zero and the expense pays for them.
Broken broken_sign(const Journal& journal, const Entry& entry) {
    if (entry.wei.zero()) return cat("has an entry of zero: account ", entry.account);
    const bool pays = journal.kind == JournalKind::decisions || journal.kind == JournalKind::manual_payment;
    if (pays && entry.wei.negative() != (entry.account < 0)) {
        return cat("has an entry with the wrong sign: account ", entry.account, ", ", entry.wei.text(), " wei");
    }
    if (journal.kind == JournalKind::fees && entry.account >= 0) {
        return cat("has an entry that is no fee: account ", entry.account);
    }
    return std::nullopt;
}

}  // namespace

Broken broken_invariant(const Journal& journal) {
    const bool of_one = journal.kind == JournalKind::adjustment || journal.kind == JournalKind::manual_payment;
    const auto most = journal.kind == JournalKind::decisions ? max_journal_entries : std::size_t{2};
    if (journal.ref < 1 || journal.last < journal.ref || (of_one && journal.last != journal.ref)) {
        return cat("covers no rows of the chain: [", journal.ref, ", ", journal.last, "]");
    }
    if (journal.entries.size() > most) return cat("has ", journal.entries.size(), " entries, want at most ", most);
    std::map<std::int64_t, SignedWei> sums;  // by space
    const Entry* before = nullptr;
    for (const auto& entry : journal.entries) {
        if (before != nullptr && entry.account <= before->account) return cat("repeats account ", entry.account);
        if (auto broken = broken_sign(journal, entry)) return broken;
        auto& sum = sums[entry.space];
        if (!SignedWei::add(sum, entry.wei, sum)) return std::string("has a sum that leaves its range");
        before = &entry;
    }
    for (const auto& [space, sum] : sums) {
        if (!sum.zero()) return cat("does not sum to zero: ", sum.text(), " wei");
    }
    return std::nullopt;
}

Broken below_floor(std::string_view account, const SignedWei& balance) {
    if (!account.starts_with("inflight:") || !balance.negative()) return std::nullopt;
    return cat("balance: got ", balance.text(), " wei, want 0 or more");
}

Broken broken_invariant(const EngineState& s) {
    if (s.epoch > int64_most) return cat("epoch out of range: got ", s.epoch);
    if (s.checks_ok > s.checks_total || s.checks_total > int64_most) {
        return cat("checks: got ", s.checks_ok, " good of ", s.checks_total);
    }
    if (s.interval_ns < 0) return cat("interval: got ", s.interval_ns, " ns, want 0 or more");
    if (s.day_usd.negative()) return cat("usage of the day: got ", s.day_usd.text(), " USD, want 0 or more");
    return std::nullopt;
}

Broken broken_invariant(const Decision& d) {
    if (d.epoch < 1) return std::string("epochs begin with 1");
    if (d.decided_at < d.period_from) {
        return cat("the period ends before it begins: from ", d.period_from, " to ", d.decided_at);
    }
    if (d.uptime_ppm.value_or(0) > ppm_one || d.coverage_ppm > ppm_one) {
        return std::string("more than all of the period");
    }
    if (d.usd.negative() || d.delay_ns < 0 || d.penalty_ns < 0) return std::string("negative pay, delay or penalty");
    if (d.action == Action::skip && !(d.wei.zero() && d.usd.zero())) {
        return cat("a skip owes nothing: got ", d.wei.text(), " wei");
    }
    return std::nullopt;
}

Broken broken_invariant(const Decided& decided) {
    const Decision& d = decided.decision;
    const EngineState& s = decided.after;
    if (auto broken = broken_invariant(d)) return broken;
    if (s.epoch != d.epoch) return cat("state after it: got epoch ", s.epoch);
    if (s.due_at != d.next_at) return cat("state after it: got due_at ", s.due_at, ", want next_at ", d.next_at);
    if (s.last_decided_at != d.decided_at) {
        return cat("state after it: got last_decided_at ", s.last_decided_at, ", want ", d.decided_at);
    }
    if (s.consecutive_failures != d.consecutive_failures || s.suspended != d.suspended) {
        return std::string("state after it: failures or suspension differ");
    }
    if (auto broken = broken_invariant(s)) return cat("state after it: ", *broken);
    return std::nullopt;
}

Broken broken_succession(const LastDecision& last, const Decision& next) {
    if (next.epoch != last.epoch + 1) return cat("does not follow epoch ", last.epoch);
    if (next.period_from < last.decided_at) {
        return cat("its period overlaps the last: from ", next.period_from, " to ", next.decided_at,
                   ", the last was decided at ", last.decided_at);
    }
    return std::nullopt;
}

Broken broken_invariant(const FeeState& s) {
    for (const auto& wei : {s.day_wei, s.open_wei, s.open_day_wei, s.total_wei}) {
        if (wei.negative()) return cat("an amount below zero: ", wei.text(), " wei");
    }
    if (s.open_day_wei > s.open_wei || s.open_day_wei > s.day_wei) {
        return cat("reserved on the day: got ", s.open_day_wei.text(), " wei of ", s.open_wei.text(),
                   " reserved and of ", s.day_wei.text(), " counted on the day");
    }
    if (s.total_wei > max_fee_total()) return cat("out of range: ", s.total_wei.text(), " wei in all");
    if (s.day_wei > s.total_wei || s.open_wei > s.total_wei) {
        return cat("more than was counted in all: ", s.total_wei.text(), " wei");
    }
    return std::nullopt;
}

Broken broken_invariant(const Pardon& p) {
    if (p.to <= p.from) return std::string("its time ends before it begins");
    if (p.checks < 1) return std::string("pardons no check");
    if (p.reason.empty()) return std::string("wants a reason");
    if (p.failures_after > p.failures_before) {
        return cat("counts more failures than before: got ", p.failures_after, ", had ", p.failures_before);
    }
    if (p.suspended_after && !p.suspended_before) return std::string("suspends");
    if (p.due_after > p.due_before) return cat("due later than before: got ", p.due_after, ", had ", p.due_before);
    if (p.due_after < p.at && p.due_after != p.due_before) {
        return cat("due before it was made: got ", p.due_after, ", made at ", p.at);
    }
    return std::nullopt;
}

Broken broken_invariant(const Pardoned& pardoned) {
    const auto& [row, after] = pardoned;
    if (auto broken = broken_invariant(row)) return broken;
    if (auto broken = broken_invariant(after)) return cat("state after it: ", *broken);
    if (after.epoch != row.epoch || after.due_at != row.due_after || after.suspended != row.suspended_after ||
        after.consecutive_failures != row.failures_after) {
        return std::string("the state after it is another one than the row says");
    }
    return std::nullopt;
}

Broken broken_invariant(const Fee& fee) {
    if (fee.epoch < 1 || fee.epoch > int64_most) return cat("epoch out of range: got ", fee.epoch);
    if (fee.wei.negative() || fee.wei > max_fee()) return cat("amount out of range: got ", fee.wei.text(), " wei");
    if (fee.of_call() && fee.attempt != 0) return cat("a call has no attempts: got ", fee.attempt);
    const bool closed = fee.kind == FeeKind::closed || fee.kind == FeeKind::returned;
    if (!closed && (fee.wei.zero() || fee.moved != fee.wei)) {
        return cat("moves ", fee.moved.text(), " wei, want ", fee.wei.text(), " and more than 0");
    }
    if (closed && fee.moved > SignedWei()) return cat("moves ", fee.moved.text(), " wei, want 0 or less");
    const bool open = fee.kind == FeeKind::reserved || fee.kind == FeeKind::added;
    if (!fee.of_call() && open == fee.after.open_wei.zero())
        return cat("leaves ", fee.after.open_wei.text(), " wei reserved");
    if (auto broken = broken_invariant(fee.after)) return cat("state after it: ", *broken);
    return std::nullopt;
}

Broken broken_succession(const FeeState& before, const Fee& next) {
    const auto step = fee_step(before, next.kind, next.wei, fee_day(next.at));
    if (!step) return step.error().message;
    if (step->moved != next.moved) {
        return cat("moves ", next.moved.text(), " wei, want ", step->moved.text(), " by the state before it");
    }
    if (step->after != next.after) return std::string("the state after it does not follow from the one before it");
    return std::nullopt;
}

Broken broken_invariant(const ManualPayment& p) {
    if (p.id.empty() || p.by.empty() || p.call_type.empty()) return std::string("wants an id, a call type and a name");
    if (p.usd.negative() || p.usd.zero() || p.wei.negative() || p.wei.zero()) {
        return cat("amount: got ", p.usd.text(), " USD, ", p.wei.text(), " wei, want more than 0");
    }
    if (p.stated != Stated::usd && p.stated != Stated::wei) {
        return cat("asset: got ", static_cast<int>(p.stated), ", want 1 or 2");
    }
    if (p.decimals > max_decimals) return cat("decimals: got ", p.decimals, ", want at most ", max_decimals);
    if (p.stated == Stated::usd) {
        const auto want = usd_to_units(p.usd.count_e8(), {}, p.usd_per_eth_e8, p.decimals);
        if (!want) return want.error().message;
        if (*want == p.wei.magnitude()) return std::nullopt;
        return cat("amount: got ", p.wei.text(), " wei for ", p.usd.text(), " USD, want ", want->text());
    }
    const auto want = worth_in_usd(p.wei, p.usd_per_eth_e8, p.decimals);
    if (!want) return want.error().message;
    if (*want == p.usd) return std::nullopt;
    return cat("amount: got ", p.usd.text(), " USD for ", p.wei.text(), " wei, want ", want->text());
}

Broken broken_invariant(const Demand& d) {
    const auto& rules = d.rules;
    if (d.from < 0 || d.from >= d.at)
        return cat("its cycle: got ", d.from, " .. ", d.at, " ns, want a time that rises");
    for (const auto count : {d.asked, d.failed, d.waiting, d.up, d.supply}) {
        if (count > int64_most) return cat("count out of range: got ", count);
    }
    if (d.supply < d.up) return cat("supply: got ", d.supply, ", want at least ", d.up, ", which are up");
    if (d.least_ppm <= 0 || d.least_ppm > d.before_ppm || d.before_ppm > d.most_ppm || d.most_ppm > max_demand_factor) {
        return cat("factors before it: got ", d.before_ppm, " within ", d.least_ppm, " .. ", d.most_ppm);
    }
    if (d.factor_ppm == 0 && rules == DemandRules()) return std::nullopt;
    const auto is_share = [](std::int64_t ppm) { return ppm > 0 && ppm <= demand_one; };
    const auto is_factor = [](std::int64_t ppm) { return ppm > 0 && ppm <= max_demand_factor; };
    if (rules.every_ns <= 0 || rules.target_ppm <= 0 || !is_share(rules.floor_ppm) || !is_share(rules.damping_ppm) ||
        !is_factor(rules.ceiling_ppm) || rules.ceiling_ppm < demand_one || !is_factor(rules.step_ppm)) {
        return std::string("a rule out of range");
    }
    const auto want = factor_of(d);
    if (d.factor_ppm == want) return std::nullopt;
    return cat("factor: got ", d.factor_ppm, ", want ", want, " by its own numbers");
}

Broken broken_invariant(const Objection& o) {
    if (o.epoch < 1 || o.epoch > int64_most) return cat("epoch out of range: got ", o.epoch);
    if (o.text.empty() || o.by.empty()) return std::string("wants a text and a name");
    return std::nullopt;
}

Broken broken_invariant(const ObjectionAnswer& a) {
    if (a.epoch < 1 || a.epoch > int64_most) return cat("epoch out of range: got ", a.epoch);
    if (a.reason.empty() || a.by.empty()) return std::string("wants a reason and a name");
    return std::nullopt;
}

namespace {

bool is_address(std::string_view text) {
    return text.size() == max_address_bytes && text.starts_with("0x") &&
           text.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}
bool above_zero(const SignedWei& wei) {
    return !wei.negative() && !wei.zero();
}

}  // namespace

Broken broken_invariant(const Network& n) {
    if (n.id < 1 || n.id > static_cast<NetworkId>(max_networks)) return cat("id out of range: got ", n.id);
    if (n.chain_id < 1 || n.chain_id > int64_most) return cat("chain id out of range: got ", n.chain_id);
    if (!n.token.empty() && !is_address(n.token)) {
        return cat("token: got \"", n.token, "\", want 0x and 40 digits, or none for the coin");
    }
    if (n.decimals > max_decimals || (n.token.empty() && n.decimals != coin_decimals)) {
        return cat("decimals: got ", n.decimals, ", want at most ", max_decimals, ", and ", coin_decimals,
                   " for a coin");
    }
    if (n.symbol.empty()) return std::string("wants a symbol");
    return std::nullopt;
}

Broken broken_invariant(const Payout& p) {
    if (p.id < 1) return cat("id out of range: got ", p.id);
    if (!is_address(p.to) || p.to.find_first_not_of('0', 2) == std::string::npos) {
        return cat("address: got \"", p.to, "\", want 0x and 40 digits, not all 0");
    }
    if (!above_zero(p.wei)) return cat("amount: got ", p.wei.text(), " wei, want more than 0");
    return std::nullopt;
}

Broken broken_invariant(const Slot& s) {
    if (s.id < 1) return cat("id out of range: got ", s.id);
    if (!is_address(s.payer)) return cat("payer: got \"", s.payer, "\", want 0x and 40 digits");
    if (s.nonce > int64_most) return cat("nonce out of range: got ", s.nonce);
    if (s.payouts > max_slot_payouts) return cat("got ", s.payouts, " payouts, want at most ", max_slot_payouts);
    return std::nullopt;
}

Broken broken_invariant(const Attempt& a) {
    if (a.slot < 1 || a.id == Hash{} || a.raw.empty()) return std::string("wants a slot, an id and bytes");
    if (a.tip_wei.negative() || a.cap_wei < a.tip_wei || a.gas == 0 || a.gas > int64_most) {
        return cat("fees out of range: tip ", a.tip_wei.text(), ", cap ", a.cap_wei.text(), ", gas ", a.gas);
    }
    return std::nullopt;
}

Broken broken_invariant(const PayoutStep& s) {
    using enum PayoutState;
    if (s.payout < 1 || s.state < reserved || s.state > frozen) return std::string("wants a payout and a state");
    const bool in_block = s.state == mined || s.state == confirmed || s.state == paid;
    if (in_block != (s.block_hash != Hash{}) || (!in_block && s.block != 0) || s.block > int64_most) {
        return cat("block: got ", s.block, " for ", payout_state_name(s.state));
    }
    const bool has_slot = in_block || s.state == bound || s.state == sent;
    const bool may_have_one = has_slot || s.state == returned || s.state == frozen;
    if (s.slot < 0 || (has_slot && s.slot == 0) || (!may_have_one && s.slot != 0)) {
        return cat("slot: got ", s.slot, " for ", payout_state_name(s.state));
    }
    if ((s.state == held || s.state == returned || s.state == frozen) && s.reason.empty()) {
        return cat(payout_state_name(s.state), " wants a reason");
    }
    return std::nullopt;
}

Broken broken_invariant(const SlotEnd& e) {
    if (e.slot < 1 || e.fee_wei.negative() || e.block > int64_most) return std::string("wants a slot and a fee");
    if (e.kind() == EndKind::attempt ? e.block_hash == Hash{}
                                     : e.block_hash != Hash{} || !e.fee_wei.zero() || e.executed) {
        return std::string("its block and its fee are those of an attempt");
    }
    if (e.kind() == EndKind::elsewhere && e.by.empty()) {
        return std::string("by: got none, want the person who ordered the end of a nonce that was used elsewhere");
    }
    if (e.kind() == EndKind::free && !e.by.empty()) {
        return cat("by: got \"", e.by, "\", but nothing was signed that a person could settle");
    }
    return std::nullopt;
}

Result<Usd> worth_in_usd(const SignedWei& wei, std::int64_t usd_per_eth_e8, std::uint32_t decimals) {
    if (wei.negative()) return fail(STIPEND_E_INVALID, "negative amount of wei: ", wei.text());
    if (usd_per_eth_e8 <= 0) return fail(STIPEND_E_INVALID, "rate not positive: ", scaled_text(usd_per_eth_e8, 8));
    try {
        CheckedU256 product = wei.magnitude().value();
        product *= usd_per_eth_e8;
        const CheckedU256 whole = power_of_ten(decimals);
        product += whole - 1;
        const CheckedU256 worth = product / whole;
        if (worth <= INT64_MAX) return Usd::of_e8(worth.convert_to<std::int64_t>());
    } catch (const std::exception&) {  // beyond 256 bits
    }
    return fail(STIPEND_E_LIMIT, "amount too large: ", wei.text(), " wei");
}

Seq audit_rows(const Batch& b) {
    // A new orchestrator has two: its row and its state.
    const auto rows = b.networks.size() + b.generations.size() + 2 * b.added.size() + b.changed.size() +
                      b.pardons.size() + b.gaps_closed.size() + b.decisions.size() + b.gaps_opened.size() +
                      b.adjustments.size() + b.payments.size() + b.objections.size() + b.objection_answers.size() +
                      b.fees.size() + b.prices.size() + b.demands.size() + b.events.size() + b.payouts.reserved.size() +
                      b.payouts.slots.size() + b.payouts.attempts.size() + b.payouts.ends.size() +
                      b.payouts.steps.size();
    return static_cast<Seq>(rows);
}

}  // namespace stipend::ledger
