// What is owed is reserved, and what is reserved is bound to a nonce, within the limits.
#include <algorithm>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {
namespace {

constexpr std::size_t max_reserved_at_once = 256;
constexpr std::size_t max_bound_at_once = 64;
constexpr std::int64_t gas_known_for_ns = 600 * ns_per_s;  // of a single payment, to compare a batch with
constexpr std::int64_t gas_fresh_for_ns = 120 * ns_per_s;  // to bind a payment by itself

std::uint64_t likely_of(const Estimate& estimate) {
    return estimate.likely == 0 ? estimate.gas : estimate.likely;
}

}  // namespace

bool Settler::reserve() {
    if (now_ < reserve_due_ || !numbering_.may_assign(this)) return false;
    reserve_due_ = now_ + rules_.reserve_every_ns;
    Reservation which{.network = rules_.network,
                      .first = numbering_.next_payout(),
                      .most = max_reserved_at_once,
                      .at_least = rules_.min_payout,
                      .or_before = now_ - rules_.max_age_ns,
                      .payer = account_->payer,
                      .at = now_};
    for (const auto& [id, payout] : payouts_) which.without.push_back(payout.row.orchestrator);
    std::ranges::sort(which.without);
    numbering_.begin(this);
    book_.reserve(which, answer(&Settler::take_reserved));
    return true;
}

void Settler::take_reserved(Result<std::vector<ledger::Payout>> reserved) {
    numbering_.end(this);
    if (!reserved) {
        failed("the ledger", reserved.error());
        reserve_due_ = retry_due_;
        return;
    }
    // As many as at most: there may be more.
    if (reserved->size() == max_reserved_at_once) reserve_due_ = now_;
    apply({.reserved = std::move(*reserved)});
}

SignedWei Settler::bound_today() const {
    SignedWei sum;
    for (const auto& [to, wei] : bound_) {
        if (!SignedWei::add(sum, wei, sum)) return SignedWei::highest();
    }
    return sum;
}

bool Settler::waits_for_a_day(const ledger::OpenPayout& payout) const {
    const auto own = bound_.find(payout.row.to);
    const auto own_sum = (own == bound_.end() ? SignedWei() : own->second).plus(payout.row.wei);
    const auto all = bound_today().plus(payout.row.wei);
    return !own_sum || !all || *own_sum > rules_.limits.per_payee_day || *all > rules_.limits.per_day;
}

std::uint64_t Settler::next_nonce() const {
    const auto last = last_nonce();
    return last ? *last + 1 : account_->next_slot;
}

Block Settler::binding_block() const {
    if (auto tripped = breaker(); !tripped.id.empty()) return tripped;
    if (!account_) return {};
    if (rules_.max_skew_ns != 0 && skew_ns_ > rules_.max_skew_ns) {
        return {.id = blocks::clock,
                .text = cat("the newest block is ", skew_ns_ / ns_per_s, " s from this clock, want at most ",
                            rules_.max_skew_ns / ns_per_s)};
    }
    if (account_->cap > rules_.max_cap) {
        return {.id = blocks::gas,
                .text = cat("gas costs more than the limit: ", account_->cap.text(), " wei, want at most ",
                            rules_.max_cap.text())};
    }
    if (account_->cap < account_->base_fee) {
        return {.id = blocks::gas,
                .text = cat("gas costs ", account_->base_fee.text(),
                            " wei, more than the cap that the plugin suggests, ", account_->cap.text())};
    }
    // The first nonce of a payer follows what the chain has; that could be taken back, and this nonce would have a gap
    // before it.
    if (!last_nonce() && account_->final_next_slot != account_->next_slot) {
        return {.id = blocks::nonce,
                .text = cat("nonce ", account_->next_slot - 1, " of ", account_->payer, " is in no final block yet")};
    }
    if (!short_of_.empty()) return {.id = blocks::funds, .text = short_of_};
    return {};
}

// The next payout of a payee whose last one failed waits for a person, and one payout does where a breaker keeps all of
// them: its release ends that.
bool Settler::hold_failed() {
    ledger::PayoutChanges changes;
    const ledger::OpenPayout* first = nullptr;
    bool held = false;
    for (const auto& [id, payout] : payouts_) {
        held = held || payout.state == State::held;
        if (payout.state != State::reserved || changes.steps.size() == max_reserved_at_once) continue;
        if (first == nullptr) first = &payout;
        const auto failed = failed_.find(payout.row.orchestrator);
        if (failed == failed_.end()) continue;
        changes.steps.push_back({.payout = id,
                                 .state = State::held,
                                 .reason = cat("payout ", failed->second, " to the same payee failed on the chain"),
                                 .at = now_});
    }
    if (const auto tripped = breaker(); changes.empty() && !held && first != nullptr && !tripped.id.empty()) {
        // The one that is too much for a day is left out of it, and those before it are within.
        const auto found = tripped.id == blocks::surge ? surge() : std::nullopt;
        changes.steps.push_back({.payout = found ? found->payout : first->row.id,
                                 .state = State::held,
                                 .reason = tripped.text.substr(0, ledger::max_reason_bytes),
                                 .at = now_});
    }
    if (changes.empty()) return false;
    commit(std::move(changes));
    return true;
}

