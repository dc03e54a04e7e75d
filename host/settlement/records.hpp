// The records of a settlement plugin as values. A record that breaks a rule is void as a whole: INVALID with field, got
// and want, and nothing of it is believed. Pure.
#pragma once

#include <vector>

#include "host/settlement/chain.hpp"
#include "stipend/abi/settlement.h"

namespace stipend::settlement {

[[nodiscard]] Result<Account> account_of(const stipend_account& record);
[[nodiscard]] Result<Estimate> estimate_of(const stipend_estimate& record);
[[nodiscard]] Result<SignedBytes> signed_of(const stipend_signed& record);
[[nodiscard]] Result<std::vector<SignedBytes>> signed_list_of(const stipend_signed_list& record);
// `asked`: for which attempts, in their order.
[[nodiscard]] Result<std::vector<Sighting>> sightings_of(const stipend_sighting_list& record,
                                                         const std::vector<Sought>& asked);

// A slot as the plugin takes it, with what its pointers refer to. Addresses of `work` are of 40 digits.
class SlotRecord {
  public:
    explicit SlotRecord(const SlotWork& work);
    SlotRecord(const SlotRecord&) = delete;
    SlotRecord& operator=(const SlotRecord&) = delete;
    [[nodiscard]] const stipend_slot& raw() const { return raw_; }

  private:
    std::vector<stipend_payment> payments_;
    stipend_slot raw_{};
};

}  // namespace stipend::settlement
