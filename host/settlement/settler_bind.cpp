// What is owed is reserved, and what is reserved is bound to a nonce, within the limits.
#include <algorithm>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {
namespace {

constexpr std::size_t max_reserved_at_once = 256;
constexpr std::uint32_t ppm_one = 1'000'000;

// What gas costs at most; none beyond the range of an amount.
std::optional<SignedWei> cost_of(std::uint64_t gas, const SignedWei& per_gas) {
    try {
        CheckedU256 product = per_gas.magnitude().value();
        product *= gas;
        const auto wei = SignedWei::of(Wei(product));
        return wei ? std::optional(*wei) : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

// `ppm` millionths of `wei`, rounded down.
SignedWei share_of(const SignedWei& wei, std::uint32_t ppm) {
    const CheckedU256 whole = wei.magnitude().value();
    const auto part = std::min<std::uint32_t>(ppm, ppm_one);  // all of it at most
    const CheckedU256 share = whole / ppm_one * part + whole % ppm_one * part / ppm_one;
    const auto out = SignedWei::of(Wei(share));
    return out ? *out : SignedWei::highest();
}

}  // namespace

bool Settler::reserve() {
    if (now_ < reserve_due_) return false;
    reserve_due_ = now_ + rules_.reserve_every_ns;
    Reservation which{.first = next_payout_,
                      .most = max_reserved_at_once,
                      .at_least = rules_.min_payout,
                      .or_before = now_ - rules_.max_age_ns,
                      .payer = account_->payer,
                      .at = now_};
    for (const auto& [id, payout] : payouts_) which.without.push_back(payout.row.orchestrator);
    std::ranges::sort(which.without);
    book_.reserve(which, answer(&Settler::take_reserved));
    return true;
}

void Settler::take_reserved(Result<std::vector<ledger::Payout>> reserved) {
    if (!reserved) return failed("the ledger", reserved.error());
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

std::optional<SignedWei> Settler::under_way() const {
    SignedWei sum;
    for (const auto& [id, payout] : payouts_) {
        if (payout.state != State::bound && payout.state != State::sent) continue;
        if (!SignedWei::add(sum, payout.row.wei, sum)) return std::nullopt;
    }
    for (const auto& [id, slot] : slots_) {
        if (slot.attempts.empty()) continue;
        const auto cost = cost_of(slot.attempts.back().gas, slot.attempts.back().cap_wei);
        if (!cost || !SignedWei::add(sum, *cost, sum)) return std::nullopt;
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
    const auto last = last_nonces_.find(account_->payer);
    return last == last_nonces_.end() ? account_->next_slot : last->second + 1;
}

bool Settler::bind() {
    if (slots_.size() >= rules_.window) return false;
    for (auto& [id, payout] : payouts_) {
        if (payout.state != State::reserved) continue;
        if (payout.row.wei > rules_.limits.per_payment) {
            commit({.steps = {{.payout = id,
                               .state = State::held,
                               .reason = cat("more than the limit of one payment: ", payout.row.wei.text(),
                                             " wei, want at most ", rules_.limits.per_payment.text()),
                               .at = now_}}});
            return true;
        }
        const auto wait = try_again_.find(id);
        if ((wait != try_again_.end() && now_ < wait->second) || waits_for_a_day(payout)) continue;
        estimated_ = id;
        chain_.estimate({.payer = account_->payer, .payments = {{payout.row.to, payout.row.wei}}},
                        answer(&Settler::take_estimate));
        return true;
    }
    return false;
}

// Empty: it can be bound.
std::string Settler::why_not_now(const ledger::OpenPayout& payout, std::uint64_t gas) const {
    if (account_->cap > rules_.max_cap) return cat("gas costs more than the limit: ", account_->cap.text(), " wei");
    const auto price = account_->base_fee.plus(account_->tip);
    const auto expected = price ? cost_of(gas, *price) : std::nullopt;
    const auto most = cost_of(gas, account_->cap);
    if (!expected || !most) return "gas costs more than an amount can hold";
    if (*expected > share_of(payout.row.wei, rules_.max_fee_ppm)) {
        return cat("its fee is too large a share of it: ", expected->text(), " wei of ", payout.row.wei.text());
    }
    const auto others = under_way();
    const auto both = others ? payout.row.wei.plus(*others) : payout.row.wei.plus(SignedWei::highest());
    const auto needed = both ? both->plus(*most) : both;
    if (!needed || *needed > account_->funds) {
        return cat("the payer has too little: ", account_->funds.text(), " wei, want ",
                   needed ? needed->text() : "more");
    }
    return {};
}

void Settler::take_estimate(Result<Estimate> estimate) {
    if (!estimate) return failed("an estimate of gas", estimate.error());
    const auto found = payouts_.find(estimated_);
    if (found == payouts_.end() || found->second.state != State::reserved) return;
    const auto& payout = found->second;
    if (!estimate->accepted || estimate->gas == 0) {
        return commit(
            {.steps = {
                 {.payout = payout.row.id,
                  .state = State::held,
                  .reason = cat("the chain would refuse it: ", estimate->reason).substr(0, ledger::max_reason_bytes),
                  .at = now_}}});
    }
    if (auto why = why_not_now(payout, estimate->gas); !why.empty()) {
        try_again_[payout.row.id] = now_ + rules_.look_every_ns;
        found->second.reason = std::move(why);
        return;
    }
    try_again_.erase(payout.row.id);
    const auto slot = next_slot_;
    commit({.slots = {{.id = slot, .payer = account_->payer, .nonce = next_nonce(), .payouts = 1, .at = now_}},
            .steps = {{.payout = payout.row.id, .state = State::bound, .slot = slot, .at = now_}}},
           [this, slot, gas = estimate->gas] {
               auto& view = slots_.at(slot);
               view.gas = gas;
               view.recalled = true;  // this nonce was never given before, in this run or an earlier one
           });
}

}  // namespace stipend::settlement