bool Settler::hold_over_limit() {
    for (const auto& [id, payout] : payouts_) {
        if (payout.state != State::reserved || payout.row.wei <= rules_.limits.per_payment) continue;
        commit({.steps = {{.payout = id,
                           .state = State::held,
                           .reason = cat("more than the limit of one payment: ", payout.row.wei.text(),
                                         " wei, want at most ", rules_.limits.per_payment.text()),
                           .at = now_}}});
        return true;
    }
    return false;
}

// All that they pay counts, each payee's own and the day's.
std::vector<PayoutId> Settler::due_payouts(std::size_t most) const {
    std::vector<PayoutId> out;
    auto all = bound_today();
    std::map<std::string_view, SignedWei> own;
    for (const auto& [id, payout] : payouts_) {
        if (out.size() == most) break;
        const auto wait = try_again_.find(id);
        if (payout.state != State::reserved || (wait != try_again_.end() && now_ < wait->second)) continue;
        const auto bound = bound_.find(payout.row.to);
        const auto [sum, first] = own.try_emplace(payout.row.to, bound == bound_.end() ? SignedWei() : bound->second);
        const auto own_sum = sum->second.plus(payout.row.wei);
        const auto all_sum = all.plus(payout.row.wei);
        if (!own_sum || !all_sum || *own_sum > rules_.limits.per_payee_day || *all_sum > rules_.limits.per_day)
            continue;
        sum->second = *own_sum;
        all = *all_sum;
        out.push_back(id);
    }
    return out;
}

std::vector<PaymentTo> Settler::payments_of(const std::vector<PayoutId>& payouts) const {
    std::vector<PaymentTo> out;
    for (const auto id : payouts) out.push_back({payouts_.at(id).row.to, payouts_.at(id).row.wei});
    return out;
}

bool Settler::bind() {
    if (slots_.size() >= rules_.window || now_ < bind_due_ || !numbering_.may_assign(this)) return false;
    if (const auto block = binding_block().id; !block.empty() && block != blocks::funds) return false;
    if (hold_over_limit()) return true;
    const bool single = rules_.mode == PayMode::single;
    const std::size_t most = std::min<std::size_t>(rules_.batch_most, ledger::max_slot_payouts);
    const auto free_nonces = std::min<std::size_t>(rules_.window - slots_.size(), max_bound_at_once);
    auto due = due_payouts(single ? free_nonces : std::max<std::size_t>(most, 1));
    if (due.empty()) {
        short_of_.clear();
        return false;
    }
    if (!single) {
        const auto alone = std::ranges::find_if(due, [this](PayoutId id) { return singly_.contains(id); });
        if (alone != due.end()) due = {*alone};
    }
    // One that the chain would refuse is found before it is bound, or part of a batch.
    const bool by_itself = single || due.size() == 1;
    const auto unknown = std::ranges::find_if(due, [&](PayoutId id) {
        const auto known = single_gas_.find(id);
        return known == single_gas_.end() ||
               now_ - known->second.at >= (by_itself ? gas_fresh_for_ns : gas_known_for_ns);
    });
    if (unknown != due.end()) {
        ask_for_estimate({*unknown});
        return true;
    }
    if (!by_itself) {
        ask_for_estimate(std::move(due));
        return true;
    }
    bind_each(due);
    return true;
}

void Settler::ask_for_estimate(std::vector<PayoutId> payouts) {
    estimated_ = std::move(payouts);
    SlotWork work{.payer = account_->payer, .payments = payments_of(estimated_)};
    if (estimated_.size() == 1) return chain_.estimate(work, answer(&Settler::take_estimate));
    work.nonce = next_nonce();
    work.batch = batch_id(rules_.chain_id, work.payer, work.nonce);
    chain_.estimate(work, answer(&Settler::take_estimate_of_batch));
}

