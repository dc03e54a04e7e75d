#include "host/base/sqlite.hpp"

#include <algorithm>

namespace stipend::sqlite {
namespace {

// More than the ledger has texts.
constexpr std::size_t max_idle_statements = 128;

struct Meaning {
    stipend_status status;
    const char* text;
    bool breaks;     // no write is allowed after it
    bool permanent;  // trying again cannot help
};

Meaning meaning_of(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {STIPEND_E_BUSY, "another program holds the database", false, false};
        case SQLITE_FULL:
            return {STIPEND_E_LIMIT, "the disk is full", true, false};
        case SQLITE_IOERR:
            // The file of the shared memory could not be extended.
            if (code == SQLITE_IOERR_SHMSIZE) return {STIPEND_E_LIMIT, "the disk is full", true, false};
            return {STIPEND_E_UNAVAILABLE, "the disk failed", true, false};
        case SQLITE_CORRUPT:
            return {STIPEND_E_INVALID, "the file is damaged: restore a backup", true, true};
        case SQLITE_NOTADB:
            return {STIPEND_E_INVALID, "not a database, or its first page is damaged: restore a backup", true, true};
        case SQLITE_READONLY:
            return {STIPEND_E_CONFIG, "the file, its folder or its disk is read-only", true, true};
        case SQLITE_CANTOPEN:
            return {STIPEND_E_CONFIG, "cannot be opened", true, true};
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {STIPEND_E_CONFIG, "access is denied", true, true};
        case SQLITE_CONSTRAINT:
            return {STIPEND_E_CONFLICT, "a rule of the tables is broken", false, true};
        case SQLITE_NOMEM:
            return {STIPEND_E_LIMIT, "out of memory", true, false};
        default:
            return {STIPEND_E_INTERNAL, "unexpected answer of SQLite", true, true};
    }
}

}  // namespace

void Statement::GiveBack::operator()(sqlite3_stmt* statement) const {
    database->keep(statement);
}

Result<bool> Statement::next() {
    // A list of fields and its statement agree: one value for each placeholder, and no read beyond the last column.
    STIPEND_ASSERT(parameter_ == sqlite3_bind_parameter_count(handle_.get()));
    STIPEND_ASSERT(column_ <= sqlite3_column_count(handle_.get()));
    column_ = 0;
    malformed_ = false;
    const int code = bind_code_ != SQLITE_OK ? bind_code_ : sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    // The error is read before the reset, which may replace SQLite's message.
    Error error = database_->error(code);
    reset();
    return error;
}

Result<void> Statement::run() {
    for (;;) {
        STIPEND_LET(more, next());
        if (!more) return {};
    }
}

Result<std::int64_t> Statement::run_counted() {
    STIPEND_TRY(run());
    return static_cast<std::int64_t>(sqlite3_changes64(database_->handle()));
}

void Statement::reset() {
    sqlite3_reset(handle_.get());
    parameter_ = 0;
    bind_code_ = SQLITE_OK;
}

std::string Statement::text() {
    const auto* data = sqlite3_column_text(handle_.get(), column_);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column_));
    ++column_;
    return data == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

std::string Statement::blob() {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column_));
    ++column_;
    return data == nullptr ? std::string() : std::string(data, size);
}

std::array<std::uint8_t, 32> Statement::bytes32() {
    std::array<std::uint8_t, 32> out{};
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column_));
    const int size = sqlite3_column_bytes(handle_.get(), column_);
    ++column_;
    if (data == nullptr || size != 32) {
        malformed_ = true;
    } else {
        std::copy_n(data, out.size(), out.begin());
    }
    return out;
}

Result<void> Database::open(const std::string& path, int flags, std::int64_t busy_timeout_ms, const char* name) {
    // SQLite counts allocations under a lock, for statistics that are not used here. The call fails without effect if
    // the process has already used SQLite.
    [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    path_ = path;
    name_ = name;
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(raw);
    if (code != SQLITE_OK) return error(code);
    sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout_ms));
    return {};
}

void Database::close() {
    idle_.clear();
    handle_.reset();
}

void Database::keep(sqlite3_stmt* statement) {
    Idle idle{.handle = std::unique_ptr<sqlite3_stmt, Finalize>(statement), .since = ++kept_};
    // A pragma may act when it is compiled, and what it found then is not asked again.
    const char* text = sqlite3_sql(statement);
    if (handle_ == nullptr || text == nullptr || sqlite3_strnicmp(text, "PRAGMA", 6) == 0) return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);  // text and blobs are borrowed
    if (idle_.size() == max_idle_statements && !idle_.contains(text)) {
        idle_.erase(std::ranges::min_element(idle_, {}, [](const auto& entry) { return entry.second.since; }));
    }
    idle_.try_emplace(text, std::move(idle));
}

Result<Statement> Database::prepare(std::string_view sql) {
    if (const auto found = idle_.find(sql); found != idle_.end()) {
        sqlite3_stmt* kept = found->second.handle.release();
        idle_.erase(found);  // its key is the statement's own text
        return Statement(this, kept);
    }
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return error(code);
    return Statement(this, raw);
}

Result<void> Database::run(const std::string& sql) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error(code);
    return {};
}

Result<std::int64_t> Database::number(std::string_view sql) {
    STIPEND_LET(statement, prepare(sql));
    STIPEND_LET(found, statement.next());
    return found ? statement.i64() : 0;
}

Error Database::error(int code) {
    const Meaning meaning = meaning_of(code);
    broken_ = broken_ || meaning.breaks;
    const char* own = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_.get());
    Error out = fail(meaning.status, name_, ": ", path_, ": ", meaning.text, " (", own, ", code ", code, ")");
    out.permanent = meaning.permanent;
    return out;
}

Transaction::~Transaction() {
    // After some errors SQLite has already rolled back.
    if (open_ && sqlite3_get_autocommit(database_->handle()) == 0) {
        sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

Result<void> Transaction::begin(std::string_view kind) {
    STIPEND_ASSERT(!open_);
    STIPEND_LET(statement, database_->prepare(cat("BEGIN ", kind)));
    STIPEND_TRY(statement.run());
    open_ = true;
    return {};
}

Result<void> Transaction::commit() {
    STIPEND_ASSERT(open_);
    STIPEND_LET(statement, database_->prepare("COMMIT"));
    STIPEND_TRY(statement.run());
    open_ = false;
    return {};
}

}  // namespace stipend::sqlite
