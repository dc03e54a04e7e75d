// Moving closed time into a file of its own. Copy, make durable, then switch in one transaction, then delete in parts.
#include <fcntl.h>
#include <unistd.h>

#include <map>

#include "host/ledger/archive_files.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/sqlite_ledger.hpp"
#include "host/ledger/transact.hpp"

namespace stipend::ledger {
namespace {

constexpr std::int64_t purge_rows = 4'096;  // deleted by one transaction, so that the log stays short

Result<void> sync_path(const std::filesystem::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool good = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (good) return {};
    return fail(STIPEND_E_UNAVAILABLE, "ledger: archive: ", path.string(), ": cannot be made durable");
}

// The tables whose rows move, each with the column that is a place in the chain.
constexpr std::array<std::pair<const char*, const char*>, 4> archived_tables{
    {{"audit", "seq"}, {"decision", "seq"}, {"journal", "ref"}, {"entry", "journal"}}};

struct Carried {
    std::uint64_t epoch = 0;
    SignedWei balance = {};
};

}  // namespace

struct SqliteLedger::ArchiveCut {
    ArchiveFacts facts;
    std::uint64_t decisions = 0;
    std::map<std::int64_t, Carried> carried;  // by account, archives before this one included
};

// The cut never parts a journal row from its decisions, and every row before it is of a change before `before`.
Result<SqliteLedger::ArchiveCut> SqliteLedger::find_cut(stipend_unix_ns before) {
    ArchiveCut cut;
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

    STIPEND_LET(carried, database_.prepare("SELECT account, epoch, wei FROM carried"));
    for (;;) {
        STIPEND_LET(more, carried.next());
        if (!more) break;
        const std::int64_t account = carried.i64();
        const auto epoch = carried.as<std::uint64_t>();
        cut.carried.emplace(account, Carried{epoch, SignedWei::from_bytes(carried.bytes32())});
    }
    STIPEND_LET(entries, database_.prepare("SELECT account, wei FROM entry WHERE journal BETWEEN ? AND ?"));
    entries.bind(cut.facts.first).bind(cut.facts.last);
    for (;;) {
        STIPEND_LET(more, entries.next());
        if (!more) break;
        SignedWei& balance = cut.carried[entries.i64()].balance;
        STIPEND_LET(sum, balance.plus(SignedWei::from_bytes(entries.bytes32())));
        balance = sum;
    }
    STIPEND_LET(epochs, database_.prepare("SELECT orchestrator, max(epoch) FROM decision WHERE seq BETWEEN ? AND ? "
                                          "GROUP BY orchestrator"));
    epochs.bind(cut.facts.first).bind(cut.facts.last);
    for (;;) {
        STIPEND_LET(more, epochs.next());
        if (!more) break;
        const std::int64_t account = epochs.i64();
        cut.carried[account].epoch = epochs.as<std::uint64_t>();
    }
    std::string closing;
    for (const auto& [account, row] : cut.carried) closing_encode(closing, account, row.epoch, row.balance);
    cut.facts.closing = keccak256(closing);
    return cut;
}

Result<void> SqliteLedger::fill_archive(const ArchiveCut& cut, const std::filesystem::path& file) {
    // A connection of its own: a full disk under the archive says nothing about the ledger. What is copied is still in
    // the ledger, so the file is made durable once, at its end.
    sqlite::Database copier;
    STIPEND_TRY(copier.open(path_.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options_.busy_timeout_ms));
    {
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
        STIPEND_TRY(copier.run(
            cat("PRAGMA arc.application_id = ", application_id, "; PRAGMA arc.user_version = ", schema_version)));
        STIPEND_TRY(transaction.commit());
    }
    copier.close();
    return sync_path(file, O_RDWR);
}

Result<void> SqliteLedger::record_archive(const ArchiveCut& cut) {
    Position next = position_;
    STIPEND_TRY(transact([&]() -> Result<void> {
        const Hash digest = archive_digest(cut.facts, options_.ns.chain_id);
        STIPEND_LET(seq, poster_->audit(next.head, AuditKind::archive, archive_body(cut.facts, digest)));
        STIPEND_LET(insert, database_.prepare(insert_sql("archive", 7)));
        insert.bind(seq).bind_text(cut.facts.file).bind(cut.facts.first).bind(cut.facts.last);
        insert.bind_blob(cut.facts.previous).bind_blob(cut.facts.head).bind_blob(cut.facts.closing);
        STIPEND_TRY(insert.run());
        STIPEND_LET(carry, database_.prepare("INSERT OR REPLACE INTO carried VALUES(?, ?, ?)"));
        for (const auto& [account, row] : cut.carried) {
            const auto bytes = row.balance.to_bytes();
            STIPEND_TRY(carry.bind(account).bind(row.epoch).bind_blob(bytes).run());
        }
        return {};
    }));
    position_ = next;
    return {};
}

Result<void> SqliteLedger::purge_archived() {
    STIPEND_LET(through, archived_through(database_));
    for (const auto& place : archived_tables) {
        const char* const table = place.first;
        const char* const column = place.second;
        for (;;) {
            STIPEND_LET(first, database_.number(cat("SELECT ifnull(min(", column, "), 0) FROM ", table)));
            if (first == 0 || first > through) break;
            STIPEND_TRY(transact([&]() -> Result<void> {
                STIPEND_LET(erase, database_.prepare(cat("DELETE FROM ", table, " WHERE ", column, " <= ?")));
                return erase.bind(std::min(first + purge_rows - 1, through)).run();
            }));
        }
    }
    return {};
}

Result<ArchiveReport> SqliteLedger::archive(stipend_unix_ns before, const std::filesystem::path& file) {
    STIPEND_TRY(check_writable());
    STIPEND_TRY(purge_archived());
    std::error_code none;
    const auto target = std::filesystem::absolute(file);
    if (std::filesystem::exists(target, none)) {
        return fail(STIPEND_E_INVALID, "ledger: archive: ", target.string(),
                    ": exists already: name another file, or remove it if an archive run was interrupted and the "
                    "ledger does not list it");
    }
    STIPEND_LET(cut, find_cut(before));
    cut.facts.file = target.string();
    const std::filesystem::path partial = target.string() + ".partial";
    std::filesystem::remove(partial, none);
    if (Result<void> filled = fill_archive(cut, partial); !filled) {
        std::filesystem::remove(partial, none);
        return std::move(filled).error().in(cat("archive ", target.string()));
    }
    std::filesystem::rename(partial, target, none);
    if (none) {
        return fail(STIPEND_E_UNAVAILABLE, "ledger: archive: ", target.string(), ": cannot be named: ", none.message());
    }
    STIPEND_TRY(sync_path(target.parent_path(), O_RDONLY | O_DIRECTORY));
    STIPEND_TRY(record_archive(cut));
    STIPEND_TRY(purge_archived());
    return ArchiveReport{.file = cut.facts.file,
                         .first = cut.facts.first,
                         .last = cut.facts.last,
                         .decisions = cut.decisions,
                         .digest = archive_digest(cut.facts, options_.ns.chain_id)};
}

}  // namespace stipend::ledger
