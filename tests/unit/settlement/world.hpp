// A settler over a real ledger file and a model of a chain. Every question and every commit is one step, at which the
// process can end: before the step has any effect, or after it and before its answer.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>

#include "host/settlement/settler.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"
#include "tests/unit/settlement/model_chain.hpp"

namespace settlement_test {

[[nodiscard]] Rules rules();

class World final : private Chain, private Book {
  public:
    explicit World(OrchestratorId payees);

    // More is owed to each.
    void decide() { engine_->run(1); }
    // Lets the settler go on until it waits; the time is that of the world.
    void run();
    // Lets time pass until the settler wants to be called, and calls it. How long that was.
    std::int64_t run_when_due();
    void pass(std::int64_t seconds) { now_ += seconds * ns_per_s; }
    // Blocks, time and runs, until nothing is open or `rounds` are over.
    void until_settled(int rounds = 60);
    void restart();
    // Looks at what waits for a person, and orders what a careful one would: what is held goes on, what is frozen is
    // ended, and nonces that the payer's key was used for elsewhere are accepted.
    void person();
    // As `run`, after an order that has to succeed.
    void order(const std::function<void(Settler&, std::function<void(Result<void>)>)>& give);

    enum class Crash { before, after };
    // The process ends at the step with this number, counted from now.
    void crash_at(std::uint64_t step, Crash how);
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] bool crashed() const { return crashed_; }
    [[nodiscard]] std::uint64_t commits() const { return commits_; }  // of the settler, without reservations

    // The share of questions to the chain that are lost, or whose answer is; and of commits for which the database is
    // busy.
    void lose(double share, std::uint32_t seed);

    [[nodiscard]] Settler& settler() { return *settler_; }
    [[nodiscard]] ledger::Ledger& ledger() { return *ledger_; }
    [[nodiscard]] Numbering& numbering() { return numbering_; }
    ModelChain chain;
    std::string everyone = {};  // the address of all payees; empty: each has its own
    Rules settings = rules();
    bool lost_account = false;      // the payer's account is not answered
    std::uint64_t looks = 0;        // questions for sightings that were answered, or could not be
    std::uint64_t lost_sights = 0;  // how many of the next sightings are not answered

    // Fails the test where ledger and chain differ: each payee has received what the ledger says is paid; nothing is
    // lost.
    void check_money();
    [[nodiscard]] std::string owed(OrchestratorId id);
    [[nodiscard]] static std::string address(OrchestratorId id);
    // Why a payout is in the last state of this name, by the ledger.
    [[nodiscard]] std::string reason(PayoutId id, ledger::PayoutState state);
    [[nodiscard]] const std::filesystem::path file() const { return folder_ / "ledger.db"; }
    [[nodiscard]] std::string states();  // of the open payouts: "1 held, 2 bound"

  private:
    void account(std::function<void(Result<Account>)> done) override;
    void estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) override;
    void sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) override;
    void recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) override;
    void send(const std::string& raw, std::function<void(Result<void>)> done) override;
    void sight(const std::vector<Sought>& attempts, std::function<void(Result<std::vector<Sighting>>)> done) override;
    void reserve(const Reservation& which, std::function<void(Result<std::vector<ledger::Payout>>)> done) override;
    void commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) override;

    enum class Lost { request, both };
    template <class T, class Effect>
    void step(Lost lost, std::function<void(Result<T>)> done, Effect effect);
    void start();
    [[nodiscard]] Wei sum(const std::string& sql);

    ledger_test::TempFolder folder_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::unique_ptr<ledger_test::Engine> engine_;
    Numbering numbering_;
    std::unique_ptr<Settler> settler_;
    std::deque<std::function<void()>> queue_;
    stipend_unix_ns now_ = ledger_test::start_ns;
    std::uint64_t steps_ = 0;
    std::uint64_t commits_ = 0;
    std::uint64_t crash_step_ = 0;  // 0: none
    Crash crash_how_ = Crash::before;
    bool crashed_ = false;
    double lost_ = 0;
    std::mt19937 random_;
    std::set<std::string> recorded_;  // the bytes of all attempts that the ledger has
    OrchestratorId payees_;
};

}  // namespace settlement_test
