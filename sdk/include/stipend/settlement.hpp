// The records of abi/settlement.h in C++.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "stipend/abi/settlement.h"
#include "stipend/record.hpp"

namespace stipend {

// What is to be signed for one slot, as a value of its own.
struct SlotRequest {
    std::uint64_t slot = 0;
    std::array<std::uint8_t, 20> payer{};
    std::array<std::uint8_t, 32> batch{};  // all zero: one payment, or none
    std::vector<stipend_payment> payments = {};
    stipend_fees fees{};

    static SlotRequest of(const stipend_slot* raw) {
        stipend_slot scratch{};
        const auto& given = detail::record_view(raw, scratch);
        SlotRequest out{.slot = given.slot, .payments = std::vector<stipend_payment>(given.count), .fees = given.fees};
        std::copy(std::begin(given.payer), std::end(given.payer), out.payer.begin());
        std::copy(std::begin(given.batch), std::end(given.batch), out.batch.begin());
        const auto* at = reinterpret_cast<const char*>(given.payments);
        for (auto& payment : out.payments) {
            payment = detail::record_view(reinterpret_cast<const stipend_payment*>(at), payment);
            at += given.stride;
        }
        return out;
    }
};

// Signed bytes that the chain is asked for.
struct Attempt {
    std::array<std::uint8_t, 32> id{};
    std::uint64_t batch_count = 0;  // the number of its payments, where it is a batch
};

}  // namespace stipend
