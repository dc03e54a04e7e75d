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
            .funds = *SignedWei::of(funds),
            .base_fee = base_fee.value_or(*SignedWei::parse(std::to_string(gas_price))),
            .tip = *SignedWei::parse("1"),
            .cap = *SignedWei::parse(std::to_string(2 * gas_price + 1))};
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
        block.transactions.push_back(pool_.at(next));
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

bool ModelChain::fails(const Transaction& transaction) const {
    return std::ranges::any_of(transaction.payments, [&](const PaymentTo& one) { return failing.contains(one.to); });
}

Sighting ModelChain::sighting(const Hash& id) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        for (const auto& one : blocks_[i].transactions) {
            if (one.id != id) continue;
            const auto depth = blocks_.size() - 1 - i;
            return {.phase = Phase::in_block,
                    .block_hash = blocks_[i].hash,
                    .block = i,
                    .depth = depth,
                    .fee = *SignedWei::of(times(one.fees.gas, gas_price)),
                    .executed = !fails(one),
                    .final = i < final_blocks_};
        }
    }
    const auto waits = std::ranges::any_of(pool_, [&](const auto& one) { return one.second.id == id; });
    return {.phase = waits ? Phase::waiting : Phase::unknown};
}

SignedBytes ModelChain::sign(const SlotWork& work) {
    if (!signer_refuses.empty()) return {.refused = true, .reason = signer_refuses};
    auto& memory = memory_[work.nonce];
    for (const auto& one : memory) {
        if (one.fees == work.fees && signed_.at(one.raw).payments == work.payments) return one;
    }
    if (!memory.empty()) {
        const auto& last = memory.back().fees;
        const bool same = work.payments.empty() || signed_for_.at(work.nonce) == work.payments;
        if (!same) return {.refused = true, .reason = "nonce_used: it was signed for another payment"};
        if (work.fees.tip < last.tip || work.fees.cap < last.cap) return {.refused = true, .reason = "fee_lower"};
    }
    Transaction made{.id = hash_of(next_hash_++), .nonce = work.nonce, .payments = work.payments, .fees = work.fees};
    made.raw = cat("transaction ", next_hash_);
    signed_for_.emplace(work.nonce, work.payments);
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
            for (const auto& payment : one.payments) {
                if (payment.to == to && !fails(one)) sum = sum.plus(payment.wei.magnitude()).value();
            }
        }
    }
    return sum;
}

Wei ModelChain::spent_on_gas() const {
    Wei sum;
    for (const auto& block : blocks_) {
        for (const auto& one : block.transactions) sum = sum.plus(times(one.fees.gas, gas_price)).value();
    }
    return sum;
}

std::uint64_t ModelChain::executed() const {
    std::uint64_t count = 0;
    for (const auto& block : blocks_) count += block.transactions.size();
    return count;
}

}  // namespace settlement_test
