#include "host/alert/store.hpp"

#include "host/base/sqlite.hpp"

namespace stipend::alert {
namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::int64_t busy_ms = 5'000;

constexpr const char* tables = R"(
CREATE TABLE active(id TEXT PRIMARY KEY, severity INTEGER NOT NULL, text TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
CREATE TABLE notified(id TEXT NOT NULL, receiver TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(id, receiver)) STRICT;
CREATE TABLE pending(number INTEGER PRIMARY KEY, receiver TEXT NOT NULL, delivery_id TEXT NOT NULL,
    alert_id TEXT NOT NULL, severity INTEGER NOT NULL, resolved INTEGER NOT NULL, repeated INTEGER NOT NULL,
    text TEXT NOT NULL, since INTEGER NOT NULL, ended INTEGER NOT NULL, queued INTEGER NOT NULL) STRICT;
CREATE TABLE silence(match TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL,
    given_by TEXT NOT NULL) STRICT;
CREATE TABLE dropped(receiver TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
)";

Result<void> run_for(sqlite::Database& database, const char* sql, std::string_view text) {
    STIPEND_LET(statement, database.prepare(sql));
    return statement.bind_text(text).run();
}

Result<void> write_active(sqlite::Database& database, const Changes& changes) {
    for (const auto& one : changes.active) {
        STIPEND_LET(put, database.prepare("INSERT OR REPLACE INTO active VALUES(?, ?, ?, ?)"));
        STIPEND_TRY(put.bind_text(one.id).bind(one.severity).bind_text(one.text).bind(one.since).run());
        STIPEND_TRY(run_for(database, "DELETE FROM notified WHERE id = ?", one.id));
        for (const auto& [receiver, at] : one.notified) {
            STIPEND_LET(add, database.prepare("INSERT INTO notified VALUES(?, ?, ?)"));
            STIPEND_TRY(add.bind_text(one.id).bind_text(receiver).bind(at).run());
        }
    }
    for (const auto& id : changes.ended) {
        STIPEND_TRY(run_for(database, "DELETE FROM active WHERE id = ?", id));
        STIPEND_TRY(run_for(database, "DELETE FROM notified WHERE id = ?", id));
    }
    return {};
}

Result<void> write_pending(sqlite::Database& database, const Changes& changes) {
    STIPEND_LET(add, database.prepare("INSERT OR REPLACE INTO pending VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    for (const auto& one : changes.added) {
        STIPEND_TRY(add.bind(one.number)
                        .bind_text(one.receiver)
                        .bind_text(one.delivery_id)
                        .bind_text(one.alert_id)
                        .bind(one.severity)
                        .bind(int{one.resolved})
                        .bind(int{one.repeated})
                        .bind_text(one.text)
                        .bind(one.since)
                        .bind(one.ended)
                        .bind(one.queued)
                        .run());
    }
    STIPEND_LET(remove, database.prepare("DELETE FROM pending WHERE number = ?"));
    for (const auto number : changes.removed) STIPEND_TRY(remove.bind(number).run());
    return {};
}

Result<void> write_rest(sqlite::Database& database, const Changes& changes) {
    if (changes.silences_changed) {
        STIPEND_TRY(database.run("DELETE FROM silence"));
        for (const auto& one : changes.silences) {
            STIPEND_LET(put, database.prepare("INSERT OR REPLACE INTO silence VALUES(?, ?, ?, ?, ?)"));
            STIPEND_TRY(
                put.bind_text(one.match).bind(one.since).bind(one.until).bind_text(one.reason).bind_text(one.by).run());
        }
    }
    if (changes.dropped_changed) {
        STIPEND_TRY(database.run("DELETE FROM dropped"));
        for (const auto& [receiver, count] : changes.dropped) {
            STIPEND_LET(put, database.prepare("INSERT INTO dropped VALUES(?, ?)"));
            STIPEND_TRY(put.bind_text(receiver).bind(count).run());
        }
    }
    return {};
}

Result<void> load_active(sqlite::Database& database, State& state) {
    STIPEND_LET(get, database.prepare("SELECT id, severity, text, since FROM active ORDER BY id"));
    STIPEND_LET(sent, database.prepare("SELECT receiver, at FROM notified WHERE id = ?"));
    while (true) {
        STIPEND_LET(more, get.next());
        if (!more) return {};
        auto& one = state.active.emplace_back();
        one.id = get.text();
        one.severity = get.as<std::int32_t>();
        one.text = get.text();
        one.since = get.i64();
        sent.bind_text(one.id);
        while (true) {
            STIPEND_LET(another, sent.next());
            if (!another) break;
            auto receiver = sent.text();
            one.notified[std::move(receiver)] = sent.i64();
        }
    }
}

Result<void> load_pending(sqlite::Database& database, State& state) {
    STIPEND_LET(get, database.prepare("SELECT * FROM pending ORDER BY number"));
    while (true) {
        STIPEND_LET(more, get.next());
        if (!more) return {};
        auto& one = state.pending.emplace_back();
        one.number = get.as<std::uint64_t>();
        one.receiver = get.text();
        one.delivery_id = get.text();
        one.alert_id = get.text();
        one.severity = get.as<std::int32_t>();
        one.resolved = get.flag();
        one.repeated = get.flag();
        one.text = get.text();
        one.since = get.i64();
        one.ended = get.i64();
        one.queued = get.i64();
    }
}

Result<void> load_rest(sqlite::Database& database, State& state) {
    STIPEND_LET(silences, database.prepare("SELECT * FROM silence ORDER BY match"));
    while (true) {
        STIPEND_LET(more, silences.next());
        if (!more) break;
        auto& one = state.silences.emplace_back();
        one.match = silences.text();
        one.since = silences.i64();
        one.until = silences.i64();
        one.reason = silences.text();
        one.by = silences.text();
    }
    STIPEND_LET(dropped, database.prepare("SELECT receiver, count FROM dropped"));
    while (true) {
        STIPEND_LET(more, dropped.next());
        if (!more) return {};
        auto receiver = dropped.text();
        state.dropped[std::move(receiver)] = dropped.as<std::uint64_t>();
    }
}

// The database's messages name the ledger, which this is not.
Error as_ours(Error error) {
    constexpr std::string_view other = "ledger: ";
    if (error.message.starts_with(other)) error.message.erase(0, other.size());
    return error;
}

Result<void> prepare(sqlite::Database& database, const std::filesystem::path& file) {
    STIPEND_TRY(database.open(file.native(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, busy_ms));
    STIPEND_TRY(database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"));
    STIPEND_LET(version, database.number("PRAGMA user_version"));
    if (version == schema_version) return {};
    if (version != 0) {
        return fail(STIPEND_E_INVALID, file.native(), ": got version ", version, " of its tables, want ",
                    schema_version);
    }
    sqlite::Transaction transaction(database);
    STIPEND_TRY(transaction.begin("IMMEDIATE"));
    STIPEND_TRY(database.run(cat(tables, "PRAGMA user_version = ", schema_version)));
    return transaction.commit();
}

Result<void> write_all(sqlite::Database& database, const Changes& changes) {
    sqlite::Transaction transaction(database);
    STIPEND_TRY(transaction.begin("IMMEDIATE"));
    if (changes.everything) STIPEND_TRY(database.run("DELETE FROM active; DELETE FROM notified; DELETE FROM pending"));
    STIPEND_TRY(write_active(database, changes));
    STIPEND_TRY(write_pending(database, changes));
    STIPEND_TRY(write_rest(database, changes));
    return transaction.commit();
}

}  // namespace

struct Store::Files {
    sqlite::Database database;
};

Store::Store(std::unique_ptr<Files> files) : files_(std::move(files)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file) {
    auto files = std::make_unique<Files>();
    if (auto opened = prepare(files->database, file); !opened) return as_ours(std::move(opened).error());
    return std::unique_ptr<Store>(new Store(std::move(files)));
}

Result<State> Store::load() {
    State out;
    for (const auto load : {&load_active, &load_pending, &load_rest}) {
        if (auto loaded = load(files_->database, out); !loaded) return as_ours(std::move(loaded).error());
    }
    return out;
}

Result<void> Store::write(const Changes& changes) {
    if (changes.empty()) return {};
    if (auto written = write_all(files_->database, changes); !written) return as_ours(std::move(written).error());
    return {};
}

std::filesystem::path store_file(const std::filesystem::path& state_folder) {
    return state_folder / "alerts.db";
}

}  // namespace stipend::alert
