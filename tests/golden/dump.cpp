#include "dump.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <memory>

#include "host/base/keccak.hpp"
#include "stipend/hex.hpp"

namespace golden {
namespace {

struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

Statement prepare(const Database& database, const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    REQUIRE_MESSAGE(sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &raw, nullptr) == SQLITE_OK,
                    sqlite3_errmsg(database.get()));
    return Statement(raw);
}

// A value with its type and length, so that no two rows look alike.
void add_value(sqlite3_stmt* row, int column, std::string& out) {
    const int type = sqlite3_column_type(row, column);
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
    out += std::to_string(type) + ':' + std::to_string(size) + ':';
    if (bytes != nullptr) out.append(bytes, size);
}

std::string table_digest(const Database& database, const std::string& table) {
    const bool meta = table == "meta";
    const auto rows =
        prepare(database, meta ? "SELECT id, chain_id FROM meta" : "SELECT * FROM \"" + table + "\" ORDER BY 1, 2");
    stipend::Keccak keccak;
    std::uint64_t count = 0;
    std::string text;
    while (sqlite3_step(rows.get()) == SQLITE_ROW) {
        text.clear();
        for (int column = 0; column < sqlite3_column_count(rows.get()); ++column) add_value(rows.get(), column, text);
        keccak.add(text + '\n');
        ++count;
    }
    return std::to_string(count) + ' ' + stipend::hex_encode(keccak.finish());
}

}  // namespace

std::map<std::string, std::string> dump(const std::filesystem::path& ledger) {
    sqlite3* raw = nullptr;
    REQUIRE(sqlite3_open_v2(ledger.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
    const Database database(raw);
    std::map<std::string, std::string> out;
    const auto tables = prepare(database, "SELECT name FROM sqlite_schema WHERE type = 'table'");
    while (sqlite3_step(tables.get()) == SQLITE_ROW) {
        const std::string table = reinterpret_cast<const char*>(sqlite3_column_text(tables.get(), 0));
        out[table] = table_digest(database, table);
    }
    const auto head = prepare(database, "SELECT seq || ' ' || lower(hex(hash)) FROM audit ORDER BY seq DESC LIMIT 1");
    if (sqlite3_step(head.get()) == SQLITE_ROW) {
        out["head"] = reinterpret_cast<const char*>(sqlite3_column_text(head.get(), 0));
    }
    return out;
}

}  // namespace golden
