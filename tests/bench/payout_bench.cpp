// Payouts, from what is owed to what is signed, recorded and handed over, by the settlement core over a real ledger
// file; and what libsecp256k1 and the disk take for as many signatures and durable rows and nothing else.
//
//   payout_bench FOLDER
//
// Measures: single (as many at a time as the settler has open at once by default), group (all at a time), batch; bare
// (a signature, then one durable row, for each). The chain behind them is made up: it signs in this process, executes
// at once, and says so for good: no node and no signer are part of it.
#include <fmt/format.h>
#include <sqlite3.h>

#include <deque>
#include <filesystem>
#include <map>

#include "ethereum/transaction.hpp"
#include "host/ledger/ledger.hpp"
#include "host/settlement/settler.hpp"
#include "stipend/duration.hpp"
#include "tests/bench/instrument.hpp"

using namespace stipend;
using namespace stipend::bench;
using namespace stipend::settlement;

namespace {

constexpr std::uint64_t chain_id = 42161;
constexpr std::int64_t start_ns = 1'800'000'000 * ns_per_s;
constexpr std::uint64_t owed_wei = 20'000'000'000'000'000;
constexpr std::uint64_t gas_limit = 25'200;

ethereum::PrivateKey key_for_bench() {
    std::array<std::uint8_t, ethereum::PrivateKey::size> secret{};
    secret.back() = 1;
    return must(ethereum::PrivateKey::from_bytes(secret));
}

std::string payee_address(ledger::OrchestratorId id) {
    return fmt::format("0x{:040x}", static_cast<std::uint64_t>(id) + 0x1000);
}

// A payment's bytes, as the plugin and the signer make them.
ethereum::SignedTransaction signed_payment(const ethereum::PrivateKey& key, std::uint64_t nonce,
                                           const std::string& to) {
    ethereum::Transaction transaction{.chain_id = chain_id,
                                      .nonce = nonce,
                                      .max_priority_fee_per_gas = ethereum::Uint256(std::uint64_t{1}),
                                      .max_fee_per_gas = ethereum::Uint256(std::uint64_t{20}),
                                      .gas_limit = gas_limit,
                                      .to = *ethereum::Address::parse(to),
                                      .value = ethereum::Uint256(owed_wei),
                                      .data = {}};
    return must(ethereum::sign(std::move(transaction), key));
}

class InstantChain final : public Chain {
  public:
    explicit InstantChain(std::deque<std::function<void()>>& queue) : queue_(queue) {}

