#include "host/base/sqlite.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "stipend/result.hpp"

using namespace stipend;

namespace {

struct Fixture {
    Fixture() {
        REQUIRE(database.open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0));
        REQUIRE(database.run("CREATE TABLE t (n INTEGER, s TEXT)"));
    }

    // How many statements SQLite holds for this connection, in use or idle.
    int statements() {
        int count = 0;
        for (auto* s = sqlite3_next_stmt(database.handle(), nullptr); s != nullptr;
             s = sqlite3_next_stmt(database.handle(), s)) {
            ++count;
        }
        return count;
    }

    void add(std::int64_t n, const std::string& s) {
        auto statement = database.prepare("INSERT INTO t VALUES (?, ?)");
        REQUIRE(statement);
        REQUIRE(statement->bind(n).bind_text(s).run());
    }

    sqlite::Database database;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "sqlite: a text is compiled once, however often it is prepared") {
    for (int i = 0; i < 20; ++i) add(i, cat("row ", i));
    CHECK(statements() == 1);
    CHECK(database.number("SELECT count(*) FROM t").value() == 20);
    CHECK(database.number("SELECT sum(n) FROM t WHERE s = 'row ' || n").value() == 190);
}

TEST_CASE_FIXTURE(Fixture, "sqlite: two statements of one text read apart from each other") {
    for (int i = 0; i < 3; ++i) add(i, "");
    auto outer = database.prepare("SELECT n FROM t ORDER BY n");
    std::vector<std::int64_t> read;
    while (outer->next().value()) {
        read.push_back(outer->i64());
        auto inner = database.prepare("SELECT n FROM t ORDER BY n");
        while (inner->next().value()) read.push_back(inner->i64());
    }
    CHECK(read == std::vector<std::int64_t>{0, 0, 1, 2, 1, 0, 1, 2, 2, 0, 1, 2});
}

TEST_CASE_FIXTURE(Fixture, "sqlite: a statement that was left in the middle begins anew, and holds no lock") {
    for (int i = 0; i < 3; ++i) add(i, "");
    {
        auto statement = database.prepare("SELECT n FROM t WHERE n >= ? ORDER BY n");
        REQUIRE(statement->bind(1).next().value());
        CHECK(statement->i64() == 1);
    }
    CHECK(sqlite3_txn_state(database.handle(), nullptr) == SQLITE_TXN_NONE);
    auto statement = database.prepare("SELECT n FROM t WHERE n >= ? ORDER BY n");
    REQUIRE(statement->bind(0).next().value());
    CHECK(statement->i64() == 0);
}

TEST_CASE_FIXTURE(Fixture, "sqlite: what was bound is forgotten") {
    {
        auto statement = database.prepare("SELECT ?");
        const std::string borrowed(100, 'x');
        REQUIRE(statement->bind_text(borrowed).next().value());
    }
    auto statement = database.prepare("SELECT ?");
    // SQLite shows what is bound in the expanded text.
    char* expanded = nullptr;
    for (auto* s = sqlite3_next_stmt(database.handle(), nullptr); s != nullptr;
         s = sqlite3_next_stmt(database.handle(), s)) {
        if (std::string_view(sqlite3_sql(s)) == "SELECT ?") expanded = sqlite3_expanded_sql(s);
    }
    REQUIRE(expanded != nullptr);
    CHECK(std::string_view(expanded) == "SELECT NULL");
    sqlite3_free(expanded);
}

TEST_CASE_FIXTURE(Fixture, "sqlite: the statements that were used last are kept, at most 128, and no pragma") {
    for (int i = 0; i < 300; ++i) {
        add(i, "");
        CHECK(database.number(cat("SELECT ", i)).value() == i);
    }
    CHECK(statements() == 128);
    const int before = statements();
    CHECK(database.number("PRAGMA user_version").value() == 0);
    CHECK(statements() == before);
    REQUIRE(database.run("PRAGMA user_version = 3"));
    CHECK(database.number("PRAGMA user_version").value() == 3);
}

TEST_CASE_FIXTURE(Fixture, "sqlite: a kept statement sees a changed table; close leaves none") {
    add(1, "a");
    CHECK(database.number("SELECT count(*) FROM t").value() == 1);
    REQUIRE(database.run("DROP TABLE t; CREATE TABLE t (n INTEGER, s TEXT, more INTEGER)"));
    CHECK(database.number("SELECT count(*) FROM t").value() == 0);
    auto insert = database.prepare("INSERT INTO t VALUES (?, ?)");
    REQUIRE(insert);
    CHECK(!insert->bind(1).bind_text("a").run());  // a column more: compiled again, and refused
    insert = sqlite::Statement();
    database.close();
    CHECK(database.handle() == nullptr);
}
