// The durable record of what each orchestrator is owed and why, with an audit chain that reveals edits.
//
// One process writes, enforced by a lock file beside the database; any number may read at the same time. A ledger
// object is used by one thread at a time. Errors name the file; nothing is thrown.
//
// Double entry: an amount moves from one account (negative) to another (positive). A decision moves from
// expense:payout to owed:<orchestrator>, so a positive balance is what the payer owes. What a gateway pays an
// orchestrator for a job moves from gateway:prepaid to expense:fees: reserved before the job is sent, closed after it.
//
// Audit: each change has one position in one chain; hash = keccak256(previous hash | canonical body), written in the
// transaction of the change. canonical.hpp defines the bodies. Observations and the plugins' key-value pairs are not
// part of the chain.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/account.hpp"
#include "host/ledger/decision_basis.hpp"
#include "host/ledger/demand_line.hpp"
#include "host/ledger/payout_lines.hpp"
#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

enum class Access : std::uint8_t { read_write, read_only };

struct OpenOptions {
    Access access = Access::read_write;
    Namespace ns = {};                     // must match the chain of the database; a new database gets it
    std::int64_t busy_timeout_ms = 5'000;  // how long to wait for SQLite's own lock
    bool backup_before_migration = true;   // false: the file is a copy itself
    // What an operator has to know of the file, such as where a backup was made. On the thread that calls the ledger.
    std::function<void(const std::string&)> notice = {};
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
    Seq after = 0;                             // only positions above this one: a cursor
    std::uint64_t limit = UINT64_MAX;
    bool archives = true;  // include the archives that are found
    // Without the amount in the asset's unit, and of the evidence only the time that the answer took and that it is
    // about: a million rows are read in two thirds of the time.
    bool brief = false;
};
// An error stops the export, which returns it.
using DecisionSink = std::function<Result<void>(const DecisionLine&)>;

// A manual payment as it is exported, with its place in the chain.
struct ManualLine {
    Seq seq = 0;
    std::string_view key;  // of the orchestrator; valid during the call
    ManualPayment payment;
};
using ManualSink = std::function<Result<void>(const ManualLine&)>;

// An objection with its answer, where it has one, and what that paid.
struct ObjectionLine {
    Seq seq = 0;           // of the objection
    std::string key = {};  // of the orchestrator
    Objection objection = {};
    std::optional<ObjectionAnswer> answer = {};
    Usd usd = {};        // of the answer's adjustment; 0 without one
    SignedWei wei = {};  // the same
};
using ObjectionSink = std::function<Result<void>(const ObjectionLine&)>;

// Open objections, the oldest first, and then those that are answered, the newest first; a part at a time.
struct ObjectionFilter {
    std::optional<OrchestratorId> orchestrator = {};
    bool open = true;            // where to go on: among the open ones, or the answered ones
    std::optional<Seq> at = {};  // behind the objection of this place there
    std::uint64_t limit = 100;
};
struct ObjectionPlace {
    bool open = true;
    Seq at = 0;
};

// What limits the number of objections.
struct ObjectionCounts {
    std::uint64_t open = 0;      // of all orchestrators of the file
    std::uint64_t of_since = 0;  // of one orchestrator, since a time
    std::optional<OpenObjections> open_of = {};
};

// The newest decisions and manual payments, a part at a time.
struct RecentFilter {
    std::optional<OrchestratorId> orchestrator = {};
    std::optional<stipend_unix_ns> from = {};  // decided or paid at or after
    std::optional<Seq> before = {};            // where the part before ended; the other filters stay the same
    std::uint64_t limit = 100;
};

// A decision, a manual payment, an objection or a step of a payout of the namespace, or an alert, with its place in the
// chain.
struct Change {
    enum class Kind : std::uint8_t { decision, alert, manual, objection, payout };
    Kind kind = Kind::decision;
    Seq seq = 0;
    DecisionLine line = {};             // of a decision; its key is valid during the call
    std::uint32_t failures_before = 0;  // in a row, by the decision before that one; 0 where there is none
    bool suspended_before = false;      // the same
    std::string_view alert = {};        // "ID: TEXT"; valid during the call
    ManualLine manual = {};             // its key is valid during the call
    ObjectionLine objection = {};       // of an objection, or of its answer
    PayoutLine payout = {};             // as its reservation or its step left it
};
struct ChangesRead {
    Seq last = 0;       // the last row of the chain that was looked at
    bool lost = false;  // the row behind `after` is not here any more: it is archived
};

