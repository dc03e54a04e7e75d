// What looks wrong as a whole, though each payment by itself is within its limits: then nothing is bound until a person
// has looked and releases a payout.
#include <algorithm>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {
namespace {

constexpr std::size_t least_days = 3;  // of which a median says something

}  // namespace

Block Settler::breaker() const {
    if (rules_.max_reverts != 0 && reverts_ >= rules_.max_reverts) {
        return {.id = blocks::reverts,
                .text = cat(reverts_, " payments were executed as failures, want less than ", rules_.max_reverts,
                            ": look at why, and release a payout that is held")};
    }
    if (!shrunk_.empty()) return {.id = blocks::shrunk, .text = shrunk_};
    if (auto found = surge()) return {.id = blocks::surge, .text = std::move(found->text)};
    return {};
}

// The first reserved payout that would make this day far larger than those before it, in the order in which they are
// bound; none where a person has released one today.
std::optional<Settler::Surge> Settler::surge() const {
    if (rules_.max_day_factor == 0 || past_days_.size() < least_days || released_day_ == day_) return std::nullopt;
    auto days = past_days_;
    const auto middle = days.begin() + static_cast<std::ptrdiff_t>(days.size() / 2);
    std::ranges::nth_element(days, middle);
    SignedWei most;
    for (std::uint32_t i = 0; i < rules_.max_day_factor; ++i) {
        if (!SignedWei::add(most, *middle, most)) return std::nullopt;
    }
    auto today = bound_today();
    for (const auto& [id, payout] : payouts_) {
        const auto sum = today.plus(payout.row.wei);
        const bool waits = sum && *sum > rules_.limits.per_day;  // for tomorrow, so it makes this day no larger
        if (payout.state != State::reserved || waits || waits_for_a_day(payout)) continue;
        if (!sum || *sum > most) {
            return Surge{.payout = id,
                         .text = cat("with payout ", id, " this UTC day has ", sum ? sum->text() : "too much",
                                     ", more than ", rules_.max_day_factor, " times the median of the last ",
                                     days.size(), " days with payouts, ", middle->text(),
                                     ": look at why, and release a payout that is held")};
        }
        today = *sum;
    }
    return std::nullopt;
}

void Settler::turn_day(std::int64_t today) {
    if (auto sum = bound_today(); !sum.zero()) {
        past_days_.insert(past_days_.begin(), std::move(sum));
        if (past_days_.size() > ledger::max_past_days) past_days_.pop_back();
    }
    day_ = today;
    bound_.clear();
}

// The tokens of a payer become fewer by its own nonces alone, unless the token is one that changes balances by itself,
// or lets something else spend them. Of coins this needs no look: whatever spends them uses a nonce.
void Settler::watch_funds() {
    if (!rules_.token) return;
    const auto last = last_nonce();
    const auto& now = *account_;
    const bool all_final = now.next_slot == now.final_next_slot && (!last || now.next_slot == *last + 1);
    if (!slots_.empty() || !all_final) return;
    if (funds_left_ && funds_left_->to == now.payer && now.funds < funds_left_->wei) {
        if (!shrunk_.empty()) return;
        shrunk_ = cat("the payer has ", now.funds.text(), " units of the token, but what it had and has paid leaves ",
                      funds_left_->wei.text(), ": look at why, and release a payout that is held");
        return;
    }
    funds_left_ = PaymentTo{.to = now.payer, .wei = now.funds};
}

void Settler::note_paid(const ledger::PayoutStep& step) {
    if (!funds_left_) return;
    const auto left = funds_left_->wei.minus(payouts_.at(step.payout).row.wei);
    if (!left) return funds_left_.reset();
    funds_left_->wei = *left;
}

void Settler::note_released(const ledger::PayoutStep& step) {
    reverts_ = 0;
    released_day_ = step.at / ns_per_day;
    if (shrunk_.empty()) return;
    shrunk_.clear();
    funds_left_.reset();
}

}  // namespace stipend::settlement
