// The ledger in one SQLite file. schema.cpp has the tables, journal_writer.cpp writes a batch, verify*.cpp checks it,
// archive.cpp moves old rows out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/journal_writer.hpp"
#include "host/ledger/ledger.hpp"
#include "host/ledger/lock_file.hpp"
#include "host/ledger/own_descriptors.hpp"

namespace stipend::ledger {

class SqliteLedger final : public Ledger {
  public:
    SqliteLedger(std::filesystem::path path, const OpenOptions& options) : path_(std::move(path)), options_(options) {}
    SqliteLedger(const SqliteLedger&) = delete;
    SqliteLedger& operator=(const SqliteLedger&) = delete;
    ~SqliteLedger() override;

    [[nodiscard]] Result<void> open();

    [[nodiscard]] Result<State> load_state() override;
    [[nodiscard]] Result<void> commit(const Batch& batch) override;
    [[nodiscard]] bool failed() const override { return !failure_.empty(); }
    [[nodiscard]] Result<Head> head() override;
    [[nodiscard]] Result<Stats> stats() override;
    [[nodiscard]] Result<WalState> wal() override;
    [[nodiscard]] Result<Report> verify(const VerifyOptions& options) override;
    [[nodiscard]] Result<void> export_decisions(const DecisionFilter& filter, const DecisionSink& sink) override;
    [[nodiscard]] Result<void> export_payments(const DecisionFilter& filter, const ManualSink& sink) override;
    [[nodiscard]] Result<std::optional<ObjectionLine>> objection(OrchestratorId orchestrator,
                                                                 std::uint64_t epoch) override;
    [[nodiscard]] Result<std::optional<ObjectionPlace>> objections(const ObjectionFilter& filter,
                                                                   const ObjectionSink& sink) override;
    [[nodiscard]] Result<ObjectionCounts> objection_counts(OrchestratorId orchestrator, stipend_unix_ns since) override;
    [[nodiscard]] Result<void> export_objections(const DecisionFilter& filter, const ObjectionSink& sink) override;
    [[nodiscard]] Result<std::optional<AnsweredRequest>> answered_request(std::string_view principal,
                                                                          std::string_view route,
                                                                          std::string_view key) override;
    [[nodiscard]] Result<std::optional<Seq>> recent_payments(const RecentFilter& filter, const DecisionSink& decisions,
                                                             const ManualSink& manual) override;
    [[nodiscard]] Result<ChangesRead> changes(Seq after, std::uint64_t limit,
                                              const std::function<void(const Change&)>& sink) override;
    [[nodiscard]] Result<void> chain(Seq after, Seq last, const ChainSink& sink) override;
    [[nodiscard]] Result<std::optional<DecisionPlace>> place_of(std::string_view key, std::uint64_t epoch) override;
    [[nodiscard]] Result<std::optional<DecisionBasis>> decision_basis(const DecisionQuery& query) override;
    [[nodiscard]] Result<std::vector<Standing>> standings(std::span<const OrchestratorId> ids) override;
    [[nodiscard]] Result<void> export_fees(const DecisionFilter& filter, const FeeSink& sink) override;
    [[nodiscard]] Result<std::vector<Debt>> debts(const DebtFilter& filter) override;
    [[nodiscard]] Result<OpenPayouts> open_payouts(NetworkId network) override;
    [[nodiscard]] Result<std::vector<Network>> networks() override;
    [[nodiscard]] Result<void> payouts(const PayoutFilter& filter, const PayoutSink& sink) override;
    [[nodiscard]] Result<std::optional<PayoutHistory>> payout(PayoutId id) override;
    [[nodiscard]] Result<std::vector<EndedSlot>> ended_slots(NetworkId network, SlotId after, stipend_unix_ns since,
                                                             std::uint64_t limit) override;
    [[nodiscard]] Result<std::vector<Balance>> balances() override;
    [[nodiscard]] Result<std::optional<PayoutFacts>> paid_by(PayoutId payout, const AccountSink& sink) override;
    [[nodiscard]] Result<std::optional<AccountSpan>> account(std::string_view key, std::optional<NetworkId> network,
                                                             stipend_unix_ns from, stipend_unix_ns to,
                                                             const AccountSink& sink) override;
    [[nodiscard]] Result<std::vector<Gap>> unpaid(std::optional<OrchestratorId> orchestrator,
                                                  std::uint64_t limit) override;
    [[nodiscard]] Result<void> demands(const DemandFilter& filter, const DemandSink& sink) override;
    [[nodiscard]] Result<PardonHistory> pardon_history(OrchestratorId orchestrator, stipend_unix_ns from,
                                                       stipend_unix_ns to) override;
    [[nodiscard]] Result<std::vector<Observation>> observations(OrchestratorId orchestrator, stipend_unix_ns from,
                                                                stipend_unix_ns to) override;
    [[nodiscard]] Result<PreparedArchive> prepare_archive(stipend_unix_ns before, const std::filesystem::path& file,
                                                          std::function<bool()> stop) override;
    [[nodiscard]] Result<ArchiveReport> take_archive(const PreparedArchive& prepared) override;
    [[nodiscard]] Result<bool> purge_archived() override;
    [[nodiscard]] Result<BackupReport> backup(const std::filesystem::path& file) override;
    [[nodiscard]] Result<void> kv_put(std::string_view instance, std::string_view key, std::string_view value,
                                      const KvQuota& quota) override;
    [[nodiscard]] Result<std::optional<std::string>> kv_get(std::string_view instance, std::string_view key) override;
    [[nodiscard]] Result<void> kv_erase(std::string_view instance, std::string_view key) override;

