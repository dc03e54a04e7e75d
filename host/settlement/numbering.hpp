// What the settlers of one ledger have in common: the ids of payouts and slots, which count over all of its networks,
// and the nonces of each payer on a chain. On one thread.
//
// Ids and nonces follow what is recorded, so that one settler at a time may have some that are not committed yet. The
// others wait for its answer, and go on when they are run next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/ledger/payout_rows.hpp"

namespace stipend::settlement {

class Numbering {
  public:
    // What the ledger has recorded of one network, which is on that chain.
    void restore(const ledger::OpenPayouts& open, std::uint64_t chain_id);

    [[nodiscard]] ledger::PayoutId next_payout() const { return next_payout_; }
    [[nodiscard]] ledger::SlotId next_slot() const { return next_slot_; }
    // The highest nonce that a slot of the payer has; none: it has none yet.
    [[nodiscard]] std::optional<std::uint64_t> last_nonce(std::uint64_t chain_id, std::string_view payer) const;

    // No other user has numbers that are not committed.
    [[nodiscard]] bool may_assign(const void* user) const { return user_ == nullptr || user_ == user; }
    void begin(const void* user);
    // The answer has come, whatever it is.
    void end(const void* user);

    // What was committed.
    void reserved(ledger::PayoutId id) { next_payout_ = id + 1; }
    void opened(std::uint64_t chain_id, const ledger::Slot& slot);
    // The slot had the highest nonce of its payer, which is given again.
    void freed(std::uint64_t chain_id, const ledger::Slot& slot);

  private:
    ledger::PayoutId next_payout_ = 1;
    ledger::SlotId next_slot_ = 1;
    std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> last_nonces_;  // by chain and payer
    const void* user_ = nullptr;
};

}  // namespace stipend::settlement
