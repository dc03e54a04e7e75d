// When something is paid, and what it may cost. Amounts are in the smallest unit of the network's asset, fees in wei,
// times in nanoseconds.
#pragma once

#include <cstdint>

#include "host/base/signed_wei.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/duration.hpp"

namespace stipend::settlement {

struct Limits {  // all count when a payout is bound, and survive restarts
    SignedWei per_payment = {};
    SignedWei per_payee_day = {};  // UTC days
    SignedWei per_day = {};
};

enum class PayMode : std::uint8_t {
    single,     // each payout by a transaction of its own
    batch,      // those that are due at the same time by one
    automatic,  // by one where that takes less gas
};

struct Rules {
    std::uint64_t chain_id = 0;
    ledger::NetworkId network = 0;
    bool token = false;      // what is paid is not what fees are paid in
    SignedWei max_fee = {};  // of a token: the most that the payment of one payout may cost
    SignedWei min_payout = {};
    std::int64_t max_age_ns =
        ns_per_day;  // since the last payout: then what is owed is paid, though it is below min_payout
    std::uint32_t max_fee_ppm = 10'000;  // of the coin: the most that a payment may cost, as a share of it
    SignedWei max_cap = {};              // the most per gas
    Limits limits = {};
    PayMode mode = PayMode::single;
    std::uint32_t batch_most = 200;  // payouts of one batch
    std::uint32_t max_reverts = 2;   // payments executed as failures, until a person releases a payout; 0: no limit
    // Times the median of the last days with payouts that those of one UTC day may be, until a person releases one; 0:
    // no limit.
    std::uint32_t max_day_factor = 10;
    std::int64_t max_skew_ns = 1'800 * ns_per_s;  // between this clock and the newest block; 0: no limit
    std::uint32_t window = 4;                     // slots that are open at once; nodes keep few ahead of their turn
    std::uint64_t confirmations = 12;             // blocks above a payment's before it counts as confirmed
    std::int64_t reserve_every_ns = 60 * ns_per_s;
    std::int64_t look_every_ns = 5 * ns_per_s;
    std::int64_t resend_after_ns = 30 * ns_per_s;    // that no endpoint has seen an attempt
    std::int64_t replace_after_ns = 120 * ns_per_s;  // that an attempt waits, before it is signed with higher fees
    bool stopped = false;                            // nothing new is bound, signed or sent
    bool restored = false;  // the same, since the ledger comes from a backup and was not compared with the chain
};

}  // namespace stipend::settlement