// What the newest decisions of an orchestrator amount to.
struct Standing {
    SignedWei owed = {};
    std::optional<Decision> last = {};  // none: none yet, or it is archived
    // The mean time of the answers to the last ten checks; none: there was no answer.
    std::optional<std::int64_t> latency_ns = {};
};

// A row of the chain, with the bytes that are hashed.
enum class AuditKind : std::uint8_t;
struct ChainRow {
    Seq seq = 0;
    AuditKind kind = {};
    std::string_view body = {};  // valid during the call
    Hash hash = {};              // of the chain up to here, as it is stored
};
using ChainSink = std::function<Result<void>(const ChainRow&)>;

// A fee as it is exported, with its place in the chain.
struct FeeLine {
    Seq seq = 0;
    std::string_view key;  // of the orchestrator; valid during the call
    Fee fee;
};
using FeeSink = std::function<Result<void>(const FeeLine&)>;

struct VerifyOptions {
    std::vector<std::filesystem::path> archives = {};  // override the recorded paths; any order
    std::optional<Head> expected_head = {};            // exported earlier; must be on the chain
    std::vector<TreeHead> signed_heads = {};           // that were kept elsewhere; by their rows
    std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};  // audit rows
};
struct Finding {
    std::string row = {};   // "decision seq 17 (orch-1, epoch 5)"
    std::string what = {};  // "hash differs: got ..., want ..."
};
struct Report {
    static constexpr std::size_t max_findings = 100;
    std::vector<Finding> findings = {};              // the first ones, in chain order
    std::uint64_t bad = 0;                           // number of all findings
    std::vector<std::string> missing_archives = {};  // these were not checked
    std::uint64_t audit_rows = 0;
    std::uint64_t decisions = 0;
    std::uint64_t journals = 0;
    std::uint64_t fees = 0;
    std::uint64_t orchestrators = 0;
    Head head = {};
    bool wal_missing = false;  // the file is a copy of a ledger in use, without the WAL, which holds the newest rows
    [[nodiscard]] bool clean() const { return bad == 0; }
    [[nodiscard]] bool complete() const { return missing_archives.empty() && !wal_missing; }
};

struct ArchiveReport {
    std::string file = {};
    Seq first = 0;
    Seq last = 0;
    std::uint64_t decisions = 0;
    Hash digest = {};  // covers all contents of the archive; this is what is signed
    Hash signer = {};  // Ed25519 public key
};

struct ArchiveCopy {
    ArchiveFacts facts = {};
    Hash digest = {};         // what its signature signs
    std::string path = {};    // where it was found; empty if it was not
    std::string sha256 = {};  // of the file
};

struct BackupReport {
    std::string file = {};
    std::string list = {};  // the file that lists the backup and the archives with their hashes
    std::string sha256 = {};
    std::uint64_t bytes = 0;
    stipend_unix_ns at = 0;
    std::uint64_t decisions = 0;  // in the file and in the archives that were found
    Head head = {};
    std::vector<ArchiveCopy> archives = {};  // not part of the file; all that are recorded
};

struct Stats {
    std::uint64_t database_bytes = 0;
    std::uint64_t free_bytes = 0;  // within the database; reused before it grows
    std::uint64_t wal_bytes = 0;
    std::int64_t span_ns = 0;  // from the first to the last decision in the database
    Seq seq = 0;
};

// The write-ahead log, and whether a reader keeps it from being written over from its beginning.
struct WalState {
    std::uint64_t bytes = 0;
    std::int64_t held_ns = 0;  // since when a reader does; 0: none does, or the WAL is small
};

