// Puts a backup in the place of a ledger; finds the traces of a ledger that is gone.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "host/ledger/backup.hpp"
#include "host/ledger/backup_files.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace fs = std::filesystem;
namespace {

bool is_there(const fs::path& path) {
    std::error_code none;
    return fs::exists(fs::symlink_status(path, none));
}

fs::path wal_of(const fs::path& path) {
    return path.string() + "-wal";
}

enum class Contents : std::uint8_t { missing, nothing, something };

struct Survey {
    Contents contents = Contents::missing;
    bool wal_missing = false;
};

// Counts rows of all kinds: the ledger of a worker has no chain, but observations and values.
Result<Survey> survey_open(sqlite::Database& database, bool with_wal) {
    STIPEND_LET(fresh, check_identity(database));
    if (fresh) return Survey{.contents = Contents::nothing};
    Survey out{.contents = Contents::nothing};
    STIPEND_LET(in_use, is_in_use(database));
    out.wal_missing = in_use && !with_wal;
    for (const char* rows : {"audit", "observed", "kv WHERE instance <> 'stipend:ledger'"}) {
        STIPEND_LET(any, database.number(cat("SELECT EXISTS(SELECT 1 FROM ", rows, ")")));
        if (any != 0) out.contents = Contents::something;
    }
    return out;
}

// A file that cannot be read holds something: it is not for this program to say that it is lost.
Survey survey(const fs::path& path) {
    std::error_code none;
    const bool with_wal = wal_present(path.string());
    if (!is_there(path)) return {};
    if (fs::file_size(path, none) == 0 && !none) return {.contents = Contents::nothing};
    sqlite::Database database;
    if (auto opened = database.open(path.string(), SQLITE_OPEN_READONLY, 5'000); !opened)
        return {.contents = Contents::something};
    const auto found = survey_open(database, with_wal);
    return found ? *found : Survey{.contents = Contents::something};
}

// By the bytes of the file, since opening it may create others.
bool is_ledger_file(const fs::path& path) {
    std::array<char, 72> head{};
    std::ifstream file(path, std::ios::binary);
    if (!file.read(head.data(), head.size())) return false;
    std::uint32_t id = 0;
    for (std::size_t i = 68; i < head.size(); ++i) id = (id << 8) | static_cast<std::uint8_t>(head[i]);
    return std::string_view(head.data(), 15) == "SQLite format 3" && id == application_id;
}

// The files of a folder that may be archives of a ledger.
std::vector<fs::path> ledger_files(const fs::path& folder, const fs::path& except) {
    std::vector<fs::path> out;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
        std::error_code none;
        if (at->is_regular_file(none) && at->path() != except && is_ledger_file(at->path())) out.push_back(at->path());
    }
    return out;
}

void remove_all_of(const fs::path& path) {
    std::error_code none;
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) fs::remove(path.string() + suffix, none);
}

// Makes the whole ledger in `fresh`: copied, migrated, verified, recorded as restored.
Result<RestoreReport> prepare(const fs::path& fresh, const fs::path& path, const OpenOptions& options,
                              const fs::path& file) {
    RestoreReport report;
    {
        const bool with_wal = wal_present(file.string());
        sqlite::Database source;
        STIPEND_TRY(source.open(file.string(), SQLITE_OPEN_READONLY, options.busy_timeout_ms));
        STIPEND_LET(empty, check_identity(source));
        if (empty) {
            return fail(STIPEND_E_INVALID, "ledger: ", file.string(),
                        ": holds nothing: a copy of a ledger in use lacks what is in its WAL");
        }
        STIPEND_TRY(check_chain(source, options.ns.chain_id));
        STIPEND_LET(in_use, is_in_use(source));
        report.incomplete = in_use && !with_wal;
        STIPEND_SET(report.restored, restored_facts(source));
        STIPEND_TRY(copy_database(source, fresh));
    }
    auto writer = options;
    writer.access = Access::read_write;
    writer.backup_before_migration = false;
    SqliteLedger ledger(fresh, writer);
    STIPEND_TRY(ledger.open());
    VerifyOptions verify{.archives = ledger_files(file.parent_path(), file)};
    for (auto& beside : ledger_files(path.parent_path(), path)) verify.archives.push_back(std::move(beside));
    STIPEND_LET(checked, ledger.verify(verify));
    if (!checked.clean()) {
        return fail(STIPEND_E_INVALID, "ledger: ", file.string(), ": not restored: it has ", checked.bad,
                    " errors, the first: ", checked.findings.front().row, ": ", checked.findings.front().what);
    }
    report.missing_archives = checked.missing_archives;
    STIPEND_TRY(ledger.record_restored(report.restored));
    STIPEND_SET(report.head, ledger.head());
    return report;
}

}  // namespace

