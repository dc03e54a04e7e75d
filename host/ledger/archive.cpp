// Moves old decisions into an archive file: copy, sign, fsync; then record the archive in one transaction; then delete
// the archived rows in small transactions.
#include <fcntl.h>

#include <map>

#include "host/ledger/archive_files.hpp"
#include "host/ledger/archive_signature.hpp"
#include "host/ledger/backup_files.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace {

constexpr std::int64_t purge_rows = 4'096;  // deleted by one transaction, to bound the size of the WAL

// The tables whose rows move, each with the column that holds a position in the chain.
constexpr std::array<std::pair<const char*, const char*>, 4> archived_tables{
    {{"audit", "seq"}, {"decision", "seq"}, {"journal", "ref"}, {"entry", "journal"}}};

constexpr int steps_between_checks = 10'000;  // SQLite VM instructions: about a millisecond

// Interrupts the statement that the connection runs once `stop` returns true.
class Interrupter {
  public:
    Interrupter(sqlite::Database& database, const std::function<bool()>& stop) : database_(database), stop_(stop) {
        if (stop_) sqlite3_progress_handler(database_.handle(), steps_between_checks, &stopped, this);
    }
    ~Interrupter() {
        if (stop_) sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
    }
    Interrupter(const Interrupter&) = delete;
    Interrupter& operator=(const Interrupter&) = delete;

  private:
    static int stopped(void* self) { return static_cast<Interrupter*>(self)->stop_() ? 1 : 0; }

    sqlite::Database& database_;
    const std::function<bool()>& stop_;
};

}  // namespace

// The cut never separates a journal from its decisions, and all rows up to it are older than `before`.
Result<PreparedArchive> SqliteLedger::find_cut(stipend_unix_ns before) {
    PreparedArchive cut;
    STIPEND_LET(through, archived_through(database_));
    cut.facts.first = through + 1;
    STIPEND_LET(keep, database_.prepare("SELECT min(seq) FROM decision WHERE seq > ? AND decided_at >= ?"));
    STIPEND_LET(any, keep.bind(through).bind(before).next());
    const auto first_kept = any ? keep.maybe<Seq>() : std::nullopt;
    STIPEND_LET(last_decided, database_.number("SELECT ifnull(max(seq), 0) FROM decision"));
    cut.facts.last = first_kept ? *first_kept - 1 : last_decided;
    keep.reset();
    STIPEND_LET(astride, database_.prepare("SELECT ref FROM journal WHERE ref <= ?1 AND last > ?1"));
    STIPEND_LET(parted, astride.bind(cut.facts.last).next());
    if (parted) cut.facts.last = astride.i64() - 1;
    astride.reset();
    STIPEND_LET(count, database_.prepare("SELECT count(*) FROM decision WHERE seq BETWEEN ? AND ?"));
    STIPEND_LET(counted, count.bind(cut.facts.first).bind(cut.facts.last).next());
    cut.decisions = counted ? count.as<std::uint64_t>() : 0;
    if (cut.decisions == 0) {
        return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": nothing to archive: no decision is that old");
    }
    count.reset();

    STIPEND_LET(hash, database_.prepare("SELECT hash FROM audit WHERE seq = ?"));
    STIPEND_LET(ends, hash.bind(cut.facts.last).next());
    if (ends) cut.facts.head = hash.bytes32();
    hash.reset();
    STIPEND_LET(previous, database_.prepare("SELECT head FROM archive ORDER BY seq DESC LIMIT 1"));
    STIPEND_LET(earlier, previous.next());
    if (earlier) cut.facts.previous = previous.bytes32();
    previous.reset();

    STIPEND_TRY(add_carried(cut));
    return cut;
}