// Limits of what one plugin instance may store.
struct KvQuota {
    std::uint64_t keys = 1'024;
    std::uint64_t value_bytes = 65'536;   // of one value
    std::uint64_t total_bytes = 1 << 20;  // of all its keys and values
};

class Ledger {
  public:
    virtual ~Ledger() = default;

    // Loads all orchestrators of the namespace with their states.
    [[nodiscard]] virtual Result<State> load_state() = 0;

    // Writes the batch in one durable transaction. On failure nothing is written, with one exception below.
    // INVALID: the batch is inconsistent in itself. CONFLICT: it contradicts what is recorded, e.g. the epoch has
    // already been decided; the message says whether with the same contents. BUSY: another program holds the database;
    // the commit may be retried. Any other error is a disk failure: the ledger is `failed` from then on and rejects all
    // commits, since calling fsync again after a failure proves nothing. Whether this batch is durable is known only
    // after the database has been reopened.
    // Times of one orchestrator must not go backwards: if the clock does, the caller passes the last time again.
    [[nodiscard]] virtual Result<void> commit(const Batch& batch) = 0;

    // True after a disk failure: this object rejects all writes.
    [[nodiscard]] virtual bool failed() const = 0;

    // The end of the chain on disk.
    [[nodiscard]] virtual Result<Head> head() = 0;
    [[nodiscard]] virtual Result<Stats> stats() = 0;

    // Where a reader held the WAL, this tries whether it still does. Does not wait for it. Only a writer knows.
    [[nodiscard]] virtual Result<WalState> wal() = 0;

    // Recomputes everything from the rows, of all namespaces and of the archives. An error means that the ledger cannot
    // be read; everything that is wrong in it is a finding in the report.
    [[nodiscard]] virtual Result<Report> verify(const VerifyOptions& options) = 0;

    // Passes the decisions of the namespace to `sink`, in ledger order. SQLite cannot recycle the WAL while it runs.
    [[nodiscard]] virtual Result<void> export_decisions(const DecisionFilter& filter, const DecisionSink& sink) = 0;

    // Passes the newest decisions of the namespace that are not archived, and its manual payments, to the sinks, the
    // newest first. Returns where the next part goes on; nothing at the end. A part may be shorter than the limit,
    // since one call looks at a bounded number of rows only.
    [[nodiscard]] virtual Result<std::optional<Seq>> recent_payments(const RecentFilter& filter,
                                                                     const DecisionSink& decisions,
                                                                     const ManualSink& manual) = 0;

    // Passes what `limit` rows of the chain behind `after` hold to `sink`, in their order.
    [[nodiscard]] virtual Result<ChangesRead> changes(Seq after, std::uint64_t limit,
                                                      const std::function<void(const Change&)>& sink) = 0;

    // Passes the rows of the chain behind `after`, at most to `last`, to `sink`, in their order, from archives that are
    // found as well. They are passed as they are stored: the caller checks that none is missing and that each follows.
    [[nodiscard]] virtual Result<void> chain(Seq after, Seq last, const ChainSink& sink) = 0;

    // Where the chain holds a decision, and what it says last of its orchestrator. None: there is no such decision in
    // the namespace, or it is in an archive that is not found.
    struct DecisionPlace {
        Seq decision = 0;
        Seq orchestrator = 0;
    };
    [[nodiscard]] virtual Result<std::optional<DecisionPlace>> place_of(std::string_view key, std::uint64_t epoch) = 0;

    // In the order of `ids`, which are of this namespace.
    [[nodiscard]] virtual Result<std::vector<Standing>> standings(std::span<const OrchestratorId> ids) = 0;

    // Passes the fees of the namespace to `sink`, in ledger order. Of the filter's times, those of the fees count.
    [[nodiscard]] virtual Result<void> export_fees(const DecisionFilter& filter, const FeeSink& sink) = 0;

    // Passes the manual payments of the namespace to `sink`, in ledger order. Of the filter's times, theirs count.
    [[nodiscard]] virtual Result<void> export_payments(const DecisionFilter& filter, const ManualSink& sink) = 0;

