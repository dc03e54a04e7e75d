// Durable decisions through the ledger, and what SQLite does with as many rows of 1 KiB and nothing else: the same
// disk, the same settings, the same number of rows in a transaction.
//
//   ledger_bench FOLDER
//
// Measures: ledger-BATCH, bare-BATCH; `bytes`: NS is how many bytes the database file grew by.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>
#include <vector>

#include "host/ledger/ledger.hpp"
#include "host/ledger/schema.hpp"
#include "stipend/duration.hpp"
#include "tests/bench/instrument.hpp"

using namespace stipend;
using namespace stipend::bench;
using namespace stipend::ledger;

namespace {

constexpr OrchestratorId orchestrators = 10'000;
constexpr std::int64_t minute_ns = 60 * ns_per_s;
constexpr std::int64_t start_ns = 1'800'000'000 * ns_per_s;

void must_sql(int code, sqlite3* database) {
    if (code != SQLITE_OK && code != SQLITE_DONE) die(fmt::format("sqlite: {}", sqlite3_errmsg(database)));
}

void run_sql(sqlite3* database, const std::string& sql) {
    must_sql(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), database);
}

// The yardstick.
class Bare {
  public:
    explicit Bare(const std::string& path) {
        must_sql(sqlite3_open(path.c_str(), &database_), database_);
        run_sql(database_, "PRAGMA journal_mode = WAL");
        run_sql(database_,
                fmt::format("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"
                            "PRAGMA cache_size = -16384; PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = {}",
                            checkpoint_pages));
        run_sql(database_, "CREATE TABLE bare(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT");
        must_sql(sqlite3_prepare_v2(database_, "INSERT INTO bare(body) VALUES(?)", -1, &insert_, nullptr), database_);
        std::mt19937_64 random(7);
        for (auto& byte : body_) byte = static_cast<char>(random());
    }
    ~Bare() {
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;

    void insert(std::size_t count) {
        run_sql(database_, "BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < count; ++i) {
            body_[0] = static_cast<char>(i);
            sqlite3_bind_blob(insert_, 1, body_.data(), static_cast<int>(body_.size()), SQLITE_STATIC);
            must_sql(sqlite3_step(insert_), database_);
            sqlite3_reset(insert_);
        }
        run_sql(database_, "COMMIT");
    }

  private:
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::string body_ = std::string(1024, '\0');
};

// Ten thousand orchestrators that fall due in an order of their own, cycle after cycle. As in the engine, those of one
// transaction are written in the order in which they became known.
class Orchestrators {
  public:
    explicit Orchestrators(Ledger& ledger) : ledger_(ledger), states_(orchestrators), order_(orchestrators) {
        std::iota(order_.begin(), order_.end(), 1);
        std::shuffle(order_.begin(), order_.end(), random_);
        Batch batch;
        Generation generation{.id = 1, .at = start_ns, .policy = "org.stipend.payment", .version = "0.1.0"};
        generation.config = generation.terms = "{}";
        batch.generations.push_back(generation);
        for (OrchestratorId id = 1; id <= orchestrators; ++id) {
            NewOrchestrator added;
            added.row = {
                .id = id, .key = fmt::format("orch-{}", id), .address = fmt::format("https://10.0.0.{}:9995", id)};
            added.state.due_at = start_ns;
            added.state.interval_ns = minute_ns;
            added.state.generation = 1;
            states_[static_cast<std::size_t>(id - 1)] = added.state;
            batch.added.push_back(std::move(added));
        }
        must(ledger_.commit(batch));
        for (std::size_t i = 0; i < 2; ++i) must(ledger_.commit(next(orchestrators)));  // rows of full length
    }

    [[nodiscard]] Batch next(std::size_t count) {
        std::vector<OrchestratorId> due(count);
        for (auto& id : due) id = order_[turn_++ % order_.size()];
        std::ranges::sort(due);
        Batch batch;
        batch.decisions.reserve(count);
        for (const auto id : due) batch.decisions.push_back(decision(id));
        return batch;
    }

