#include "host/ledger/sqlite_ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "host/ledger/backup_files.hpp"
#include "host/ledger/batch_check.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/schema.hpp"

namespace stipend::ledger {
namespace {

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

SqliteLedger::~SqliteLedger() {
    if (!failed()) close_mark();
    // Closing would checkpoint, with an fsync, which must not be repeated after a failure.
    if (failed()) sqlite3_db_config(database_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    writer_.reset();
    database_.close();
}

Result<void> SqliteLedger::open() {
    // SQLite's integers are signed.
    if (options_.ns.chain_id > static_cast<std::uint64_t>(INT64_MAX)) {
        return fail(STIPEND_E_CONFIG, "ledger: ", path_.string(), ": chain id too large: got ", options_.ns.chain_id);
    }
    return options_.access == Access::read_write ? open_writer() : open_reader();
}

Result<void> SqliteLedger::open_reader() {
    std::error_code none;
    if (!std::filesystem::exists(path_, none)) {
        return fail(STIPEND_E_CONFIG, "ledger: ", path_.string(), ": there is no ledger yet: run the host first");
    }
    const bool with_wal = wal_present(path_.string());
    STIPEND_TRY(open_to_read(database_, path_.string(), options_.busy_timeout_ms));
    STIPEND_LET(empty, check_identity(database_));
    if (empty) {
        return fail(
            STIPEND_E_CONFIG, "ledger: ", path_.string(),
            ": holds nothing: a copy of a ledger in use lacks what is in its WAL: `stipend ledger backup` makes "
            "a whole one");
    }
    STIPEND_LET(version, database_.number("PRAGMA user_version"));
    if (version < schema_version) {
        return fail(STIPEND_E_CONFIG, "ledger: ", path_.string(), ": an older schema: got ", version, ", want ",
                    schema_version, ": the host migrates it when it starts");
    }
    STIPEND_TRY(configure(database_, false));
    STIPEND_TRY(check_chain(database_, options_.ns.chain_id));
    STIPEND_LET(find, database_.prepare("SELECT id FROM namespace WHERE name = ?"));
    const std::string name = options_.ns.text();
    STIPEND_LET(found, find.bind_text(name).next());
    ns_ = found ? find.i64() : 0;
    find.reset();
    STIPEND_LET(in_use, is_in_use(database_));
    wal_missing_ = in_use && !with_wal;
    return {};
}

Result<void> SqliteLedger::open_writer() {
    STIPEND_SET(lock_, LockFile::take(path_.string() + ".lock"));
    // A new file is created here and not by SQLite, to set its mode.
    const int made = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (made >= 0) ::close(made);
    const bool with_wal = wal_present(path_.string());
    const auto others = OwnDescriptors::others(path_);
    STIPEND_TRY(database_.open(path_.string(), SQLITE_OPEN_READWRITE, options_.busy_timeout_ms));
    STIPEND_LET(empty, check_identity(database_));
    if (sqlite3_db_readonly(database_.handle(), "main") != 0) return database_.error(SQLITE_READONLY);
    if (!empty) STIPEND_TRY(check_chain(database_, options_.ns.chain_id));
    STIPEND_TRY(configure(database_, true));
    if (!empty) {
        STIPEND_LET(in_use, is_in_use(database_));
        wal_missing_ = in_use && !with_wal;
        STIPEND_TRY(backup_before_migration());
    }
    STIPEND_TRY(migrate(database_, options_.ns.chain_id, now_ns()));
    STIPEND_TRY(check_chain(database_, options_.ns.chain_id));
    sqlite3_wal_hook(
        database_.handle(),
        [](void* pages, sqlite3*, const char*, int count) {
            *static_cast<int*>(pages) = count;
            return SQLITE_OK;
        },
        &wal_pages_);
    STIPEND_TRY(ensure_namespace());
    STIPEND_SET(writer_, JournalWriter::prepare(
                             database_, {.id = ns_, .name = options_.ns.text(), .chain_id = options_.ns.chain_id}));
    STIPEND_SET(position_, read_position());
    STIPEND_TRY(open_mark());
    descriptors_ = OwnDescriptors::since(others, path_);
    for (;;) {
        STIPEND_LET(more, purge_archived());
        if (!more) return {};
    }
}

void SqliteLedger::notice(const std::string& text) const {
    if (options_.notice) options_.notice(cat("ledger: ", path_.string(), ": ", text));
}

Result<void> SqliteLedger::open_mark() {
    const std::string lost =
        "opened without its WAL, though it was not closed: the newest rows are missing if this is a copy of a ledger "
        "in "
        "use: restore a backup";
    Position next = position_;
    STIPEND_TRY(transact([&]() -> Result<void> {
        STIPEND_TRY(take_fence());
        STIPEND_TRY(set_in_use(database_, true));
        if (!wal_missing_) return {};
        STIPEND_LET(seq, writer_->audit(next.head, AuditKind::alert, "ledger-wal: " + lost));
        static_cast<void>(seq);
        return {};
    }));
    position_ = next;
    marked_ = true;
    if (wal_missing_) notice(lost);
    // The mark has to be in the file itself, for a copy of the file alone to have it.
    const int code = sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK && code != SQLITE_BUSY) return record_failure(database_.error(code));
    return {};
}

// Where this fails, the WAL stays as well, since it could not be written to.
void SqliteLedger::close_mark() {
    if (!marked_) return;
    static_cast<void>(transact([this] { return set_in_use(database_, false); }));
}

Result<void> SqliteLedger::take_fence() {
    STIPEND_LET(last, fence_of(database_));
    STIPEND_TRY(set_fence(database_, last + 1));
    fence_ = last + 1;
    return {};
}

Result<void> SqliteLedger::check_fence() {
    if (fence_ == 0) return {};
    STIPEND_LET(present, fence_of(database_));
    if (present == fence_) return {};
    failure_ = cat("another process has opened it for writing, though this one still had it: its fence is ", present,
                   ", this one has ", fence_);
    return check_writable();
}

Result<void> SqliteLedger::check_descriptors() {
    const auto own = descriptors_.check();
    if (own) return {};
    failure_ = own.error().message;
    return check_writable();
}

Result<void> SqliteLedger::backup_before_migration() {
    STIPEND_LET(version, database_.number("PRAGMA user_version"));
    if (version >= schema_version || !options_.backup_before_migration) return {};
    const auto file = free_name(path_.string() + cat(".schema-", version, "-", time_in_name(now_ns())));
    if (auto copied = copy_database(database_, file); !copied) {
        return std::move(copied).error().in(
            cat("ledger: ", path_.string(), ": no backup before schema ", schema_version));
    }
    notice(cat("schema ", version, " becomes ", schema_version, "; the ledger as it was is in ", file.string()));
    return {};
}

// Account ids: the debt to an orchestrator has the orchestrator's id; all others count down from -1.
Result<void> SqliteLedger::ensure_namespace() {
    const std::string name = options_.ns.text();
    return transact([&]() -> Result<void> {
        STIPEND_LET(insert, database_.prepare("INSERT OR IGNORE INTO namespace(name) VALUES(?)"));
        STIPEND_TRY(insert.bind_text(name).run());
        STIPEND_LET(find, database_.prepare("SELECT id FROM namespace WHERE name = ?"));
        STIPEND_LET(found, find.bind_text(name).next());
        ns_ = found ? find.i64() : 0;
        STIPEND_LET(add, database_.prepare("INSERT OR IGNORE INTO account SELECT min(0, ifnull(min(id), 0)) - 1, ?, "
                                           "'expense:payout' FROM account"));
        return add.bind(ns_).run();
    });
}

Result<Position> SqliteLedger::read_position() {
    Position out;
    STIPEND_SET(out.head, head());
    STIPEND_SET(out.last_orchestrator, database_.number("SELECT ifnull(max(id), 0) FROM orchestrator"));
    STIPEND_SET(out.last_generation, database_.number("SELECT ifnull(max(id), 0) FROM generation"));
    STIPEND_SET(out.last_payout, database_.number("SELECT ifnull(max(id), 0) FROM payout"));
    STIPEND_SET(out.last_slot, database_.number("SELECT ifnull(max(id), 0) FROM slot"));
    STIPEND_SET(out.last_network, database_.number("SELECT ifnull(max(id), 0) FROM network"));
    return out;
}

Result<void> SqliteLedger::check_writable() const {
    if (options_.access != Access::read_write) {
        return fail(STIPEND_E_STATE, "ledger: ", path_.string(), ": opened for reading only");
    }
    if (!failed()) return {};
    Error out = fail(STIPEND_E_STATE, "ledger: ", path_.string(),
                     ": writes nothing any more, until it is opened anew: ", failure_);
    out.permanent = true;
    return out;
}

Error SqliteLedger::record_failure(Error error) {
    if (database_.broken() && failure_.empty()) failure_ = error.message;
    return error;
}

Result<void> SqliteLedger::commit(const Batch& batch) {
    STIPEND_TRY(check_batch(batch));
    Position next;
    auto written = transact([&]() -> Result<void> {
        STIPEND_SET(next, writer_->write(batch, position_));
        return {};
    });
    if (!written) {
        if (writer_) writer_->rolled_back();
        return written;
    }
    position_ = next;
    return {};
}

Result<void> SqliteLedger::transact(const std::function<Result<void>()>& write) {
    STIPEND_TRY(check_writable());
    STIPEND_TRY(check_descriptors());
    sqlite::Transaction transaction(database_);
    if (auto begun = transaction.begin("IMMEDIATE"); !begun) return record_failure(std::move(begun).error());
    if (auto mine = check_fence(); !mine) return record_failure(std::move(mine).error());
    if (auto written = write(); !written) return record_failure(std::move(written).error());
    // SQLite writes the pages with the commit, and another thread may have been in a plugin since the begin.
    STIPEND_TRY(check_descriptors());
    if (auto committed = transaction.commit(); !committed) return record_failure(std::move(committed).error());
    checkpoint_if_due();
    return {};
}

void SqliteLedger::checkpoint_if_due() {
    const bool restarted = wal_pages_ < checkpointed_at_;
    if (restarted) held_since_ = 0;
    if (!restarted && checkpointed_all_ && wal_pages_ > checkpointed_at_ && held_since_ == 0) held_since_ = steady_ns();
    // A reader may keep the WAL from being reset; the next checkpoint is then tried only after it has grown further.
    const bool grew = restarted || wal_pages_ >= checkpointed_at_ + checkpoint_pages / 4;
    if (wal_pages_ < checkpoint_pages || !grew || !check_descriptors()) return;
    checkpointed_at_ = wal_pages_;
    int in_wal = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &in_wal, &moved);
    checkpointed_all_ = code == SQLITE_OK && moved == in_wal;
    if (!checkpointed_all_ && held_since_ == 0) held_since_ = steady_ns();
    // The commit before it is durable in the WAL whatever the result.
    if (code != SQLITE_OK && code != SQLITE_BUSY) static_cast<void>(record_failure(database_.error(code)));
}

Result<WalState> SqliteLedger::wal() {
    if (held_since_ != 0 && !failed()) {
        STIPEND_TRY(check_descriptors());
        // Commits that would find out may be far between. RESTART fails while a reader uses the WAL, and without the
        // timeout at once.
        sqlite3_busy_timeout(database_.handle(), 0);
        const int code =
            sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
        sqlite3_busy_timeout(database_.handle(), static_cast<int>(options_.busy_timeout_ms));
        if (code == SQLITE_OK) {
            held_since_ = 0;
            wal_pages_ = checkpointed_at_ = 0;
            checkpointed_all_ = false;
        } else if (code != SQLITE_BUSY) {
            return record_failure(database_.error(code));
        }
    }
    WalState out{.held_ns = held_since_ == 0 ? 0 : std::max<std::int64_t>(1, steady_ns() - held_since_)};
    std::error_code none;
    const auto size = std::filesystem::file_size(path_.string() + "-wal", none);
    out.bytes = none ? 0 : size;
    return out;
}

std::optional<std::string> held_wal_text(const WalState& wal) {
    constexpr std::int64_t minute_ns = 60'000'000'000;
    if (wal.held_ns < 2 * minute_ns) return std::nullopt;
    return cat("a program that reads the ledger has kept its WAL from being emptied for ", wal.held_ns / minute_ns,
               " minutes: it has ", wal.bytes >> 20, " MiB and grows until that program ends");
}

std::filesystem::path database_file(const std::filesystem::path& state_folder) {
    return state_folder / "ledger.db";
}

Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& path, const OpenOptions& options) {
    auto ledger = std::make_unique<SqliteLedger>(path, options);
    STIPEND_TRY(ledger->open());
    if (options.access == Access::read_write) STIPEND_TRY(ledger->mark_copy());
    return std::unique_ptr<Ledger>(std::move(ledger));
}

std::optional<std::uint64_t> disk_days_left(std::uint64_t free_bytes, std::uint64_t grown_bytes, std::int64_t span_ns) {
    constexpr std::int64_t hour_ns = 3'600'000'000'000;
    constexpr std::uint64_t day_ns = 24 * hour_ns;
    if (span_ns < hour_ns || grown_bytes == 0) return std::nullopt;
    const auto left_ns = static_cast<unsigned __int128>(free_bytes) * static_cast<std::uint64_t>(span_ns) / grown_bytes;
    return static_cast<std::uint64_t>(std::min<unsigned __int128>(left_ns / day_ns, UINT64_MAX));
}

}  // namespace stipend::ledger
