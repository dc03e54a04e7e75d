// SqliteLedger::backup.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "host/base/file.hpp"
#include "host/base/time.hpp"
#include "host/ledger/archive_files.hpp"
#include "host/ledger/backup_files.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/sqlite_ledger.hpp"
#include "stipend/hex.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {
namespace fs = std::filesystem;
namespace {

Json list_json(const BackupReport& report, const fs::path& ledger, std::uint64_t chain_id) {
    Json archives = Json::array();
    for (const auto& one : report.archives) {
        archives.push(Json::object()
                          .append("file", one.facts.file)
                          .append("first", one.facts.first)
                          .append("last", one.facts.last)
                          .append("digest", hex_encode(one.digest))
                          .append("found_at", one.path.empty() ? Json() : Json(one.path))
                          .append("sha256", one.sha256.empty() ? Json() : Json(one.sha256)));
    }
    return Json::object()
        .append("file", fs::path(report.file).filename().string())
        .append("sha256", report.sha256)
        .append("bytes", report.bytes)
        .append("at", utc_text(report.at))
        .append("ledger", fs::absolute(ledger).string())
        .append("chain_id", chain_id)
        .append("head_seq", report.head.seq)
        .append("head_hash", hex_encode(report.head.hash))
        .append("archives", std::move(archives));
}

}  // namespace

Result<void> SqliteLedger::write_backup(const fs::path& partial, BackupReport& report) {
    VerifyOptions verify;
    {
        // Holds back the deletion of archived rows between the list and the copy.
        sqlite::Transaction snapshot(database_);
        STIPEND_TRY(snapshot.begin("DEFERRED"));
        STIPEND_LET(archives, recorded_archives(database_, {}));
        for (const auto& one : archives) {
            ArchiveCopy copy{.facts = one.facts, .digest = archive_digest(one.facts, options_.ns.chain_id)};
            if (!one.path.empty()) {
                copy.path = fs::absolute(one.path).string();
                STIPEND_SET(copy.sha256, sha256_of(one.path));
                verify.archives.push_back(one.path);
            }
            report.archives.push_back(std::move(copy));
        }
        STIPEND_TRY(copy_database(database_, partial));
    }
    {
        sqlite::Database copy;
        STIPEND_TRY(copy.open(partial.string(), SQLITE_OPEN_READWRITE, 0));
        STIPEND_TRY(set_mark(copy, mark_backup, std::to_string(report.at)));
    }
    SqliteLedger copy(partial, {.access = Access::read_only, .ns = options_.ns});
    STIPEND_TRY(copy.open());
    STIPEND_LET(checked, copy.verify(verify));
    if (!checked.clean()) {
        return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": not backed up: it has ", checked.bad,
                    " errors, the first: ", checked.findings.front().row, ": ", checked.findings.front().what,
                    ": `stipend ledger verify` lists them");
    }
    report.head = checked.head;
    report.decisions = checked.decisions;
    std::error_code failed;
    report.bytes = fs::file_size(partial, failed);
    STIPEND_SET(report.sha256, sha256_of(partial));
    return sync_path(partial, O_RDWR);
}

Result<BackupReport> SqliteLedger::backup(const fs::path& file) {
    BackupReport report;
    const auto target = fs::absolute(file);
    report.file = target.string();
    report.list = report.file + ".json";
    report.at =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    std::error_code none;
    for (const auto& name : {report.file, report.list}) {
        if (fs::exists(fs::symlink_status(name, none)))
            return fail(STIPEND_E_INVALID, "ledger: ", name, ": exists already: name another file");
    }
    if (wal_missing_) {
        return fail(STIPEND_E_INVALID, "ledger: ", path_.string(),
                    ": not backed up: its WAL is missing, and with it the newest rows");
    }
    // Another backup may be under way, under another name of its own.
    const fs::path partial = report.file + cat(".partial-", ::getpid());
    const auto finish = [&]() -> Result<void> {
        STIPEND_TRY(write_backup(partial, report));
        STIPEND_TRY(
            write_file_atomically(report.list, list_json(report, path_, options_.ns.chain_id).dump() + "\n", 0640));
        if (auto named = rename_new(partial, target); !named) {
            fs::remove(report.list, none);
            return named;
        }
        return sync_path(target.parent_path(), O_RDONLY | O_DIRECTORY);
    };
    auto done = finish();
    if (done) return report;
    fs::remove(partial, none);
    return std::move(done).error();
}

}  // namespace stipend::ledger
