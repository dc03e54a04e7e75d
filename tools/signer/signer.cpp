#include "tools/signer/signer.hpp"

#include <time.h>

#include <algorithm>

namespace stipend::signer {
namespace {

std::vector<Transaction> transactions_of(const std::vector<SignedTransaction>& attempts) {
    std::vector<Transaction> out;
    out.reserve(attempts.size());
    for (const auto& attempt : attempts) out.push_back(attempt.transaction);
    return out;
}

// What the fees of a transaction add to those of the earlier attempts at its nonce, of which one is mined at most.
Result<Uint256> added_fees(const Transaction& transaction, const std::vector<SignedTransaction>& attempts) {
    STIPEND_LET(cost, max_gas_cost(transaction));
    Uint256 before;
    for (const auto& attempt : attempts) {
        STIPEND_LET(other, max_gas_cost(attempt.transaction));
        if (before < other) before = other;
    }
    return cost < before ? Uint256() : *cost.minus(before);
}

}  // namespace

ClockReading read_clock() {
    timespec wall{};
    timespec boot{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    return {.wall_s = wall.tv_sec, .boot_s = boot.tv_sec};
}

std::optional<Refusal> Signer::judge(const Transaction& transaction, const Purpose& purpose,
                                     const std::vector<SignedTransaction>& attempts) const {
    if (auto refused = check_gas(transaction, settings_)) return refused;
    if (auto refused = check_payments(purpose, address(), settings_)) return refused;
    if (attempts.empty()) return std::nullopt;
    if (attempts.size() >= Store::max_attempts) {
        return refuse("attempts", "nonce ", transaction.nonce, " was signed ", attempts.size(), " times");
    }
    return check_replacement(transaction, purpose.kind, transactions_of(attempts));
}

Judged<std::vector<Count>> Signer::counts_for(const Transaction& transaction, const Purpose& purpose,
                                              const std::vector<SignedTransaction>& attempts) const {
    auto judged = attempts.empty() ? counts_of(purpose, settings_) : Judged<std::vector<Count>>();
    if (std::holds_alternative<Refusal>(judged)) return judged;
    const auto fees = added_fees(transaction, attempts);
    if (!fees) return refuse("fees_day_limit", fees.error().message);
    std::get<0>(judged).push_back({std::string(fees_sum), *fees, settings_.max_fees_per_day, "fees_day_limit"});
    return judged;
}

// Adds to the sums of the day, or to none of them.
Result<std::optional<Refusal>> Signer::count(std::int64_t day, std::vector<Count> counts) {
    for (auto& count : counts) {
        STIPEND_LET(before, store_->sum(day, count.name));
        const auto after = before.plus(count.amount);
        if (!after || count.limit < *after) {
            return std::optional(refuse(count.code, "the sum of the day for ", count.name, " is ", before.text(),
                                        ": got ", count.amount.text(), " more, want at most ", count.limit.text(),
                                        " in all"));
        }
        count.amount = *after;
    }
    STIPEND_TRY(store_->forget_days_before(day));
    for (const auto& count : counts) STIPEND_TRY(store_->set_sum(day, count.name, count.amount));
    return std::optional<Refusal>();
}

Result<Judged<Signed>> Signer::sign_new(const Transaction& transaction, const Purpose& purpose,
                                        const std::vector<SignedTransaction>& attempts) {
    if (auto refused = judge(transaction, purpose, attempts)) return Judged<Signed>(std::move(*refused));
    STIPEND_LET(last, store_->last_signed_s());
    const auto now = day_clock_.at(clock_(), last);
    if (const auto* refused = std::get_if<Refusal>(&now)) return Judged<Signed>(*refused);
    const auto at_s = std::get<std::int64_t>(now);
    auto counts = counts_for(transaction, purpose, attempts);
    if (auto* refused = std::get_if<Refusal>(&counts)) return Judged<Signed>(std::move(*refused));
    STIPEND_LET(over, count(at_s / seconds_per_day, std::move(std::get<0>(counts))));
    if (over) return Judged<Signed>(std::move(*over));
    STIPEND_LET(made, ethereum::sign(transaction, key_));
    STIPEND_TRY(store_->add(made, attempts.size(), purpose.kind, at_s));
    return Judged<Signed>(Signed{std::move(made), purpose.kind, false});
}

Result<Judged<Signed>> Signer::sign(const Transaction& transaction, const Claim& claim) {
    auto purpose = purpose_of(transaction, claim, address(), settings_);
    if (auto* refused = std::get_if<Refusal>(&purpose)) return Judged<Signed>(std::move(*refused));
    if (transaction.nonce > INT64_MAX) return Judged<Signed>(refuse("nonce", "got a nonce above 2^63-1"));
    const auto& known = std::get<Purpose>(purpose);
    return store_->write([&]() -> Result<Judged<Signed>> {
        STIPEND_LET(attempts, store_->attempts(transaction.nonce));
        for (const auto& attempt : attempts) {
            if (attempt.transaction == transaction) return Judged<Signed>(Signed{attempt, known.kind, true});
        }
        return sign_new(transaction, known, attempts);
    });
}

Result<SignerStatus> Signer::status() {
    STIPEND_LET(last, store_->last_signed_s());
    STIPEND_LET(highest, store_->highest_nonce());
    SignerStatus out{.payer = address(),
                     .chain_id = settings_.chain_id,
                     .highest_nonce = highest,
                     .day = std::max(clock_().wall_s, last) / seconds_per_day,
                     .fees_today = {},
                     .assets = {}};
    STIPEND_SET(out.fees_today, store_->sum(out.day, fees_sum));
    for (const auto& limits : settings_.assets) {
        STIPEND_LET(today, store_->sum(out.day, asset_text(limits.asset)));
        out.assets.push_back({limits, today});
    }
    return out;
}

}  // namespace stipend::signer
