// A chain in memory, with a signer beside it: blocks, a pool, reorganisations, finality, and a memory of what was
// signed. Both outlive the process that uses them, as real ones do.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/settlement/chain.hpp"

namespace settlement_test {

using namespace stipend;
using namespace stipend::settlement;

inline const std::string payer_address = "0x" + std::string(40, 'a');

class ModelChain {
  public:
    struct Transaction {
        Hash id = {};
        std::uint64_t nonce = 0;
        std::vector<PaymentTo> payments = {};
        Hash batch = {};
        Fees fees = {};
        std::string raw = {};
        // Once it is in a block.
        bool executed = false;
        std::string other = {};       // what it did instead of what it should
        std::vector<bool> paid = {};  // of its payments
        Wei cost = {};
    };
    static constexpr std::uint64_t final_depth = 3;

    // What nodes do.
    [[nodiscard]] Account account() const;
    [[nodiscard]] Result<Estimate> estimate(const SlotWork& work) const;
    // False: refused, as a nonce that is used or a fee that replaces nothing.
    bool take(const std::string& raw);
    [[nodiscard]] Sighting sighting(const Hash& id) const;
    [[nodiscard]] bool is_readable(const Hash& id) const;
    void mine();
    // The last `depth` blocks are undone; what they held is forgotten, as nodes do that do not put it back.
    void reorganise(std::uint64_t depth);
    void drop_pool() { pool_.clear(); }
    // A transaction of the payer's key that this ledger knows nothing of.
    void spend_elsewhere();
    // The signer loses what it remembers of a nonce.
    void forget(std::uint64_t nonce) { memory_.erase(nonce), signed_for_.erase(nonce); }

    // What the signer does: the same request gives the same bytes, another one for the nonce none.
    [[nodiscard]] SignedBytes sign(const SlotWork& work);
    [[nodiscard]] std::vector<SignedBytes> remembered(std::uint64_t nonce) const;

    [[nodiscard]] Wei received(const std::string& to) const;
    [[nodiscard]] Wei spent_on_gas() const;
    [[nodiscard]] std::uint64_t executed() const;  // transactions in blocks

    std::set<std::string> rejecting = {};  // payees whose estimate is refused
    std::set<std::string> failing = {};    // payees whose payment is executed as a failure, or is left out of a batch
    std::set<std::string> diverted = {};   // payees whose payment moves something else than its amount
    bool batches_known = true;             // false: the plugin has no contract for them
    bool batches_refused = false;          // by the estimate
    std::uint64_t batch_spare = 0;         // gas that its limit has beside what a batch takes
    bool batches_fail = false;             // as a whole
    bool outcomes_short = false;           // a batch's outcomes lack the last one
    bool blind = false;                    // transactions are not found, though accounts are right
    std::string signer_refuses = {};       // why; empty: it signs
    std::set<std::string> signer_refuses_payees = {};
    std::set<std::uint64_t> unreadable = {};  // nonces whose transactions no answer about can be read
    bool signer_answers = true;
    std::optional<std::uint64_t> signatures_left = {};  // until it does not answer; none: no end
    std::string payer = payer_address;                  // whose account is asked for
    std::optional<SignedWei> base_fee = {};             // none: the price of gas
    std::optional<stipend_unix_ns> head_at = {};        // none: that of the world
    std::uint64_t gas_price = 10;
    Wei funds = Wei::parse("1000000000000000000000").value();
    Wei coins = Wei::parse("1000000000000000000000").value();  // for fees, where a token is paid

  private:
    struct Block {
        Hash hash = {};
        std::vector<Transaction> transactions = {};
    };
    [[nodiscard]] std::uint64_t nonce_at(std::size_t blocks) const;
    void execute(Transaction& transaction) const;

    std::vector<Block> blocks_{{}};
    std::size_t final_blocks_ = 1;               // from the first
    std::map<std::uint64_t, Transaction> pool_;  // by nonce
    std::map<std::string, Transaction> signed_;  // by raw bytes
    std::map<std::uint64_t, std::vector<SignedBytes>> memory_;
    std::map<std::uint64_t, SlotWork> signed_for_;
    std::uint64_t next_hash_ = 1;
};

}  // namespace settlement_test