    void account(std::function<void(Result<Account>)> done) override {
        Account out{.chain_id = chain_id,
                    .payer = ascii_lower(key_.address().text()),
                    .next_slot = executed_,
                    .final_next_slot = executed_,
                    .final_head = 1};
        out.funds = *SignedWei::parse("1000000000000000000000000");
        out.base_fee = *SignedWei::parse("10");
        out.tip = *SignedWei::parse("1");
        out.cap = *SignedWei::parse("20");
        later(std::move(done), std::move(out));
    }
    void estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) override {
        const auto count = std::max<std::uint64_t>(work.payments.size(), 1);
        later(std::move(done), Estimate{.accepted = true, .gas = count == 1 ? gas_limit : count * 10'400});
    }
    void sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) override {
        const auto made = signed_payment(key_, work.nonce, work.payments.front().to);
        SignedBytes out{.raw = std::string(made.raw.begin(), made.raw.end()), .fees = work.fees};
        std::copy(made.hash.begin(), made.hash.end(), out.id.begin());
        nonces_[out.id] = work.nonce;
        later(std::move(done), std::move(out));
    }
    void recall(std::uint64_t, std::function<void(Result<std::vector<SignedBytes>>)> done) override {
        later(std::move(done), std::vector<SignedBytes>());
    }
    void send(const std::string&, std::function<void(Result<void>)> done) override {
        ++sent_;
        queue_.push_back([done = std::move(done)] { done({}); });
    }
    void sight(const std::vector<Sought>& attempts, std::function<void(Result<std::vector<Sighting>>)> done) override {
        std::vector<Sighting> out;
        for (const auto& one : attempts) {
            Sighting seen;
            if (answers_) {
                const auto nonce = nonces_.at(one.id);
                seen = {.phase = Phase::in_block, .block = nonce + 1, .executed = true, .final = true};
                seen.block_hash = one.id;
                seen.paid.assign(one.batch, true);
                executed_ = std::max(executed_, nonce + 1);
            }
            out.push_back(std::move(seen));
        }
        later(std::move(done), std::move(out));
    }

    // Whether it has executed what it got; until then it knows of nothing.
    void answer(bool answers) { answers_ = answers; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

  private:
    static std::string ascii_lower(std::string text) {
        for (auto& c : text) c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
        return text;
    }
    template <class T>
    void later(std::function<void(Result<T>)> done, T value) {
        queue_.push_back([done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
    }

    std::deque<std::function<void()>>& queue_;
    const ethereum::PrivateKey key_ = key_for_bench();
    std::map<Hash, std::uint64_t> nonces_;
    std::uint64_t executed_ = 0;
    std::uint64_t sent_ = 0;
    bool answers_ = false;
};

// Reserves all that is owed; commits at once.
class FileBook final : public Book {
  public:
    FileBook(ledger::Ledger& ledger, std::deque<std::function<void()>>& queue) : ledger_(ledger), queue_(queue) {}

    void reserve(const Reservation& which, std::function<void(Result<std::vector<ledger::Payout>>)> done) override {
        ledger::Batch batch;
        for (const auto& debt : must(ledger_.debts({}))) {
            if (std::ranges::binary_search(which.without, debt.orchestrator)) continue;
            if (batch.payouts.reserved.size() == which.most) break;
            batch.payouts.reserved.push_back({.id = which.first + static_cast<PayoutId>(batch.payouts.reserved.size()),
                                              .orchestrator = debt.orchestrator,
                                              .to = payee_address(debt.orchestrator),
                                              .wei = debt.owed,
                                              .at = which.at});
        }
        if (!batch.payouts.empty()) must(ledger_.commit(batch));
        queue_.push_back([done = std::move(done), reserved = std::move(batch.payouts.reserved)] { done(reserved); });
    }
    void commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) override {
        ledger::Batch batch;
        batch.payouts = changes;
        auto committed = ledger_.commit(batch);
        queue_.push_back([done = std::move(done), committed = std::move(committed)] { done(committed); });
    }

  private:
    ledger::Ledger& ledger_;
    std::deque<std::function<void()>>& queue_;
};

// Payees that are owed the same again before each measurement.
class Payees {
  public:
    Payees(ledger::Ledger& ledger, std::size_t count) : ledger_(ledger), states_(count) {
        ledger::Batch batch;
        ledger::Generation generation{.id = 1, .at = start_ns, .policy = "org.stipend.payment", .version = "0.1.0"};
        generation.config = generation.terms = "{}";
        batch.generations.push_back(generation);
        for (std::size_t i = 0; i < count; ++i) {
            const auto id = static_cast<ledger::OrchestratorId>(i + 1);
            ledger::NewOrchestrator added;
            added.row = {
                .id = id, .key = fmt::format("orch-{}", id), .address = fmt::format("https://10.0.0.{}:9995", id)};
            added.row.first_seen_at = start_ns;
            added.state.due_at = start_ns;
            added.state.interval_ns = 60 * ns_per_s;
            added.state.generation = 1;
            states_[i] = added.state;
            batch.added.push_back(std::move(added));
        }
        must(ledger_.commit(batch));
    }
    void owe() {
        ledger::Batch batch;
        for (std::size_t i = 0; i < states_.size(); ++i) batch.decisions.push_back(decided(i));
        must(ledger_.commit(batch));
    }

  private:
    ledger::Decided decided(std::size_t at) {
        auto& state = states_[at];
        ledger::Decided out;
        auto& d = out.decision;
        d.orchestrator = static_cast<ledger::OrchestratorId>(at + 1);
        d.epoch = state.epoch + 1;
        d.due_at = state.due_at;
        d.period_from = state.last_decided_at == 0 ? state.due_at - 60 * ns_per_s : state.last_decided_at;
        d.decided_at = state.due_at + ns_per_s;
        d.job = ledger::Job::ok;
        d.uptime_ppm = 1'000'000;
        d.coverage_ppm = 1'000'000;
        d.action = ledger::Action::pay;
        d.tier = "excellent";
        d.multiplier_ppm = 1'000'000;
        d.usd = Usd::of_e8(40 * e8);
        d.wei = Wei(owed_wei);
        d.next_at = d.due_at + 60 * ns_per_s;
        d.reason = "uptime 100 %";
        d.generation = 1;
        state.epoch = d.epoch;
        state.due_at = d.next_at;
        state.last_decided_at = d.decided_at;
        state.known = true;
        ++state.checks_total;
        ++state.checks_ok;
        state.memory_generation = 1;
        state.day = d.decided_at / ns_per_day;
        state.day_usd = d.usd;
        out.after = state;
        return out;
    }

    ledger::Ledger& ledger_;
    std::vector<ledger::EngineState> states_;
};

// A ledger of its own with a settler over it.
class Paying {
  public:
    // So many payouts are due at a time; 0: all that are asked for.
    Paying(const std::filesystem::path& folder, PayMode mode, std::uint64_t at_once)
        : ledger_(must(
              ledger::open(ledger::database_file(folder), {.ns = {.mode = ledger::Mode::live, .chain_id = chain_id}}))),
          mode_(mode),
          at_once_(at_once) {}

    Result<Measured> run(std::uint64_t count) {
        const auto each = at_once_ == 0 ? count : at_once_;
        std::int64_t took = 0;
        for (std::uint64_t done = 0; done < count; done += each) took += pay(each);
        return Measured{.done = count, .ns = took, .check = 0};
    }

  private:
    static constexpr std::uint64_t most_of_batch = 200;

    std::int64_t pay(std::uint64_t count) {
        if (!payees_) payees_.emplace(*ledger_, count);
        payees_->owe();
        if (!settler_) {
            numbering_ = {};
            settler_.emplace(rules(count), chain_, book_, numbering_, must(ledger_->load_state()).payouts.front());
        }
        // Reserved before the clock runs; bound, signed and recorded while it does.
        now_ += ns_per_day;
        chain_.answer(false);
        auto dear = rules(count);
        dear.max_cap = {};
        settler_->set_rules(dear);
        settler_->run(now_);
        while (!queue_.empty()) turn();
        if (settler_->payouts().size() != count) die("not all are reserved");
        settler_->set_rules(rules(count));
        now_ += ns_per_s;
        const auto sent = chain_.sent();
        const auto wanted = mode_ == PayMode::single ? count : (count + most_of_batch - 1) / most_of_batch;
        const auto from = wall_ns();
        settler_->run(now_);
        while (chain_.sent() - sent < wanted) turn();
        const auto took = wall_ns() - from;
        chain_.answer(true);
        for (int i = 0; !settler_->payouts().empty(); ++i) {
            if (i == 100) die("payouts stay open: " + std::string(settler_->block().text));
            now_ += 10 * ns_per_s;
            settler_->run(now_);
            while (!queue_.empty()) turn();
        }
        return took;
    }

    Rules rules(std::uint64_t count) const {
        Rules out;
        out.chain_id = chain_id;
        out.max_age_ns = 365 * ns_per_day;
        out.max_cap = *SignedWei::parse("1000");
        const auto all = *SignedWei::parse("1000000000000000000000000");
        out.limits = {.per_payment = all, .per_payee_day = all, .per_day = all};
        out.mode = mode_;
        out.batch_most = most_of_batch;
        out.max_skew_ns = 0;
        out.window = static_cast<std::uint32_t>(count);
        return out;
    }
    void turn() {
        if (queue_.empty()) {
            // It waits for a time.
            now_ += ns_per_s;
            return settler_->run(now_);
        }
        const auto work = std::move(queue_.front());
        queue_.pop_front();
        work();
    }

    std::unique_ptr<ledger::Ledger> ledger_;
    const PayMode mode_;
    const std::uint64_t at_once_;
    std::deque<std::function<void()>> queue_;
    InstantChain chain_{queue_};
    FileBook book_{*ledger_, queue_};
    std::optional<Payees> payees_;
    settlement::Numbering numbering_;
    std::optional<Settler> settler_;
    stipend_unix_ns now_ = start_ns + 400 * ns_per_day;
};

void must_sql(int code, sqlite3* database) {
    if (code != SQLITE_OK && code != SQLITE_DONE) die(fmt::format("sqlite: {}", sqlite3_errmsg(database)));
}

// The yardstick: a signature, then a durable row with the bytes.
class BarePaying {
  public:
    explicit BarePaying(const std::string& file) {
        must_sql(sqlite3_open(file.c_str(), &database_), database_);
        const auto* sql =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"
            "CREATE TABLE bare(id INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT";
        must_sql(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), database_);
        must_sql(sqlite3_prepare_v2(database_, "INSERT INTO bare(raw) VALUES(?)", -1, &insert_, nullptr), database_);
    }
    ~BarePaying() {
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }
    BarePaying(const BarePaying&) = delete;
    BarePaying& operator=(const BarePaying&) = delete;

    Result<Measured> run(std::uint64_t count) {
        const auto from = wall_ns();
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto made = signed_payment(key_, nonce_++, payee_address(static_cast<ledger::OrchestratorId>(i)));
            sqlite3_bind_blob(insert_, 1, made.raw.data(), static_cast<int>(made.raw.size()), SQLITE_STATIC);
            must_sql(sqlite3_step(insert_), database_);
            sqlite3_reset(insert_);
        }
        return Measured{.done = count, .ns = wall_ns() - from, .check = 0};
    }

  private:
    const ethereum::PrivateKey key_ = key_for_bench();
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::uint64_t nonce_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) die("usage: payout_bench FOLDER");
    const std::filesystem::path folder = argv[1];
    for (const auto* name : {"single", "group", "batch"}) std::filesystem::create_directory(folder / name);
    Paying single(folder / "single", PayMode::single, Rules().window);
    Paying group(folder / "group", PayMode::single, 0);
    Paying batch(folder / "batch", PayMode::batch, 0);
    BarePaying bare((folder / "bare.db").string());
    return serve({{"single", [&](std::uint64_t count) { return single.run(count); }},
                  {"group", [&](std::uint64_t count) { return group.run(count); }},
                  {"batch", [&](std::uint64_t count) { return batch.run(count); }},
                  {"bare", [&](std::uint64_t count) { return bare.run(count); }}});
}
