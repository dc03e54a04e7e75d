// The contract that pays many (contract/BatchPayer.sol): its code, and what its events say of a batch. Pure.
#pragma once

#include <span>
#include <vector>

#include "ethereum/abi.hpp"
#include "ethereum/keccak.hpp"

namespace stipend::ethereum {

// The contract's code as a node returns it (eth_getCode), and its hash. An address whose code has another hash is
// another contract, and is called by no payer.
[[nodiscard]] const Bytes& batch_code();
[[nodiscard]] const Hash256& batch_code_hash();

// A log of a transaction's receipt.
struct Log {
    Address address;              // of the contract that wrote it
    std::vector<Bytes32> topics;  // of an event the hash of its signature first, then its indexed arguments
    Bytes data;

    friend bool operator==(const Log&, const Log&) = default;
};

struct PaymentOutcome {
    Payment payment;
    bool paid;

    friend bool operator==(const PaymentOutcome&, const PaymentOutcome&) = default;
};

// What became of each payment of `call`, in its order, by the logs of the receipt of the transaction in which `caller`
// called `contract` with the bytes of encode_call. The receipt's status is 1: a call that was reverted has no logs.
// Logs of other addresses are passed over. INVALID: the contract's logs are not exactly those of this caller, batch and
// call, in their one form and order; then nothing is known of any payment.
[[nodiscard]] Result<std::vector<PaymentOutcome>> outcomes_of(const BatchCall& call, const Address& caller,
                                                              const Address& contract, std::span<const Log> logs);

}  // namespace stipend::ethereum