  private:
    Decided decision(OrchestratorId id) {
        EngineState& state = states_[static_cast<std::size_t>(id - 1)];
        Decided out;
        Decision& d = out.decision;
        d.orchestrator = id;
        d.epoch = state.epoch + 1;
        d.due_at = state.due_at;
        d.period_from = state.last_decided_at == 0 ? state.due_at - minute_ns : state.last_decided_at;
        d.decided_at = state.due_at + 1'234'567'890 + id;
        d.job = Job::ok;
        d.uptime_ppm = 873'456;
        d.coverage_ppm = 1'000'000;
        d.action = Action::pay;
        d.tier = "good";
        d.multiplier_ppm = 1'000'000;
        d.usd = Usd::of_e8(10 * e8);
        d.wei = Wei(5'000'000'000'000'000);
        d.next_at = d.due_at + minute_ns;
        d.reason = "uptime 87.3456 %";
        d.generation = 1;
        d.evidence = {.http_status = 200,
                      .served_by = fmt::format("https://10.0.0.{}:9995", id),
                      .latency_ns = 12'345'678,
                      .window_s = 60};
        for (auto& byte : d.evidence.body_hash) byte = static_cast<std::uint8_t>(random_());
        d.evidence.body_head.assign(max_body_head_bytes, 'x');
        state.epoch = d.epoch;
        state.due_at = d.next_at;
        state.last_decided_at = d.decided_at;
        state.known = true;
        ++state.checks_total;
        ++state.checks_ok;
        state.memory_generation = 1;
        state.day = d.decided_at / (1440 * minute_ns);
        state.day_usd = must(state.day_usd.plus(d.usd));
        out.after = state;
        return out;
    }

    Ledger& ledger_;
    std::vector<EngineState> states_;
    std::vector<OrchestratorId> order_;
    std::size_t turn_ = 0;
    std::mt19937_64 random_{42};
};

// Runs `one` for each of as many transactions as `count` rows need.
template <class Ready, class One>
Result<Measured> transactions(std::size_t batch, std::uint64_t count, Ready&& make_ready, One&& one) {
    std::vector<std::invoke_result_t<Ready>> ready;
    for (std::uint64_t rows = 0; rows < count; rows += batch) ready.push_back(make_ready());
    const auto from = wall_ns();
    for (const auto& what : ready) STIPEND_TRY(one(what));
    return Measured{.done = ready.size() * batch, .ns = wall_ns() - from, .check = 0};
}

// What the database file grows by, with all that was written moved into it.
Result<Measured> growth(Ledger& ledger, Orchestrators& network, const std::filesystem::path& file,
                        std::uint64_t count) {
    const auto size = [&] {
        sqlite3* database = nullptr;
        must_sql(sqlite3_open(file.c_str(), &database), database);
        run_sql(database, "PRAGMA wal_checkpoint(TRUNCATE)");
        sqlite3_close(database);
        return std::filesystem::file_size(file);
    };
    constexpr std::size_t batch = 64;
    const auto before = size();
    Measured measured;
    for (; measured.done < count; measured.done += batch) STIPEND_TRY(ledger.commit(network.next(batch)));
    measured.ns = static_cast<std::int64_t>(size() - before);
    return measured;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) die("usage: ledger_bench FOLDER");
    const std::filesystem::path folder = argv[1];
    const auto file = database_file(folder);
    const auto ledger = must(open(file, {.ns = {.mode = Mode::live, .chain_id = 42161}}));
    Bare bare((folder / "bare.db").string());
    Orchestrators network(*ledger);
    std::map<std::string, Measure> measures;
    for (const std::size_t batch : {1, 64, 4096}) {
        measures["ledger-" + std::to_string(batch)] = [&, batch](std::uint64_t count) {
            return transactions(
                batch, count, [&] { return network.next(batch); },
                [&](const Batch& ready) { return ledger->commit(ready); });
        };
        measures["bare-" + std::to_string(batch)] = [&, batch](std::uint64_t count) {
            return transactions(
                batch, count, [&] { return batch; },
                [&](std::size_t rows) -> Result<void> {
                    bare.insert(rows);
                    return {};
                });
        };
    }
    measures["bytes"] = [&](std::uint64_t count) { return growth(*ledger, network, file, count); };
    return serve(measures);
}
