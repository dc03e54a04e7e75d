// The durable truth: who is owed what, why, and the proof that nobody edited it.
//
// One process writes; a lock file beside the database keeps others out. Any number may read while it does. A ledger
// object belongs to one thread at a time. Errors name the file; none is thrown.
//
// Double entry: an amount moves from one account (negative) to another (positive). A decision moves from
// expense:payout to owed:<orchestrator>, so an owed balance above zero is what we owe.
//
// Audit: each change has one place in one chain; hash = keccak256(previous hash | canonical body), written in the
// transaction of the change. canonical.hpp defines the bodies. Observations and the plugins' key-value pairs are raw
// material and have none.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

enum class Access : std::uint8_t { read_write, read_only };

struct OpenOptions {
    Access access = Access::read_write;
    Namespace ns = {};                     // its chain must be the database's; a new database takes it
    std::int64_t busy_timeout_ms = 5'000;  // how long to wait while another program holds SQLite's own lock
};

// A decision as it is exported, with its place in the chain.
struct DecisionLine {
    Seq seq = 0;
    std::string_view key;  // of the orchestrator; valid during the call
    Decision decision;
};
struct DecisionFilter {
    std::optional<OrchestratorId> orchestrator = {};
    std::optional<stipend_unix_ns> from = {};  // decided at or after
    std::optional<stipend_unix_ns> to = {};    // decided before
    Seq after = 0;                             // only places in the chain beyond this one: a cursor
    std::uint64_t limit = UINT64_MAX;
    bool archives = true;  // also those in the archives that can be found
};
// Not OK stops the export, which returns that error.
using DecisionSink = std::function<Result<void>(const DecisionLine&)>;

struct Balance {
    OrchestratorId orchestrator = 0;
    std::string key = {};
    SignedWei owed = {};
};

struct VerifyOptions {
    std::vector<std::filesystem::path> archives = {};  // in place of the recorded paths, in any order
    std::optional<Head> expected_head = {};            // as exported earlier: must lie on the chain
    std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};  // audit rows, now and then
};
struct Finding {
    std::string row = {};   // "decision seq 17 (orch-1, epoch 5)"
    std::string what = {};  // "hash differs: got ..., want ..."
};
struct Report {
    static constexpr std::size_t max_findings = 100;
    std::vector<Finding> findings = {};              // the first ones, in the order of the chain
    std::uint64_t bad = 0;                           // how many there were in all
    std::vector<std::string> missing_archives = {};  // what they hold could not be checked
    std::uint64_t audit_rows = 0;
    std::uint64_t decisions = 0;
    std::uint64_t journals = 0;
    std::uint64_t orchestrators = 0;
    Head head = {};
    [[nodiscard]] bool clean() const { return bad == 0; }
    [[nodiscard]] bool complete() const { return missing_archives.empty(); }
};

struct ArchiveReport {
    std::string file = {};
    Seq first = 0;
    Seq last = 0;
    std::uint64_t decisions = 0;
    Hash digest = {};  // binds all that the archive holds: this is what is signed
    Hash signer = {};  // by this Ed25519 public key
};

struct Stats {
    std::uint64_t database_bytes = 0;
    std::uint64_t free_bytes = 0;  // of the database's, used again before it grows
    std::uint64_t wal_bytes = 0;
    std::int64_t span_ns = 0;  // between the first decision and the last that the database holds
    Seq seq = 0;
};

// Bounds of what one plugin instance may keep.
struct KvQuota {
    std::uint64_t keys = 1'024;
    std::uint64_t value_bytes = 65'536;   // of one value
    std::uint64_t total_bytes = 1 << 20;  // of all its keys and values
};

class Ledger {
  public:
    virtual ~Ledger() = default;

    // All orchestrators of the namespace with their states.
    [[nodiscard]] virtual Result<State> load_state() = 0;

    // Writes the batch in one durable transaction. On failure nothing of it is there, with one exception below.
    // INVALID: the batch contradicts itself. CONFLICT: it contradicts what is recorded, e.g. the epoch is decided
    // already, with the same contents or with others; the message names both. BUSY: another program holds the
    // database; it may be tried again. Any other error is the disk's: the ledger is `failed` from then on and refuses
    // all further commits, since an fsync that failed once says nothing when it is called again; whether this batch
    // became durable is known only after the database was opened anew.
    // Times of one orchestrator must not run backwards: a caller whose clock does hands in the last time again.
    [[nodiscard]] virtual Result<void> commit(const Batch& batch) = 0;

