#include "tests/unit/settlement/model_chain.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace settlement_test {
namespace {

Hash hash_of(std::uint64_t number) {
    Hash out{};
    for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(number >> (8 * i));
    out[31] = 1;
    return out;
}

Wei times(std::uint64_t gas, std::uint64_t price) {
    return Wei::parse(std::to_string(gas * price)).value();
}

}  // namespace

std::uint64_t ModelChain::nonce_at(std::size_t blocks) const {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        for (const auto& one : blocks_[i].transactions) next = one.nonce + 1;
    }
    return next;
}

Account ModelChain::account() const {
    return {.chain_id = 42161,
            .payer = payer,
            .next_slot = nonce_at(blocks_.size()),
            .final_next_slot = nonce_at(final_blocks_),
            .final_head = final_blocks_ - 1,
            .funds = *SignedWei::of(funds),
            .coins = *SignedWei::of(coins),
            .base_fee = base_fee.value_or(*SignedWei::parse(std::to_string(gas_price))),
            .tip = *SignedWei::parse("1"),
            .cap = *SignedWei::parse(std::to_string(2 * gas_price + 1))};
}

Result<Estimate> ModelChain::estimate(const SlotWork& work) const {
    const auto payments = work.payments.size();
    REQUIRE((payments > 1) == (work.batch != Hash{}));
    if (payments < 2) {
        const bool rejects = payments == 1 && rejecting.contains(work.payments[0].to);
        return rejects ? Estimate{.reason = "execution reverted"} : Estimate{.accepted = true, .gas = 25'000};
    }
    if (!batches_known) return fail(STIPEND_E_UNSUPPORTED, "no batch contract is configured");
    if (batches_refused) return Estimate{.reason = "execution reverted"};
    const auto gas = 38'000 + 12'000 * payments;
    return Estimate{.accepted = true, .gas = gas + batch_spare, .likely = batch_spare == 0 ? 0 : gas};
}

bool ModelChain::take(const std::string& raw) {
    const auto found = signed_.find(raw);
    REQUIRE_MESSAGE(found != signed_.end(), "bytes that the signer never signed");
    const auto& one = found->second;
    if (one.nonce < nonce_at(blocks_.size())) return false;
    const auto waiting = pool_.find(one.nonce);
    if (waiting != pool_.end() && !(waiting->second.fees.tip < one.fees.tip)) return waiting->second.id == one.id;
    pool_[one.nonce] = one;
    return true;
}

void ModelChain::mine() {
    auto& block = blocks_.emplace_back();
    block.hash = hash_of(1'000'000 + next_hash_++);
    if (blocks_.size() > final_depth) final_blocks_ = std::max(final_blocks_, blocks_.size() - final_depth);
    for (auto next = nonce_at(blocks_.size()); pool_.contains(next); ++next) {
        auto mined = pool_.at(next);
        execute(mined);
        block.transactions.push_back(std::move(mined));
        pool_.erase(next);
    }
}

void ModelChain::reorganise(std::uint64_t depth) {
    // Never what was ever final.
    for (; depth > 0 && blocks_.size() > final_blocks_; --depth) blocks_.pop_back();
}

void ModelChain::spend_elsewhere() {
    Transaction foreign{.id = hash_of(2'000'000 + next_hash_++), .nonce = nonce_at(blocks_.size())};
    pool_[foreign.nonce] = foreign;
    mine();
}

// As the batch contract does: a batch is executed once, a payee that fails is left out, and the others are paid.
void ModelChain::execute(Transaction& transaction) const {
    const bool batch = transaction.batch != Hash{};
    bool again = false;
    for (const auto& block : blocks_) {
        for (const auto& one : block.transactions) {
            again = again || (batch && one.executed && one.batch == transaction.batch);
        }
    }
    transaction.cost = times(transaction.fees.gas, gas_price);
    transaction.executed = !again && !(batch && batches_fail);
    transaction.paid.clear();
    for (const auto& one : transaction.payments) {
        if (diverted.contains(one.to)) transaction.other = "the token moved 990, want 1000";
        const bool paid = transaction.executed && !failing.contains(one.to) && transaction.other.empty();
        transaction.paid.push_back(paid);
        if (!batch && !paid) transaction.executed = false;
    }
}

Sighting ModelChain::sighting(const Hash& id) const {
    if (blind) return {};
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        for (const auto& one : blocks_[i].transactions) {
            if (one.id != id) continue;
            const auto depth = blocks_.size() - 1 - i;
            auto paid = one.executed && one.batch != Hash{} ? one.paid : std::vector<bool>();
            if (outcomes_short && !paid.empty()) paid.pop_back();
            return {.phase = Phase::in_block,
                    .block_hash = blocks_[i].hash,
                    .block = i,
                    .depth = depth,
                    .fee = *SignedWei::of(one.cost),
                    .executed = one.executed,
                    .final = i < final_blocks_,
                    .paid = std::move(paid),
                    .other = one.other};
        }
    }
    const auto waits = std::ranges::any_of(pool_, [&](const auto& one) { return one.second.id == id; });
    return {.phase = waits ? Phase::waiting : Phase::unknown};
}