Result<std::unique_ptr<Ledger>> open_existing(const fs::path& path, const OpenOptions& options) {
    if (!is_there(path)) return fail(STIPEND_E_CONFIG, "ledger: ", path.string(), ": there is no ledger");
    if (const auto traces = traces_of_lost_ledger(path); !traces.empty()) {
        return fail(STIPEND_E_CONFIG, "ledger: ", path.string(), ": is empty, but there was a ledger: ", traces.front(),
                    ": restore a backup with `stipend ledger restore FILE`");
    }
    return open(path, options);
}

Result<std::optional<fs::path>> set_aside(const fs::path& path, const std::string& reason) {
    std::optional<fs::path> none;
    if (!is_there(path) && !is_there(wal_of(path))) return none;
    const auto to = free_name(path.string() + cat(".", reason, "-", time_in_name(present_ns())));
    // The WAL goes first: beside another file of this name, its rows would be taken for that file's own.
    if (is_there(wal_of(path))) STIPEND_TRY(rename_new(wal_of(path), wal_of(to)));
    if (is_there(path)) STIPEND_TRY(rename_new(path, to));
    std::error_code ignored;
    fs::remove(path.string() + "-shm", ignored);
    STIPEND_TRY(sync_path(path.parent_path(), O_RDONLY | O_DIRECTORY));
    return std::optional(to);
}

Result<RestoreReport> restore(const fs::path& ledger, const OpenOptions& options, const fs::path& file, bool replace) {
    const auto path = fs::absolute(ledger);
    const auto source = fs::absolute(file);
    std::error_code none;
    if (!fs::is_regular_file(source, none))
        return fail(STIPEND_E_INVALID, "ledger: ", source.string(), ": no such file");
    if (fs::equivalent(source, path, none)) {
        return fail(STIPEND_E_INVALID, "ledger: ", source.string(), ": is the ledger itself: name a copy of it");
    }
    fs::create_directories(path.parent_path(), none);
    STIPEND_LET(lock, LockFile::take(path.string() + ".lock"));
    STIPEND_TRY(give_owner_of(path.parent_path(), path.string() + ".lock"));
    static_cast<void>(lock);  // until the end
    const auto there = survey(path);
    const bool something = there.contents == Contents::something || wal_present(path.string());
    if (something && !replace) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", path.string(),
                    ": holds something already: `--replace` moves it aside");
    }
    const fs::path fresh = path.string() + ".restoring";
    remove_all_of(fresh);  // of a restoration that was interrupted
    auto report = prepare(fresh, path, options, source);
    const auto put = [&]() -> Result<void> {
        STIPEND_TRY(sync_path(fresh, O_RDWR));
        STIPEND_TRY(give_owner_of(path.parent_path(), fresh));
        STIPEND_LET(aside, set_aside(path, "replaced"));
        if (aside) report->aside = aside->string();
        STIPEND_TRY(rename_new(fresh, path));
        return sync_path(path.parent_path(), O_RDONLY | O_DIRECTORY);
    };
    auto done = report ? put() : Result<void>(report.error());
    remove_all_of(fresh);
    if (!done) return std::move(done).error();
    return report;
}

std::vector<std::string> traces_of_lost_ledger(const fs::path& ledger) {
    std::vector<std::string> out;
    const auto path = fs::absolute(ledger);
    const auto there = survey(path);
    if (there.contents == Contents::something) return out;
    const auto name = path.filename().string();
    if (there.wal_missing) out.push_back(name + " was not closed, and its WAL is missing");
    if (there.contents == Contents::missing) {
        if (is_there(path.string() + ".lock")) out.push_back(name + ".lock: there was a ledger");
        if (wal_present(path.string())) out.push_back(name + "-wal: the WAL of a ledger");
    }
    const auto folder = path.parent_path();
    if (is_there(folder / "archive.key")) out.push_back("archive.key: the key that archives were signed with");
    for (const auto& file : ledger_files(folder, path))
        out.push_back(file.filename().string() + ": an archive or a copy of a ledger");
    return out;
}

}  // namespace stipend::ledger