void Settler::take_estimate(Result<Estimate> estimate) {
    if (!estimate) return failed("an estimate of gas", estimate.error());
    const auto id = estimated_.front();
    if (!estimate->accepted || estimate->gas == 0) {
        return commit(
            {.steps = {
                 {.payout = id,
                  .state = State::held,
                  .reason = cat("the chain would refuse it: ", estimate->reason).substr(0, ledger::max_reason_bytes),
                  .at = now_}}});
    }
    single_gas_[id] = {.gas = estimate->gas, .likely = likely_of(*estimate), .at = now_};
}

// Each is known to be accepted by itself: a batch that is not, or that is dearer, is paid one by one.
void Settler::take_estimate_of_batch(Result<Estimate> estimate) {
    const bool unsupported = !estimate && estimate.error().status == STIPEND_E_UNSUPPORTED;
    if (!estimate && !unsupported) return failed("an estimate of the gas of a batch", estimate.error());
    bool together = !unsupported && estimate->accepted && estimate->gas > 0;
    if (together && rules_.mode == PayMode::automatic) {
        // Limits have spare gas, a batch's far more of it.
        std::uint64_t single = 0;
        for (const auto id : estimated_) single += single_gas_.at(id).likely;
        together = likely_of(*estimate) < single;
    }
    if (!numbering_.may_assign(this)) return;  // it is asked about again
    if (together) return bind_together(estimated_, {.gas = estimate->gas, .likely = likely_of(*estimate)});
    singly_.insert(estimated_.begin(), estimated_.end());
}

void Settler::open_slot(SlotId slot, Gas gas, const std::vector<PayoutId>& payouts) {
    for (const auto id : payouts) {
        try_again_.erase(id);
        single_gas_.erase(id);
        singly_.erase(id);
    }
    auto& view = slots_.at(slot);
    view.gas = gas.gas;
    view.likely = gas.likely;
    view.recalled = true;  // this nonce was never given before, in this run or an earlier one
}

// A nonce for each of them, in one commit.
void Settler::bind_each(const std::vector<PayoutId>& payouts) {
    struct Opened {
        SlotId slot = 0;
        Gas gas = {};
        PayoutId payout = 0;
    };
    ledger::PayoutChanges changes;
    std::vector<Opened> opened;
    UnderWay beside;
    short_of_.clear();
    for (const auto id : payouts) {
        const auto& wei = payouts_.at(id).row.wei;
        const auto gas = single_gas_.at(id);
        const auto why = obstacle(wei, gas.gas, 1, beside);
        if (!why.text.empty()) {
            short_of_ = why.block == blocks::funds ? why.text : "";
            note_obstacle({id}, why);
            if (!short_of_.empty()) break;
            continue;
        }
        const auto next = static_cast<std::uint64_t>(opened.size());
        const auto slot = numbering_.next_slot() + static_cast<SlotId>(next);
        changes.slots.push_back({.id = slot,
                                 .payer = account_->payer,
                                 .nonce = next_nonce() + next,
                                 .payouts = 1,
                                 .at = now_,
                                 .network = rules_.network});
        changes.steps.push_back({.payout = id, .state = State::bound, .slot = slot, .at = now_});
        opened.push_back({slot, gas, id});
        // The payer has enough for it, so that the sums are amounts.
        const bool are_amounts =
            SignedWei::add(beside.paid, wei, beside.paid) && SignedWei::add(beside.fees, why.fee, beside.fees);
        STIPEND_ASSERT(are_amounts);
    }
    if (changes.empty()) return;
    commit(std::move(changes), [this, opened = std::move(opened)] {
        for (const auto& one : opened) open_slot(one.slot, one.gas, {one.payout});
    });
}

// One nonce for all of them.
void Settler::bind_together(const std::vector<PayoutId>& payouts, Gas gas) {
    SignedWei sum;
    for (const auto id : payouts) {
        // They are within the limit of a day together.
        const bool is_amount = SignedWei::add(sum, payouts_.at(id).row.wei, sum);
        STIPEND_ASSERT(is_amount);
    }
    const auto why = obstacle(sum, gas.gas, payouts.size(), UnderWay());
    short_of_ = why.block == blocks::funds ? why.text : "";
    if (!why.text.empty()) return note_obstacle(payouts, why);
    const auto slot = numbering_.next_slot();
    ledger::PayoutChanges changes;
    changes.slots.push_back({.id = slot,
                             .payer = account_->payer,
                             .nonce = next_nonce(),
                             .payouts = static_cast<std::uint32_t>(payouts.size()),
                             .at = now_,
                             .network = rules_.network});
    for (const auto id : payouts) {
        changes.steps.push_back({.payout = id, .state = State::bound, .slot = slot, .at = now_});
    }
    commit(std::move(changes), [this, slot, gas, payouts] { open_slot(slot, gas, payouts); });
}

}  // namespace stipend::settlement