bool ModelChain::is_readable(const Hash& id) const {
    return std::ranges::none_of(
        signed_, [&](const auto& one) { return one.second.id == id && unreadable.contains(one.second.nonce); });
}

SignedBytes ModelChain::sign(const SlotWork& work) {
    if (!signer_refuses.empty()) return {.refused = true, .reason = signer_refuses};
    for (const auto& one : work.payments) {
        if (signer_refuses_payees.contains(one.to)) return {.refused = true, .reason = "payee_day_limit: " + one.to};
    }
    auto& memory = memory_[work.nonce];
    for (const auto& one : memory) {
        if (one.fees == work.fees && signed_.at(one.raw).payments == work.payments) return one;
    }
    if (!memory.empty()) {
        const auto& last = memory.back().fees;
        const auto& before = signed_for_.at(work.nonce);
        const bool same = work.payments.empty() || (before.payments == work.payments && before.batch == work.batch);
        if (!same) return {.refused = true, .reason = "nonce_used: it was signed for another payment"};
        if (work.fees.tip < last.tip || work.fees.cap < last.cap) return {.refused = true, .reason = "fee_lower"};
    }
    Transaction made{.id = hash_of(next_hash_++),
                     .nonce = work.nonce,
                     .payments = work.payments,
                     .batch = work.batch,
                     .fees = work.fees};
    made.raw = cat("transaction ", next_hash_);
    signed_for_.emplace(work.nonce, work);
    signed_[made.raw] = made;
    return memory.emplace_back(
        SignedBytes{.gives_up = work.payments.empty(), .id = made.id, .raw = made.raw, .fees = made.fees});
}

std::vector<SignedBytes> ModelChain::remembered(std::uint64_t nonce) const {
    const auto found = memory_.find(nonce);
    return found == memory_.end() ? std::vector<SignedBytes>() : found->second;
}

Wei ModelChain::received(const std::string& to) const {
    Wei sum;
    for (const auto& block : blocks_) {
        for (const auto& one : block.transactions) {
            for (std::size_t i = 0; i < one.payments.size(); ++i) {
                const auto& payment = one.payments[i];
                if (payment.to == to && one.paid[i]) sum = sum.plus(payment.wei.magnitude()).value();
            }
        }
    }
    return sum;
}

Wei ModelChain::spent_on_gas() const {
    Wei sum;
    for (const auto& block : blocks_) {
        for (const auto& one : block.transactions) sum = sum.plus(one.cost).value();
    }
    return sum;
}

std::uint64_t ModelChain::executed() const {
    std::uint64_t count = 0;
    for (const auto& block : blocks_) count += block.transactions.size();
    return count;
}

}  // namespace settlement_test
