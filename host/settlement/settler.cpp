#include "host/settlement/settler.hpp"

#include <algorithm>
#include <memory>

namespace stipend::settlement {
namespace {

// After an error: a moment's is over soon, and one that stays is not asked about all the time.
constexpr std::int64_t first_retry_ns = ns_per_s / 4;
constexpr std::int64_t longest_retry_ns = 30 * ns_per_s;

std::int64_t retry_ns(std::uint32_t failures) {
    auto out = first_retry_ns;
    for (std::uint32_t i = 1; i < failures && out < longest_retry_ns; ++i) out *= 2;
    return std::min(out, longest_retry_ns);
}

// Whether other rows follow the numbers that it has.
bool assigns(const ledger::PayoutChanges& changes) {
    const auto frees = [](const ledger::SlotEnd& end) { return end.kind() == ledger::EndKind::free; };
    return !changes.reserved.empty() || !changes.slots.empty() || std::ranges::any_of(changes.ends, frees);
}

}  // namespace

Settler::Settler(Rules rules, Chain& chain, Book& book, Numbering& numbering, ledger::OpenPayouts open)
    : rules_(std::move(rules)),
      chain_(chain),
      book_(book),
      numbering_(numbering),
      reverts_(open.reverts),
      past_days_(std::move(open.past_days)),
      released_day_(open.released_day) {
    numbering_.restore(open, rules_.chain_id);
    for (const auto& one : open.failed) failed_[one.orchestrator] = one.payout;
    for (auto& one : open.payouts) {
        if (one.state == State::frozen) ++frozen_;
        payouts_.emplace(one.row.id, std::move(one));
    }
    for (auto& one : open.slots) {
        slots_.emplace(one.row.id, SlotView{.row = std::move(one.row), .attempts = std::move(one.attempts)});
    }
    for (const auto& one : open.bound) {
        day_ = one.day;
        bound_[one.to] = one.wei;
    }
}

void Settler::run(stipend_unix_ns now) {
    now_ = std::max(now_, now);  // a clock that goes back makes nothing older
    if (const auto today = now_ / ns_per_day; today != day_) turn_day(today);
    go_on();
}

void Settler::go_on() {
    while (!busy_ && now_ >= retry_due_ && start_something()) {
    }
    // All that was due was done. A question that fails among others that do not is no new one each time.
    if (!busy_ && now_ >= retry_due_) failures_ = 0;
}

// In this order: what the chain says comes before what depends on it, and what is begun before what is new.
bool Settler::start_something() {
    if (look_at_account()) return true;
    if (!account_) return false;
    if (look_at_attempts() || hold_failed()) return true;
    if (only_watches()) return false;
    // A signer that does not answer keeps nothing that it has signed from being sent.
    if (send() || sign() || replace()) return true;
    return !is_any_frozen() && (bind() || reserve());
}

bool Settler::only_watches() const {
    return !account_ || rules_.stopped || rules_.restored || !block_.id.empty();
}

// What only a person ends comes first, so that nothing of a moment hides it.
Block Settler::block() const {
    const bool foreign = block_.id == blocks::foreign;
    if (rules_.restored && !foreign) {
        return {.id = blocks::restored,
                .text = "the ledger was restored from a backup: what was paid after it is not known to it"};
    }
    return block_.id.empty() ? binding_block() : block_;
}

bool Settler::is_frozen(SlotId slot) const {
    return is_any_frozen() && std::ranges::any_of(payouts_, [slot](const auto& one) {
               return one.second.slot == slot && one.second.state == State::frozen;
           });
}

std::optional<stipend_unix_ns> Settler::next_wakeup() const {
    if (busy_) return std::nullopt;
    // What is not done now is due at no time: one that has passed would have the caller come back at once, for ever.
    auto next = account_due_;
    if (account_) next = std::min(next, sight_due_);
    // While another settler has the numbers, it is called again after that one's answer.
    const bool reserves = !only_watches() && !is_any_frozen() && numbering_.may_assign(this);
    if (reserves) next = std::min(next, reserve_due_);
    return std::max(retry_due_, next);
}

void Settler::failed(std::string_view what, const Error& error) {
    retry_due_ = now_ + retry_ns(++failures_);
    account_due_ = std::min(account_due_, retry_due_);  // it ends the block
    block_ = {.id = blocks::unanswered, .text = cat(what, ": ", error.message)};
}

void Settler::commit(ledger::PayoutChanges changes, std::function<void()> then) {
    STIPEND_ASSERT(!busy_ && !changes.empty());
    begin_commit(changes);
    auto shared = std::make_shared<ledger::PayoutChanges>(std::move(changes));
    book_.commit(*shared, [this, shared, then = std::move(then)](Result<void> done) {
        end_commit(*shared);
        if (!done) return failed("the ledger", done.error());
        apply(*shared);
        if (then) then();
        go_on();
    });
}

void Settler::begin_commit(const ledger::PayoutChanges& changes) {
    busy_ = true;
    if (assigns(changes)) numbering_.begin(this);
}

void Settler::end_commit(const ledger::PayoutChanges& changes) {
    busy_ = false;
    if (assigns(changes)) numbering_.end(this);
}

void Settler::apply(const ledger::PayoutChanges& changes) {
    for (const auto& row : changes.reserved) {
        payouts_[row.id] = {.row = row, .changed_at = row.at};
        numbering_.reserved(row.id);
    }
    for (const auto& row : changes.slots) {
        slots_[row.id] = {.row = row};
        numbering_.opened(rules_.chain_id, row);
    }
    for (const auto& row : changes.attempts) slots_.at(row.slot).attempts.push_back(row);
    note_failures(changes);
    for (const auto& step : changes.steps) apply_step(step);
    for (const auto& end : changes.ends) {
        if (!end.by.empty())
            funds_left_.reset();  // a person has ordered it: what its transaction moved is not known here
        const auto slot = slots_.find(end.slot);
        if (end.kind() == ledger::EndKind::free) numbering_.freed(rules_.chain_id, slot->second.row);
        slots_.erase(slot);
    }
}

void Settler::apply_step(const ledger::PayoutStep& step) {
    auto& payout = payouts_.at(step.payout);
    if (step.state == State::bound && payout.slot == 0) {
        auto& sum = bound_[payout.row.to];
        // A limit was compared with this very sum before it was bound.
        const bool is_amount = SignedWei::add(sum, payout.row.wei, sum);
        STIPEND_ASSERT(is_amount);
    }
    if (step.state == State::reserved && payout.slot != 0 && slots_.at(payout.slot).row.at / ns_per_day == day_) {
        // Its slot is free again, and nothing was ever signed.
        auto& sum = bound_[payout.row.to];
        if (const auto less = sum.minus(payout.row.wei)) sum = *less;
    }
    if (payout.state == State::frozen) --frozen_;
    if (step.state == State::frozen) ++frozen_;
    if (step.state == State::paid) note_paid(step);
    payout.state = step.state;
    payout.slot = step.slot;
    payout.reason = step.reason;
    payout.changed_at = step.at;
    if (!ledger::is_over(step.state)) return;
    try_again_.erase(step.payout);
    single_gas_.erase(step.payout);
    singly_.erase(step.payout);
    payouts_.erase(step.payout);
}

// As the ledger finds them when it is loaded, before the slots and payouts are gone.
void Settler::note_failures(const ledger::PayoutChanges& changes) {
    for (const auto& end : changes.ends) {
        const auto& slot = slots_.at(end.slot);
        const auto attempt = std::ranges::find(slot.attempts, end.id, &ledger::Attempt::id);
        if (attempt == slot.attempts.end() || attempt->gives_up) continue;
        if (!end.executed) ++reverts_;
        if (!end.executed && slot.row.payouts > 1) continue;  // a batch that failed as a whole blames no payee
        for (const auto& step : changes.steps) {
            if (step.slot != end.slot || step.state != State::returned) continue;
            failed_[payouts_.at(step.payout).row.orchestrator] = step.payout;
        }
    }
    for (const auto& step : changes.steps) {
        if (step.state != State::reserved || step.by.empty()) continue;
        failed_.erase(payouts_.at(step.payout).row.orchestrator);
        note_released(step);
    }
}

}  // namespace stipend::settlement
