// Durable decisions per second through the ledger, against bare SQLite inserts of one 1 KiB row each: same disk, same
// settings, same batch size, in alternating pairs. Prints one line of JSON.
//
//   ledger_bench [FOLDER] [PAIRS] [ONLY THIS BATCH SIZE]
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "host/ledger/ledger.hpp"
#include "host/ledger/schema.hpp"

using namespace stipend;
using namespace stipend::ledger;

namespace {

constexpr OrchestratorId orchestrators = 10'000;
constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t start_ns = 1'800'000'000'000'000'000;

template <class T>
T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().message);
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

void must_sql(int code, sqlite3* database) {
    if (code == SQLITE_OK || code == SQLITE_DONE) return;
    fmt::print(stderr, "sqlite: {}\n", sqlite3_errmsg(database));
    std::exit(1);
}

// The yardstick: what SQLite does with one kibibyte and nothing else.
class Bare {
  public:
    explicit Bare(const std::string& path) {
        must_sql(sqlite3_open(path.c_str(), &database_), database_);
        run("PRAGMA journal_mode = WAL");
        run("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;"
            "PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = " +
            std::to_string(checkpoint_pages));
        run("CREATE TABLE bare(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT");
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
        run("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < count; ++i) {
            body_[0] = static_cast<char>(i);
            sqlite3_bind_blob(insert_, 1, body_.data(), static_cast<int>(body_.size()), SQLITE_STATIC);
            must_sql(sqlite3_step(insert_), database_);
            sqlite3_reset(insert_);
        }
        run("COMMIT");
    }

  private:
    void run(const std::string& sql) {
        must_sql(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), database_);
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::string body_ = std::string(1024, '\0');
};

// Ten thousand orchestrators whose decisions come in some order, cycle after cycle.
class Network {
  public:
    Network(Ledger& ledger, bool shuffled) : ledger_(ledger), states_(orchestrators), order_(orchestrators) {
        std::iota(order_.begin(), order_.end(), 1);
        if (shuffled) std::shuffle(order_.begin(), order_.end(), random_);
        Batch batch;
        Generation generation{.id = 1, .at = start_ns, .policy = "stipend.payment", .version = "0.1.0"};
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
        for (std::size_t i = 0; i < 2; ++i) decide(orchestrators);  // the steady state has rows of full length
    }

    // Batches of the next `count` decisions, made before the clock runs.
    [[nodiscard]] Batch next(std::size_t count) {
        Batch batch;
        batch.decisions.reserve(count);
        for (std::size_t i = 0; i < count; ++i, ++turn_)
            batch.decisions.push_back(decision(order_[turn_ % order_.size()]));
        return batch;
    }
    void decide(std::size_t count) { must(ledger_.commit(next(count))); }

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
        d.tier = "excellent";
        d.multiplier_ppm = 1'200'000;
        d.usd_e8 = 12 * e8;
        d.wei = Wei(6'000'000'000'000'000);
        d.next_at = d.due_at + minute_ns;
        d.reason = "uptime 87.3456 % of the window asked for";
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
        // Four times what the policy that ships keeps in its memory.
        for (std::size_t i = 0; i < 16; ++i) state.memory.bytes[i] = static_cast<std::uint8_t>(random_() | 1);
        state.day = d.decided_at / (1440 * minute_ns);
        state.day_usd_e8 += d.usd_e8;
        out.after = state;
        return out;
    }

    Ledger& ledger_;
    std::vector<EngineState> states_;
    std::vector<OrchestratorId> order_;
    std::size_t turn_ = 0;
    std::mt19937_64 random_{42};
};

double seconds(auto&& work) {
    const auto from = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

struct Measured {
    double ratio = 0;
    double decisions_per_s = 0;
    double rows_per_s = 0;
};

Measured measure(Ledger& ledger, Network& network, Bare& bare, std::size_t batch_size, std::size_t batches, int pairs) {
    std::vector<double> ratios;
    std::vector<double> ours;
    std::vector<double> theirs;
    for (int pair = 0; pair < pairs; ++pair) {
        std::vector<Batch> ready;
        for (std::size_t i = 0; i < batches; ++i) ready.push_back(network.next(batch_size));
        const auto decide = [&] {
            for (const auto& batch : ready) must(ledger.commit(batch));
        };
        const auto insert = [&] {
            for (std::size_t i = 0; i < batches; ++i) bare.insert(batch_size);
        };
        // Who goes first changes from pair to pair.
        double own = 0;
        if (pair % 2 == 0) own = seconds(decide);
        const double other = seconds(insert);
        if (pair % 2 != 0) own = seconds(decide);
        const auto count = static_cast<double>(batch_size * batches);
        ratios.push_back(other / own);
        ours.push_back(count / own);
        theirs.push_back(count / other);
    }
    return {.ratio = median(ratios), .decisions_per_s = median(ours), .rows_per_s = median(theirs)};
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder =
        std::filesystem::path(argc > 1 ? argv[1] : ".") / fmt::format("ledger-bench-{}", std::random_device{}());
    const int pairs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 25;  // NOLINT(cert-err34-c): a tool for developers
    const int only = argc > 3 ? std::atoi(argv[3]) : 0;                 // NOLINT(cert-err34-c)
    std::filesystem::create_directories(folder);
    std::string line;
    for (const bool shuffled : {false, true}) {
        const auto path = folder / (shuffled ? "shuffled.db" : "ordered.db");
        const auto ledger = must(open(path, {.ns = {.mode = Mode::live, .chain_id = 42161}}));
        Bare bare((folder / (shuffled ? "bare-shuffled.db" : "bare-ordered.db")).string());
        Network network(*ledger, shuffled);
        const auto before = must(ledger->stats());
        struct Round {
            std::size_t size;
            std::size_t batches;
        };
        for (const Round round : {Round{1, 100}, Round{64, 40}, Round{4096, 3}}) {
            if (only != 0 && round.size != static_cast<std::size_t>(only)) continue;
            const Measured m = measure(*ledger, network, bare, round.size, round.batches, pairs);
            line +=
                fmt::format(R"(,"{}_batch_{}":{{"ratio":{:.3f},"decisions_per_s":{:.0f},"bare_rows_per_s":{:.0f}}})",
                            shuffled ? "shuffled" : "ordered", round.size, m.ratio, m.decisions_per_s, m.rows_per_s);
        }
        const auto after = must(ledger->stats());
        const auto decisions = static_cast<double>(after.seq - before.seq);
        line += fmt::format(R"(,"{}_bytes_per_decision":{:.0f})", shuffled ? "shuffled" : "ordered",
                            static_cast<double>(after.database_bytes - before.database_bytes) / decisions);
    }
    fmt::print("{{\"bench\":\"ledger\",\"pairs\":{},\"orchestrators\":{}{}}}\n", pairs, orchestrators, line);
    std::filesystem::remove_all(folder);
    return 0;
}