    // The objection to that decision. None: there is none.
    [[nodiscard]] virtual Result<std::optional<ObjectionLine>> objection(OrchestratorId orchestrator,
                                                                         std::uint64_t epoch) = 0;
    // Passes objections of the namespace to `sink`. Returns where the next part goes on; nothing at the end.
    [[nodiscard]] virtual Result<std::optional<ObjectionPlace>> objections(const ObjectionFilter& filter,
                                                                           const ObjectionSink& sink) = 0;
    [[nodiscard]] virtual Result<ObjectionCounts> objection_counts(OrchestratorId orchestrator,
                                                                   stipend_unix_ns since) = 0;
    // Passes the objections of the namespace to `sink`, in ledger order. Of the filter's times, theirs count.
    [[nodiscard]] virtual Result<void> export_objections(const DecisionFilter& filter, const ObjectionSink& sink) = 0;

    // The request of that key, where it was carried out. A key that pays is answered once; of any other the first
    // answer stays.
    [[nodiscard]] virtual Result<std::optional<AnsweredRequest>> answered_request(std::string_view principal,
                                                                                  std::string_view route,
                                                                                  std::string_view key) = 0;

    // What a decision of the namespace follows from. None: there is none, or it is in an archive that is not found.
    [[nodiscard]] virtual Result<std::optional<DecisionBasis>> decision_basis(const DecisionQuery& query) = 0;

    // Those of the namespace that are owed more than nothing on one network, by id.
    [[nodiscard]] virtual Result<std::vector<Debt>> debts(const DebtFilter& filter) = 0;
    // Those of one network that are not over, and what is needed to go on with them.
    [[nodiscard]] virtual Result<OpenPayouts> open_payouts(NetworkId network) = 0;
    // Those of the namespace by id, beginning with 0, the coin of the ledger's chain.
    [[nodiscard]] virtual Result<std::vector<Network>> networks() = 0;
    // Passes payouts of the namespace to `sink`.
    [[nodiscard]] virtual Result<void> payouts(const PayoutFilter& filter, const PayoutSink& sink) = 0;
    // None: there is no such payout in the namespace.
    [[nodiscard]] virtual Result<std::optional<PayoutHistory>> payout(PayoutId id) = 0;
    // At most `limit` slots of one network behind the one with id `after` that have ended by an attempt, and did so at
    // or after `since`; by id.
    [[nodiscard]] virtual Result<std::vector<EndedSlot>> ended_slots(NetworkId network, SlotId after,
                                                                     stipend_unix_ns since, std::uint64_t limit) = 0;

    // Passes the factors of demand of the namespace to `sink`, in ledger order.
    [[nodiscard]] virtual Result<void> demands(const DemandFilter& filter, const DemandSink& sink) = 0;

    // What each orchestrator of the namespace is owed, and what its jobs cost, ordered by id.
    [[nodiscard]] virtual Result<std::vector<Balance>> balances() = 0;

    // The payout of that id; where it is paid, what it pays is passed to `sink`, in the order of the chain. None: there
    // is none in the namespace. UNAVAILABLE: an archive that it needs is not found. LIMIT: more rows than account.hpp
    // has.
    [[nodiscard]] virtual Result<std::optional<PayoutFacts>> paid_by(PayoutId payout, const AccountSink& sink) = 0;

    // Passes what an account on a network (none: the orchestrator's own) got in [from, to), and some before and after,
    // to `sink`, in the order of the chain, without rates and generations. None: there is no such orchestrator.
    // Errors as above.
    [[nodiscard]] virtual Result<std::optional<AccountSpan>> account(std::string_view key,
                                                                     std::optional<NetworkId> network,
                                                                     stipend_unix_ns from, stipend_unix_ns to,
                                                                     const AccountSink& sink) = 0;

    // The parts of gaps that no adjustment covers, of one orchestrator or of all: the newest gap first, its parts by
    // time. A part has its share of the gap's amount, rounded down. Parts shorter than a millisecond are left out,
    // since times as text have milliseconds.
    [[nodiscard]] virtual Result<std::vector<Gap>> unpaid(std::optional<OrchestratorId> orchestrator,
                                                          std::uint64_t limit) = 0;

