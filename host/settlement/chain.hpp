// What the settlement asks of a chain and of the ledger, as values; the plugin behind it is not known here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/ledger/payout_rows.hpp"
#include "stipend/result.hpp"

namespace stipend::settlement {

using ledger::Hash;
using ledger::OrchestratorId;
using ledger::PayoutId;
using ledger::SlotId;

// The payer, as the chain has it now. Amounts are in wei, but for the funds.
struct Account {
    std::uint64_t chain_id = 0;
    std::string payer = {};             // "0x" and 40 digits in lower case
    std::uint64_t next_slot = 0;        // behind the last nonce that the newest block has executed
    std::uint64_t final_next_slot = 0;  // the same in the newest block that can no longer be replaced
    std::uint64_t final_head = 0;       // the number of that block
    stipend_unix_ns head_at = 0;        // the newest block's own time; 0: not known
    SignedWei funds = {};               // what it can pay out, in the smallest unit of what is paid
    SignedWei coins = {};               // what it can spend on fees; of the coin, these are its funds
    SignedWei base_fee = {};            // of the newest block, per gas
    SignedWei tip = {};                 // suggested, per gas
    SignedWei cap = {};                 // suggested, per gas; not below the tip
    bool disagree = false;              // its endpoints contradict each other
};

struct Fees {
    SignedWei tip = {};
    SignedWei cap = {};
    std::uint64_t gas = 0;
    friend bool operator==(const Fees&, const Fees&) = default;
};

struct PaymentTo {
    std::string to = {};
    SignedWei wei = {};
    friend bool operator==(const PaymentTo&, const PaymentTo&) = default;
};

// What is to be signed for one slot. Without a payment it gives the slot up.
struct SlotWork {
    std::uint64_t nonce = 0;
    std::string payer = {};
    std::vector<PaymentTo> payments = {};
    Hash batch = {};  // of several payments at once: by which their contract names them; zero otherwise
    Fees fees = {};
};

struct Estimate {
    bool accepted = false;
    std::uint64_t gas = 0;     // the limit to set
    std::uint64_t likely = 0;  // that it takes; 0: not known
    std::string reason = {};   // why it is not accepted
};

struct SignedBytes {
    bool refused = false;   // the signer does not sign it, and has signed nothing
    bool gives_up = false;  // it pays nothing
    Hash id = {};
    std::string raw = {};
    Fees fees = {};
    std::string reason = {};  // why it is refused
};

enum class Phase : std::uint8_t { unknown, waiting, in_block };
struct Sighting {
    Phase phase = Phase::unknown;
    Hash block_hash = {};
    std::uint64_t block = 0;
    std::uint64_t depth = 0;  // blocks above it
    SignedWei fee = {};
    bool executed = false;  // it did what it should
    bool final = false;
    std::vector<bool> paid = {};  // of a batch that was executed: which of its payments, in their order
    std::string other = {};  // what it did instead, such as a token that takes a fee; empty: it did that, or nothing
};

// An attempt that is looked for.
struct Sought {
    Hash id = {};
    std::uint64_t batch = 0;  // of how many payments it is a batch; 0: it is none
};

// All answers come later, once each, on the thread that asks; none after the asker is gone.
class Chain {
  public:
    virtual ~Chain() = default;
    virtual void account(std::function<void(Result<Account>)> done) = 0;
    virtual void estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) = 0;
    virtual void sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) = 0;
    // All that the signer ever signed for the nonce, the oldest first.
    virtual void recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) = 0;
    virtual void send(const std::string& raw, std::function<void(Result<void>)> done) = 0;
    // As many sightings as attempts, in their order.
    virtual void sight(const std::vector<Sought>& attempts,
                       std::function<void(Result<std::vector<Sighting>>)> done) = 0;
};

// Which debts become payouts.
struct Reservation {
    ledger::NetworkId network = 0;
    PayoutId first = 1;             // the id of the first of them; the others follow
    std::size_t most = 0;           // how many at once
    SignedWei at_least = {};        // what is owed
    stipend_unix_ns or_before = 0;  // or less, where the last payout, or else the first sight of its payee, is older
    std::string payer = {};         // never paid itself
    std::vector<OrchestratorId> without = {};  // ascending: they have one that is not over
    stipend_unix_ns at = 0;
};

class Book {
  public:
    virtual ~Book() = default;
    // Reserves all that each payee is owed that can be paid, in one durable transaction with the look at it, so that no
    // decision comes in between. What was reserved, by id; nothing where nothing is due.
    virtual void reserve(const Reservation& which, std::function<void(Result<std::vector<ledger::Payout>>)> done) = 0;
    // Makes the changes durable, all or none. CONFLICT: they do not follow from what is recorded.
    virtual void commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) = 0;
};

}  // namespace stipend::settlement
