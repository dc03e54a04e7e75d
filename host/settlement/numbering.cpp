#include "host/settlement/numbering.hpp"

#include <algorithm>

namespace stipend::settlement {

void Numbering::restore(const ledger::OpenPayouts& open, std::uint64_t chain_id) {
    next_payout_ = std::max(next_payout_, open.next_payout);
    next_slot_ = std::max(next_slot_, open.next_slot);
    for (const auto& slot : open.last_slots) {
        auto& last = last_nonces_.try_emplace({chain_id, slot.payer}, slot.nonce).first->second;
        last = std::max(last, slot.nonce);
    }
}

std::optional<std::uint64_t> Numbering::last_nonce(std::uint64_t chain_id, std::string_view payer) const {
    const auto found = last_nonces_.find({chain_id, std::string(payer)});
    return found == last_nonces_.end() ? std::nullopt : std::optional(found->second);
}

void Numbering::begin(const void* user) {
    STIPEND_ASSERT(user != nullptr && user_ == nullptr);
    user_ = user;
}

void Numbering::end(const void* user) {
    STIPEND_ASSERT(user_ == user);
    user_ = nullptr;
}

void Numbering::opened(std::uint64_t chain_id, const ledger::Slot& slot) {
    next_slot_ = slot.id + 1;
    last_nonces_[{chain_id, slot.payer}] = slot.nonce;
}

void Numbering::freed(std::uint64_t chain_id, const ledger::Slot& slot) {
    const auto last = last_nonces_.find({chain_id, slot.payer});
    STIPEND_ASSERT(last != last_nonces_.end() && last->second == slot.nonce);
    if (last->second == 0) {
        last_nonces_.erase(last);
    } else {
        --last->second;
    }
}

}  // namespace stipend::settlement
