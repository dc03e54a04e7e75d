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
        Fees fees = {};
        std::string raw = {};
    };
    static constexpr std::uint64_t final_depth = 3;

    // What nodes do.
    [[nodiscard]] Account account() const;
    // False: refused, as a nonce that is used or a fee that replaces nothing.
    bool take(const std::string& raw);
    [[nodiscard]] Sighting sighting(const Hash& id) const;
    void mine();
    // The last `depth` blocks are undone; what they held is forgotten, as nodes do that do not put it back.
    void reorganise(std::uint64_t depth);
    void drop_pool() { pool_.clear(); }
    // A transaction of the payer's key that this ledger knows nothing of.
    void spend_elsewhere();

    // What the signer does: the same request gives the same bytes, another one for the nonce none.
    [[nodiscard]] SignedBytes sign(const SlotWork& work);
    [[nodiscard]] std::vector<SignedBytes> remembered(std::uint64_t nonce) const;

    [[nodiscard]] Wei received(const std::string& to) const;
    [[nodiscard]] Wei spent_on_gas() const;
    [[nodiscard]] std::uint64_t executed() const;  // transactions in blocks

    std::set<std::string> rejecting = {};  // payees whose estimate is refused
    std::set<std::string> failing = {};    // payees whose payment is executed as a failure
    std::string signer_refuses = {};       // why; empty: it signs
    bool signer_answers = true;
    std::string payer = payer_address;       // whose account is asked for
    std::optional<SignedWei> base_fee = {};  // none: the price of gas
    std::uint64_t gas_price = 10;
    Wei funds = Wei::parse("1000000000000000000000").value();

  private:
    struct Block {
        Hash hash = {};
        std::vector<Transaction> transactions = {};
    };
    [[nodiscard]] std::uint64_t nonce_at(std::size_t blocks) const;
    [[nodiscard]] bool fails(const Transaction& transaction) const;

    std::vector<Block> blocks_{{}};
    std::size_t final_blocks_ = 1;               // from the first
    std::map<std::uint64_t, Transaction> pool_;  // by nonce
    std::map<std::string, Transaction> signed_;  // by raw bytes
    std::map<std::uint64_t, std::vector<SignedBytes>> memory_;
    std::map<std::uint64_t, std::vector<PaymentTo>> signed_for_;
    std::uint64_t next_hash_ = 1;
};

}  // namespace settlement_test