    // Records in the chain, and as a mark of the file, that it comes from a backup.
    [[nodiscard]] Result<void> record_restored(const Restored& restored);
    // Where the file is a backup, or a copy without its WAL, that was put in the place of the ledger by hand: records
    // that as a restoration. Once open for writing.
    [[nodiscard]] Result<void> mark_copy();
    [[nodiscard]] Result<void> accept_restored(const RestoredAccepted& accepted) override;
    // True if the file is a copy of a ledger in use, without its WAL.
    [[nodiscard]] bool wal_missing() const { return wal_missing_; }

  private:
    [[nodiscard]] Result<void> open_writer();
    [[nodiscard]] Result<void> open_reader();
    // Sets the mark that close_mark() erases, and reports where the last writer did not erase it and the WAL is gone.
    [[nodiscard]] Result<void> open_mark();
    void close_mark();
    // Within a transaction: a writer that opened the ledger before writes nothing any more, whatever became of its
    // lock.
    [[nodiscard]] Result<void> take_fence();
    [[nodiscard]] Result<void> check_fence();
    // Nothing is written once a descriptor of the file or its WAL is another file's.
    [[nodiscard]] Result<void> check_descriptors();
    [[nodiscard]] Result<void> backup_before_migration();
    [[nodiscard]] Result<void> write_backup(const std::filesystem::path& partial, BackupReport& report);
    void notice(const std::string& text) const;
    [[nodiscard]] Result<void> ensure_namespace();
    [[nodiscard]] Result<Position> read_position();
    [[nodiscard]] Result<void> check_writable() const;
    // Runs `write` in one durable transaction, then a checkpoint if one is due. All writes go through it.
    [[nodiscard]] Result<void> transact(const std::function<Result<void>()>& write);
    void checkpoint_if_due();
    // Returns the error, and marks the ledger as `failed` if the disk failed.
    [[nodiscard]] Error record_failure(Error error);

    // Runs `run(file, after)` on the archives with rows behind `after` that are found, and then on the main file.
    [[nodiscard]] Result<void> in_files(Seq after, const std::function<Result<void>(sqlite::Database&, Seq)>& run);
    template <class Export>
    [[nodiscard]] Result<void> export_files(const DecisionFilter& filter, Export&& run);
    [[nodiscard]] Result<PreparedArchive> find_cut(stipend_unix_ns before);
    [[nodiscard]] Result<void> add_carried(PreparedArchive& cut);
    [[nodiscard]] Result<void> fill_archive(PreparedArchive& cut, const std::filesystem::path& file,
                                            const std::function<bool()>& stop);
    [[nodiscard]] Result<void> check_follows(const ArchiveFacts& facts);

    std::filesystem::path path_;
    OpenOptions options_;
    LockFile lock_;  // outlives the database
    sqlite::Database database_;
    OwnDescriptors descriptors_;  // none until it is open
    std::int64_t ns_ = 0;         // 0: the namespace has no rows
    std::unique_ptr<JournalWriter> writer_;
    Position position_;
    std::string failure_;       // why writes are rejected; empty if they are not
    bool marked_ = false;       // as open
    std::int64_t fence_ = 0;    // 0: not taken yet
    bool wal_missing_ = false;  // when it was opened
    int wal_pages_ = 0;         // set by SQLite at each commit
    int checkpointed_at_ = 0;
    bool checkpointed_all_ = false;  // then, so that the next commit begins the WAL anew, unless a reader holds it
    std::int64_t held_since_ = 0;    // by the monotonic clock; 0: no reader holds the WAL
};

}  // namespace stipend::ledger