    // The decisions of an orchestrator from the first that may be pardoned (see can_be_pardoned) and was due in
    // [from, to) on; from an earlier one where an earlier pardon of it bears on them. INVALID where the state before
    // the first is not stored, as of a decision of an earlier program or one that was archived; LIMIT where there are
    // more than `max_pardon_history`.
    [[nodiscard]] virtual Result<PardonHistory> pardon_history(OrchestratorId orchestrator, stipend_unix_ns from,
                                                               stipend_unix_ns to) = 0;

    // Observations of one orchestrator that overlap [from, to), ordered by target and time.
    [[nodiscard]] virtual Result<std::vector<Observation>> observations(OrchestratorId orchestrator,
                                                                        stipend_unix_ns from, stipend_unix_ns to) = 0;

    // Moves the decisions before `before` into a new SQLite file, with their entries and their part of the chain, in
    // the three steps below. INVALID if the file exists or nothing is that old.
    [[nodiscard]] Result<ArchiveReport> archive(stipend_unix_ns before, const std::filesystem::path& file);
    // Copies, signs and syncs the file. It only reads the ledger, so that a reader can call it while a host runs. The
    // key is in `archive.key` beside the database, and is created if there is none. CANCELLED once `stop` returns true.
    // After an error no file is left.
    [[nodiscard]] virtual Result<PreparedArchive> prepare_archive(stipend_unix_ns before,
                                                                  const std::filesystem::path& file,
                                                                  std::function<bool()> stop) = 0;
    // Records the archive in one transaction; from then on its rows are read from there. CONFLICT if it does not follow
    // the last recorded archive.
    [[nodiscard]] virtual Result<ArchiveReport> take_archive(const PreparedArchive& prepared) = 0;
    // Deletes some of the rows that archives hold; true if there are more. open() deletes what a crash left.
    [[nodiscard]] virtual Result<bool> purge_archived() = 0;

    // Writes all that is committed into the new file `file`, verifies it, and writes FILE.json beside it. It only reads
    // the ledger, so that a reader can call it while a host runs. INVALID: a file exists already, or the ledger has
    // errors or lacks its WAL. After an error no file is left.
    [[nodiscard]] virtual Result<BackupReport> backup(const std::filesystem::path& file) = 0;

    // Records that a restored ledger may pay again. INVALID: `by` is empty or too long. CONFLICT: the ledger was not
    // restored at that time, or was restored again since.
    [[nodiscard]] virtual Result<void> accept_restored(const RestoredAccepted& accepted) = 0;

    // Key-value pairs of plugins. LIMIT beyond the quota; the old value is unchanged then.
    [[nodiscard]] virtual Result<void> kv_put(std::string_view instance, std::string_view key, std::string_view value,
                                              const KvQuota& quota) = 0;
    [[nodiscard]] virtual Result<std::optional<std::string>> kv_get(std::string_view instance,
                                                                    std::string_view key) = 0;
    [[nodiscard]] virtual Result<void> kv_erase(std::string_view instance, std::string_view key) = 0;
};

// The database file of a host whose state is in `state_folder`. [pure]
[[nodiscard]] std::filesystem::path database_file(const std::filesystem::path& state_folder);

// Opens the database, or creates it; read_write migrates an older schema. CONFIG: a newer schema, the file of another
// application, another chain. BUSY: another process writes; the message has its pid.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& path, const OpenOptions& options);

// The number of whole days until `free_bytes` are used up, if the ledger keeps growing by `grown_bytes` in `span_ns`;
// none if the span is shorter than an hour. [pure]
[[nodiscard]] std::optional<std::uint64_t> disk_days_left(std::uint64_t free_bytes, std::uint64_t grown_bytes,
                                                          std::int64_t span_ns);

// What an alert says of a WAL that a reader has held for two minutes; none before. [pure]
[[nodiscard]] std::optional<std::string> held_wal_text(const WalState& wal);

}  // namespace stipend::ledger
