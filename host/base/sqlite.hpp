// RAII handles for SQLite, statements that are bound and read from left to right, errors as Results.
#pragma once

#include <sqlite3.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "stipend/result.hpp"

namespace stipend::sqlite {

class Database;

// A prepared statement. It must not outlive its database. Text and blobs are borrowed until the statement has run.
class Statement {
  public:
    Statement() = default;

    template <std::integral T>
    Statement& bind(T value) {
        return note(sqlite3_bind_int64(handle_.get(), ++parameter_, static_cast<sqlite3_int64>(value)));
    }
    template <std::integral T>
    Statement& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }
    Statement& bind_text(std::string_view text) {
        // An empty view may have a null address, which SQLite would bind as NULL.
        const char* data = text.empty() ? "" : text.data();
        return note(sqlite3_bind_text(handle_.get(), ++parameter_, data, static_cast<int>(text.size()), SQLITE_STATIC));
    }
    Statement& bind_blob(std::span<const std::uint8_t> bytes) {
        const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
        return note(
            sqlite3_bind_blob(handle_.get(), ++parameter_, data, static_cast<int>(bytes.size()), SQLITE_STATIC));
    }
    // As bind_blob, for 32 bytes that need not outlive the call.
    Statement& bind_amount(std::span<const std::uint8_t, 32> bytes) {
        return note(sqlite3_bind_blob(handle_.get(), ++parameter_, bytes.data(), 32, SQLITE_TRANSIENT));
    }
    Statement& bind_null() { return note(sqlite3_bind_null(handle_.get(), ++parameter_)); }

    // Steps: true if there is a row, false at the end, after which the statement can be bound again.
    [[nodiscard]] Result<bool> next();
    // Steps to the end.
    [[nodiscard]] Result<void> run();
    // Steps to the end and returns the number of changed rows.
    [[nodiscard]] Result<std::int64_t> run_counted();
    // Drops the remaining rows.
    void reset();

    // The columns of the row, from left to right.
    [[nodiscard]] std::int64_t i64() { return sqlite3_column_int64(handle_.get(), column_++); }
    // A value outside the range of T, or a flag other than 0 and 1, sets `malformed`.
    template <std::integral T>
    [[nodiscard]] T as() {
        const std::int64_t value = i64();
        malformed_ = malformed_ || !std::in_range<T>(value);
        return static_cast<T>(value);
    }
    [[nodiscard]] bool flag() {
        const std::int64_t value = i64();
        malformed_ = malformed_ || (value != 0 && value != 1);
        return value != 0;
    }
    template <std::integral T>
    [[nodiscard]] std::optional<T> maybe() {
        if (sqlite3_column_type(handle_.get(), column_) == SQLITE_NULL) {
            ++column_;
            return std::nullopt;
        }
        return as<T>();
    }
    [[nodiscard]] std::string text();
    [[nodiscard]] std::string blob();
    // A blob of 32 bytes; a blob of another size reads as zero and sets `malformed`.
    [[nodiscard]] std::array<std::uint8_t, 32> bytes32();
    // True if a column of this row did not have the requested type or range.
    [[nodiscard]] bool malformed() const { return malformed_; }
    void mark_malformed() { malformed_ = true; }

  private:
    friend class Database;
    struct GiveBack {
        Database* database;
        void operator()(sqlite3_stmt* statement) const;
    };
    Statement(Database* database, sqlite3_stmt* handle) : database_(database), handle_(handle, GiveBack{database}) {}
    Statement& note(int code) {
        if (code != SQLITE_OK) bind_code_ = code;
        return *this;
    }

    Database* database_ = nullptr;
    std::unique_ptr<sqlite3_stmt, GiveBack> handle_;
    int parameter_ = 0;
    int column_ = 0;
    int bind_code_ = SQLITE_OK;
    bool malformed_ = false;
};

class Database {
  public:
    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() = default;

    // `name` is what errors call it, a literal.
    [[nodiscard]] Result<void> open(const std::string& path, int flags, std::int64_t busy_timeout_ms,
                                    const char* name = "ledger");
    // No statement may be left. Reports nothing: what was committed is already durable.
    void close();

    // A statement is compiled once: when it is destroyed the database keeps it, and gives it to the next one that asks
    // with the same text. The 128 that were used last are kept.
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    // Runs statements that return nothing, separated by ';'.
    [[nodiscard]] Result<void> run(const std::string& sql);
    // The single integer that `sql` returns; 0 without a row.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);

    // SQLite's `code` as an error: "NAME: FILE: what it means (SQLite's own words)".
    [[nodiscard]] Error error(int code);
    // True once the disk or the file failed: later writes cannot be trusted.
    [[nodiscard]] bool broken() const { return broken_; }

    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    struct Idle {
        std::unique_ptr<sqlite3_stmt, Finalize> handle;
        std::uint64_t since;  // ascends
    };
    friend class Statement;
    void keep(sqlite3_stmt* statement);

    std::unique_ptr<sqlite3, Close> handle_;
    // By the text that SQLite itself keeps of the statement. Finalized before the handle is closed.
    std::unordered_map<std::string_view, Idle> idle_;
    std::uint64_t kept_ = 0;
    std::string path_;
    const char* name_ = "ledger";
    bool broken_ = false;
};

// BEGIN ... COMMIT; rolls back when it goes out of scope uncommitted.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(&database) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    [[nodiscard]] Result<void> begin(std::string_view kind);  // "IMMEDIATE" to write, "DEFERRED" to read
    [[nodiscard]] Result<void> commit();

  private:
    Database* database_;
    bool open_ = false;
};

}  // namespace stipend::sqlite
