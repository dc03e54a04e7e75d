// A temporary folder, and batches as an engine makes them.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/ledger/ledger.hpp"

namespace ledger_test {

using namespace stipend;
using namespace stipend::ledger;

inline constexpr std::int64_t start_ns = 1'800'000'000'000'000'000;
inline constexpr std::int64_t minute_ns = 60'000'000'000;

// An empty folder that the destructor removes.
class TempFolder {
  public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

[[nodiscard]] OpenOptions writer(Mode mode = Mode::live, std::uint64_t chain_id = 42161);
[[nodiscard]] OpenOptions reader(Mode mode = Mode::live, std::uint64_t chain_id = 42161);

// Fails the test if the ledger cannot be opened.
[[nodiscard]] std::unique_ptr<Ledger> must_open(const std::filesystem::path& path,
                                                const OpenOptions& options = writer());

[[nodiscard]] Generation generation(GenerationId id);
[[nodiscard]] NewOrchestrator orchestrator(OrchestratorId id);

// The decision that follows `before`: a good check, 6000000000000000 wei, or a failed one, a skip.
[[nodiscard]] Decided next_decision(OrchestratorId id, const EngineState& before, bool good = true);

// Tracks the states, as the engine does.
class Engine {
  public:
    // Publishes generation 1 and adds orchestrators 1..count.
    Engine(Ledger& ledger, OrchestratorId count);
    // Loads the states of the ledger.
    explicit Engine(Ledger& ledger);

    // One decision for each orchestrator, every third one failed in odd epochs; not committed.
    [[nodiscard]] Batch cycle();
    // Commits `batch` and applies its states.
    [[nodiscard]] Result<void> commit(const Batch& batch);
    void must_commit(const Batch& batch);
    void run(int cycles);

    [[nodiscard]] EngineState& state(OrchestratorId id) { return states_.at(static_cast<std::size_t>(id - 1)); }
    [[nodiscard]] OrchestratorId count() const { return static_cast<OrchestratorId>(states_.size()); }

  private:
    Ledger& ledger_;
    std::vector<EngineState> states_;
};

// A ledger with every kind of row: two cycles of three orchestrators, gaps open and closed, an adjustment, a price,
// changes, events.
void fill_with_everything(Ledger& ledger);

// A pardon of the last decision of that orchestrator, after which it counts no failure and is not suspended.
[[nodiscard]] Pardoned pardon_of(const OrchestratorRecord& record);

// 20 USD at 2000 USD per ETH.
[[nodiscard]] ManualPayment paid(OrchestratorId id, const char* name, stipend_unix_ns at);

// To that decision; with a text that no terminal may be given.
[[nodiscard]] Objection objection(OrchestratorId id, std::uint64_t epoch);
// By a reason alone.
[[nodiscard]] ObjectionAnswer answer_to(OrchestratorId id, std::uint64_t epoch);

// The report's findings, one in a line; empty for a clean ledger.
[[nodiscard]] std::string findings(Ledger& ledger, const VerifyOptions& options = {});

// Runs SQL on the file directly.
void tamper(const std::filesystem::path& path, const std::string& sql);
// The first column of the first row that `sql` gives; "none", or -1, where there is none.
[[nodiscard]] std::string text_of(const std::filesystem::path& path, const std::string& sql);
[[nodiscard]] std::int64_t number(const std::filesystem::path& path, const std::string& sql);

}  // namespace ledger_test