Result<void> SqliteLedger::add_carried(PreparedArchive& cut) {
    std::map<std::int64_t, Carried> by_account;
    const auto of = [&](std::int64_t account) -> Carried& {
        Carried& out = by_account[account];
        out.account = account;
        return out;
    };
    STIPEND_LET(carried, database_.prepare(cat("SELECT ", columns<Carried>(), " FROM carried")));
    for (;;) {
        STIPEND_LET(more, carried.next());
        if (!more) break;
        const auto row = read_row<Carried>(carried);
        of(row.account) = row;
    }
    STIPEND_LET(entries, database_.prepare("SELECT account, wei FROM entry WHERE journal BETWEEN ? AND ?"));
    entries.bind(cut.facts.first).bind(cut.facts.last);
    for (;;) {
        STIPEND_LET(more, entries.next());
        if (!more) break;
        SignedWei& balance = of(entries.i64()).balance;
        STIPEND_LET(sum, balance.plus(SignedWei::from_bytes(entries.bytes32())));
        balance = sum;
    }
    STIPEND_LET(epochs, database_.prepare("SELECT orchestrator, max(epoch) FROM decision WHERE seq BETWEEN ? AND ? "
                                          "GROUP BY orchestrator"));
    epochs.bind(cut.facts.first).bind(cut.facts.last);
    for (;;) {
        STIPEND_LET(more, epochs.next());
        if (!more) break;
        Carried& one = of(epochs.i64());
        one.epoch = epochs.as<std::uint64_t>();
    }
    std::string closing;
    SignedWei sum;
    for (const auto& [account, row] : by_account) {
        closing_encode(closing, row);
        cut.carried.push_back(row);
        STIPEND_SET(sum, sum.plus(row.balance));
    }
    // Never sign entries that do not balance.
    if (!sum.zero()) {
        return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": the entries up to seq ", cut.facts.last,
                    " do not sum to zero: got ", sum.text(), " wei: `stipend ledger verify` names the journal");
    }
    cut.facts.closing = keccak256(closing);
    return {};
}

Result<void> SqliteLedger::fill_archive(PreparedArchive& cut, const std::filesystem::path& file,
                                        const std::function<bool()>& stop) {
    // A separate connection, because a full disk under the archive must not mark the ledger as failed. The ledger still
    // has all copied rows, so that one fsync at the end is enough.
    sqlite::Database copier;
    STIPEND_TRY(copier.open(path_.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options_.busy_timeout_ms));
    {
        const Interrupter watch(copier, stop);
        STIPEND_LET(attach, copier.prepare("ATTACH ? AS arc"));
        const std::string name = file.string();
        STIPEND_TRY(attach.bind_text(name).run());
        STIPEND_TRY(copier.run("PRAGMA arc.journal_mode = OFF; PRAGMA arc.synchronous = OFF;"));
        sqlite::Transaction transaction(copier);
        STIPEND_TRY(transaction.begin("DEFERRED"));
        STIPEND_TRY(copier.run(archive_tables()));
        for (const auto& [table, column] : archived_tables) {
            STIPEND_LET(copy, copier.prepare(cat("INSERT INTO arc.", table, " SELECT * FROM main.", table, " WHERE ",
                                                 column, " BETWEEN ? AND ? ORDER BY ", column)));
            STIPEND_TRY(copy.bind(cut.facts.first).bind(cut.facts.last).run());
        }
        STIPEND_LET(signature, sign_digest(path_, archive_digest(cut.facts, options_.ns.chain_id)));
        cut.facts.signer = signature.signer;
        STIPEND_LET(insert, copier.prepare("INSERT INTO arc.seal VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?)"));
        signed_fields(cut.facts, Binder(insert.bind(options_.ns.chain_id)));
        STIPEND_TRY(insert.bind_blob(signature.signer).bind_blob(signature.signature).run());
        STIPEND_TRY(copier.run(
            cat("PRAGMA arc.application_id = ", application_id, "; PRAGMA arc.user_version = ", schema_version)));
        STIPEND_TRY(transaction.commit());
    }
    copier.close();
    return sync_path(file, O_RDWR);
}

Result<PreparedArchive> SqliteLedger::prepare_archive(stipend_unix_ns before, const std::filesystem::path& file,
                                                      std::function<bool()> stop) {
    std::error_code none;
    const auto target = std::filesystem::absolute(file);
    if (std::filesystem::exists(target, none)) {
        return fail(STIPEND_E_INVALID, "ledger: archive: ", target.string(),
                    ": exists already: name another file, or remove it if an archive run was interrupted and the "
                    "ledger does not list it");
    }
    const auto failed = [&](Error why) -> Error {
        if (!stop || !stop()) return std::move(why).in(cat("archive ", target.string()));
        return fail(STIPEND_E_CANCELLED, "ledger: archive: ", target.string(), ": cancelled: the host is stopping");
    };
    const auto find = [&]() -> Result<PreparedArchive> {
        const Interrupter watch(database_, stop);
        sqlite::Transaction snapshot(database_);
        STIPEND_TRY(snapshot.begin("DEFERRED"));
        return find_cut(before);
    };
    auto cut = find();
    if (!cut) return failed(std::move(cut).error());
    cut->facts.file = target.string();
    const std::filesystem::path partial = target.string() + ".partial";
    std::filesystem::remove(partial, none);
    if (auto filled = fill_archive(*cut, partial, stop); !filled) {
        std::filesystem::remove(partial, none);
        return failed(std::move(filled).error());
    }
    std::filesystem::rename(partial, target, none);
    if (none) {
        return fail(STIPEND_E_UNAVAILABLE, "ledger: archive: ", target.string(), ": cannot be named: ", none.message());
    }
    if (auto named = sync_path(target.parent_path(), O_RDONLY | O_DIRECTORY); !named) {
        std::filesystem::remove(target, none);
        return std::move(named).error();
    }
    return cut;
}

