#include "host/ledger/marks.hpp"

#include <filesystem>
#include <system_error>

namespace stipend::ledger {
namespace {

constexpr std::string_view mark_owner = "stipend:ledger";

}  // namespace

Result<bool> is_in_use(sqlite::Database& database) {
    STIPEND_LET(views, database.number("SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND name = 'in_use'"));
    return views != 0;
}

Result<void> set_in_use(sqlite::Database& database, bool in_use) {
    return database.run(in_use ? "CREATE VIEW IF NOT EXISTS in_use AS SELECT 1" : "DROP VIEW IF EXISTS in_use");
}

Result<std::int64_t> fence_of(sqlite::Database& database) {
    STIPEND_LET(views, database.number("SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND name = 'fence'"));
    return views == 0 ? Result<std::int64_t>(0) : database.number("SELECT number FROM fence");
}

Result<void> set_fence(sqlite::Database& database, std::int64_t fence) {
    return database.run(
        cat("DROP VIEW IF EXISTS fence; CREATE VIEW fence AS SELECT CAST(", fence, " AS INTEGER) AS number"));
}

Result<std::optional<std::string>> get_mark(sqlite::Database& database, std::string_view mark) {
    STIPEND_LET(get, database.prepare("SELECT value FROM kv WHERE instance = ? AND key = ?"));
    STIPEND_LET(found, get.bind_text(mark_owner).bind_text(mark).next());
    return found ? std::optional(get.blob()) : std::nullopt;
}

Result<void> set_mark(sqlite::Database& database, std::string_view mark, std::string_view value) {
    STIPEND_LET(put, database.prepare("INSERT OR REPLACE INTO kv VALUES(?, ?, ?)"));
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
    return put.bind_text(mark_owner).bind_text(mark).bind_blob(bytes).run();
}

Result<void> erase_mark(sqlite::Database& database, std::string_view mark) {
    STIPEND_LET(erase, database.prepare("DELETE FROM kv WHERE instance = ? AND key = ?"));
    return erase.bind_text(mark_owner).bind_text(mark).run();
}

bool wal_present(const std::string& path) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path + "-wal", none);
    return !none && size > 0;
}

Result<void> open_to_read(sqlite::Database& database, const std::string& path, std::int64_t busy_timeout_ms) {
    // A connection that may not write leaves the WAL and the shared memory that it made. One that may removes them
    // where it is the last, so it is used where there is no WAL yet; `query_only` keeps it from writing rows.
    STIPEND_TRY(database.open(path, wal_present(path) ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, busy_timeout_ms));
    return database.run("PRAGMA query_only = 1");
}

}  // namespace stipend::ledger