    // True after an error of the disk: this object writes no more.
    [[nodiscard]] virtual bool failed() const = 0;

    // The end of the chain as it stands on the disk.
    [[nodiscard]] virtual Result<Head> head() = 0;
    [[nodiscard]] virtual Result<Stats> stats() = 0;

    // Recomputes everything from the rows, of all namespaces, and of the archives. An error means that it could not be
    // read at all; what is wrong in it stands in the report.
    [[nodiscard]] virtual Result<Report> verify(const VerifyOptions& options) = 0;

    // Hands over decisions of the namespace, in ledger order. While it runs it keeps SQLite from recycling the WAL.
    [[nodiscard]] virtual Result<void> export_decisions(const DecisionFilter& filter, const DecisionSink& sink) = 0;

    // What each orchestrator of the namespace is owed, by id.
    [[nodiscard]] virtual Result<std::vector<Balance>> balances() = 0;

    // What no adjustment is about of the gaps of one orchestrator, or of all: the newest gap first, its pieces by time.
    // A piece carries its share of the gap's amount, rounded down. Pieces are cut where texts cut, at milliseconds.
    [[nodiscard]] virtual Result<std::vector<Gap>> unpaid(std::optional<OrchestratorId> orchestrator,
                                                          std::uint64_t limit) = 0;

    // Observations of one orchestrator that reach into [from, to), by target and time.
    [[nodiscard]] virtual Result<std::vector<Observation>> observations(OrchestratorId orchestrator,
                                                                        stipend_unix_ns from, stipend_unix_ns to) = 0;

    // Moves what was decided before `before` into a new SQLite file, with its entries and its part of the chain, in
    // three steps. INVALID where the file exists or nothing is that old.
    [[nodiscard]] Result<ArchiveReport> archive(stipend_unix_ns before, const std::filesystem::path& file);
    // Copies, signs and makes durable; the ledger is only read, so that this can be a reader's while a host goes on.
    // Its key stands in `archive.key` beside the database, made where there is none. CANCELLED once `stop` says so;
    // then, as after any error, no file is left.
    [[nodiscard]] virtual Result<PreparedArchive> prepare_archive(stipend_unix_ns before,
                                                                  const std::filesystem::path& file,
                                                                  std::function<bool()> stop) = 0;
    // Takes it up in one transaction: from here on what it holds counts there. CONFLICT where it does not follow what
    // the ledger has archived.
    [[nodiscard]] virtual Result<ArchiveReport> take_archive(const PreparedArchive& prepared) = 0;
    // Deletes a part of what archives hold; true where there is more. What a crash left is deleted at the next open.
    [[nodiscard]] virtual Result<bool> purge_archived() = 0;

    // The plugins' own key-value pairs. LIMIT beyond the quota, with the old value unchanged.
    [[nodiscard]] virtual Result<void> kv_put(std::string_view instance, std::string_view key, std::string_view value,
                                              const KvQuota& quota) = 0;
    [[nodiscard]] virtual Result<std::optional<std::string>> kv_get(std::string_view instance,
                                                                    std::string_view key) = 0;
    [[nodiscard]] virtual Result<void> kv_erase(std::string_view instance, std::string_view key) = 0;
};

// The database file of a host whose state is in `state_folder`. [pure]
[[nodiscard]] std::filesystem::path database_file(const std::filesystem::path& state_folder);

// Opens the database, after bringing an older schema forward (read_write), or creates it. Refused with CONFIG: a newer
// schema, another application's file, another chain; with BUSY: a second writer, by the first one's pid.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& path, const OpenOptions& options);

// How many whole days `free_bytes` last if the ledger goes on growing as it did, `grown_bytes` in `span_ns`; none where
// less than an hour tells. [pure]
[[nodiscard]] std::optional<std::uint64_t> disk_days_left(std::uint64_t free_bytes, std::uint64_t grown_bytes,
                                                          std::int64_t span_ns);

}  // namespace stipend::ledger