Result<void> SqliteLedger::check_follows(const ArchiveFacts& facts) {
    STIPEND_LET(through, archived_through(database_));
    STIPEND_LET(last, database_.prepare("SELECT hash FROM audit WHERE seq = ?"));
    STIPEND_LET(found, last.bind(facts.last).next());
    if (facts.first == through + 1 && facts.last >= facts.first && found && last.bytes32() == facts.head) return {};
    return fail(STIPEND_E_CONFLICT, "ledger: archive: ", facts.file, ": holds rows ", facts.first, " to ", facts.last,
                " of the chain, but the ledger has archived up to ", through,
                " meanwhile: remove the file and archive again");
}

Result<ArchiveReport> SqliteLedger::take_archive(const PreparedArchive& prepared) {
    const ArchiveFacts& facts = prepared.facts;
    const Hash digest = archive_digest(facts, options_.ns.chain_id);
    Position next = position_;
    STIPEND_TRY(transact([&]() -> Result<void> {
        STIPEND_TRY(check_follows(facts));
        STIPEND_LET(seq, writer_->audit(next.head, AuditKind::archive, archive_body(facts, digest)));
        STIPEND_LET(insert, database_.prepare(insert_sql("archive", cat("seq, ", columns<ArchiveFacts>()))));
        bind_row(insert.bind(seq), facts);
        STIPEND_TRY(insert.run());
        // The new balances include those that earlier archives carried.
        STIPEND_TRY(database_.run("DELETE FROM carried"));
        STIPEND_LET(carry, database_.prepare(insert_sql("carried", columns<Carried>())));
        for (const auto& row : prepared.carried) {
            bind_row(carry, row);
            STIPEND_TRY(carry.run());
        }
        // A pardon builds on decisions that are here.
        return database_.run(
            "DELETE FROM state_before WHERE epoch < (SELECT epoch FROM carried WHERE account = orchestrator)");
    }));
    position_ = next;
    return ArchiveReport{.file = facts.file,
                         .first = facts.first,
                         .last = facts.last,
                         .decisions = prepared.decisions,
                         .digest = digest,
                         .signer = facts.signer};
}

Result<bool> SqliteLedger::purge_archived() {
    STIPEND_LET(through, archived_through(database_));
    for (const auto& [table, column] : archived_tables) {
        STIPEND_LET(first, database_.number(
                               cat("SELECT ifnull(min(", column, "), 0) FROM ", table, " WHERE ", column, " > 0")));
        if (first == 0 || first > through) continue;
        const auto sql = cat("DELETE FROM ", table, " WHERE ", column, " BETWEEN ? AND ?");
        const auto to = first + std::min(purge_rows - 1, through - first);
        const auto* const name = table;  // a structured binding is not captured before clang 16
        STIPEND_TRY(transact([&]() -> Result<void> {
            STIPEND_LET(erase, database_.prepare(sql));
            STIPEND_LET(erased, erase.bind(first).bind(to).run_counted());
            if (erased > 0) return {};
            // Callers repeat this until nothing is left; with a damaged index that would never end.
            return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": rows of ", name,
                        " that an archive holds cannot be deleted: the file is damaged: restore a backup");
        }));
        return true;
    }
    return false;
}

Result<ArchiveReport> Ledger::archive(stipend_unix_ns before, const std::filesystem::path& file) {
    STIPEND_LET(prepared, prepare_archive(before, file, {}));
    STIPEND_LET(report, take_archive(prepared));
    for (;;) {
        STIPEND_LET(more, purge_archived());
        if (!more) return report;
    }
}

}  // namespace stipend::ledger
