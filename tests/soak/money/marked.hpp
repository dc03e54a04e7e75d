// A chain and a book with the crash points and the wrong orders of the soak. Everything that the settler does passes
// one of the two, so a crash at each step here is a crash at each step of it.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "host/ledger/ledger.hpp"
#include "host/settlement/chain.hpp"
#include "tests/soak/money/faults.hpp"

namespace soak {

using namespace settlement;
using Post = std::function<void(std::function<void()>)>;

// A book over a ledger, whose answers come by `post`. The payees are those of the ledger.
class MarkedBook final : public Book {
  public:
    MarkedBook(ledger::Ledger& ledger, Faults& faults, Post post)
        : ledger_(ledger), faults_(faults), post_(std::move(post)) {}

    void reserve(const Reservation& which, std::function<void(Result<std::vector<ledger::Payout>>)> done) override;
    void commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) override;

    // Passes NAME-before, NAME-inside and NAME-after on the way.
    Result<void> write(const std::string& name, const ledger::Batch& batch);
    Result<void> write_deferred();  // what a wrong order keeps back
    Result<void> return_payment(std::string_view raw);

    [[nodiscard]] static std::string address(ledger::OrchestratorId id);

  private:
    [[nodiscard]] std::string name_of(const ledger::PayoutChanges& changes) const;

    ledger::Ledger& ledger_;
    Faults& faults_;
    Post post_;
    std::deque<ledger::PayoutChanges> deferred_;
};

class MarkedChain final : public Chain {
  public:
    MarkedChain(Chain& chain, MarkedBook& book, Faults& faults) : chain_(chain), book_(book), faults_(faults) {}

    void account(std::function<void(Result<Account>)> done) override;
    void estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) override;
    void sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) override;
    void recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) override;
    void send(const std::string& raw, std::function<void(Result<void>)> done) override;
    void sight(const std::vector<Sought>& ids, std::function<void(Result<std::vector<Sighting>>)> done) override;

  private:
    Chain& chain_;
    MarkedBook& book_;
    Faults& faults_;
    std::uint64_t second_nonce_ = 0;
};

}  // namespace soak
