#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "host/ledger/lock_file.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

Error refused(const std::filesystem::path& path, const OpenOptions& options = writer()) {
    const auto ledger = open(path, options);
    REQUIRE(!ledger.ok());
    CHECK(ledger.error().message.starts_with("ledger: " + path.string()));
    return ledger.error();
}

bool says(const Error& error, const char* text) {
    return error.message.find(text) != std::string::npos;
}

// What `work` says in a child; as another user, that has no right to write anywhere, also when the tests run as root.
std::string in_child(const std::function<std::string()>& work, bool as_other = false) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        if (as_other && ::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(1);
        const std::string said = work();
        const auto written = ::write(pipe[1], said.data(), said.size());
        ::_exit(written < 0 ? 1 : 0);
    }
    ::close(pipe[1]);
    std::string out;
    std::array<char, 512> buffer{};
    for (ssize_t size = 0; (size = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
        out.append(buffer.data(), static_cast<std::size_t>(size));
    }
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return out;
}

std::string unprivileged(const std::function<std::string()>& work) {
    return in_child(work, true);
}

}  // namespace

TEST_CASE("a reader leaves no file beside the ledger") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 2).run(3);
    }
    const auto files = [&] {
        std::set<std::string> out;
        for (const auto& item : std::filesystem::directory_iterator(folder.path())) out.insert(item.path().filename());
        return out;
    };
    const auto before = files();
    REQUIRE_FALSE(before.contains("ledger.db-wal"));
    const auto written = std::filesystem::last_write_time(path);
    {
        const auto ledger = must_open(path, reader());
        const auto report = ledger->verify({});
        REQUIRE(report.ok());
        CHECK(report->clean());
    }
    CHECK(files() == before);
    CHECK(std::filesystem::last_write_time(path) == written);
}

TEST_CASE("a newer schema is rejected") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    static_cast<void>(must_open(path));
    tamper(path, "PRAGMA user_version = 11");
    for (const auto& options : {writer(), reader()}) {
        const Error error = refused(path, options);
        CHECK(error.status == STIPEND_E_CONFIG);
        CHECK(says(error, "written by a newer stipend: got schema 11, want at most 10"));
    }
    CHECK(number(path, "PRAGMA user_version") == 11);
}

TEST_CASE("a database of another chain is rejected and left unchanged") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    static_cast<void>(must_open(path));
    for (const auto& options : {writer(Mode::live, 1), reader(Mode::live, 1)}) {
        const Error error = refused(path, options);
        CHECK(error.status == STIPEND_E_CONFIG);
        CHECK(says(error, "belongs to another network: got chain 42161, want 1"));
    }
    CHECK(number(path, "SELECT count(*) FROM namespace") == 1);
}

TEST_CASE("a database of another application is rejected and left unchanged") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    tamper(path, "CREATE TABLE theirs(x)");
    CHECK(says(refused(path), "not a ledger of stipend"));
    CHECK(number(path, "SELECT count(*) FROM sqlite_schema") == 1);
}

TEST_CASE("a file that is not a database is rejected") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    std::ofstream(path) << std::string(8192, 'x');
    CHECK(says(refused(path), "not a database"));
}

TEST_CASE("a damaged page is reported as damage") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 3).run(20);
    }
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        file << std::string(std::filesystem::file_size(path) - 4096, '\xee');
    }
    CHECK(says(refused(path), "is damaged: restore a backup"));
}

TEST_CASE("a second writer is rejected with the pid of the first, and may read") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto first = must_open(path);
    const Error error = refused(path);
    CHECK(error.status == STIPEND_E_BUSY);
    CHECK(says(error, cat("another process writes to this ledger: pid ", ::getpid()).c_str()));
    Engine engine(*first, 2);
    const auto second = must_open(path, reader());
    engine.run(1);
    CHECK(second->balances()->size() == 2);
    CHECK(findings(*second).empty());
    CHECK(second->commit({}).error().status == STIPEND_E_STATE);
}

TEST_CASE("another process is rejected with the pid of the writer") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto first = must_open(path);
    const std::string said = in_child([&] {
        // The kernel names the holder, whatever the file says.
        std::ofstream(path.string() + ".lock") << "1\n";
        const auto ledger = open(path, writer());
        return ledger ? std::string("opened") : ledger.error().message;
    });
    CHECK(said.find(cat("another process writes to this ledger: pid ", ::getpid(), ": stop it")) != std::string::npos);
}

TEST_CASE("a process that was forked from the writer does not hold its lock") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    pid_t child = -1;
    {
        const auto first = must_open(path);
        child = ::fork();
        if (child == 0) {
            char end = 0;
            ::close(ends[1]);
            ::_exit(::read(ends[0], &end, 1) == 0 ? 0 : 1);  // lives until the test has closed its end
        }
    }
    const auto next = open(path, writer());
    CHECK_MESSAGE(next.ok(), (next.ok() ? "" : next.error().message));
    ::close(ends[1]);
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a process without a standard input takes its lock") {
    const TempFolder folder;
    const int input = ::dup(STDIN_FILENO);
    ::close(STDIN_FILENO);
    CHECK(LockFile::take(folder / "lock").ok());
    if (input >= 0) {
        ::dup2(input, STDIN_FILENO);
        ::close(input);
    }
}

TEST_CASE("the lock is released with the writer") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    static_cast<void>(must_open(path));
    CHECK(open(path, writer()).ok());
}

TEST_CASE("a writer that lost its lock writes nothing once another has opened the ledger") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto older = must_open(path);
    Engine engine(*older, 2);
    engine.run(1);
    REQUIRE(std::filesystem::remove(path.string() + ".lock"));  // as if it were a stale one
    const auto newer = must_open(path);
    Batch batch;
    batch.events.push_back({EventKind::alert, "gateway: it is down"});
    const auto refused = older->commit(batch);
    REQUIRE(!refused.ok());
    CHECK((refused.error().status == STIPEND_E_STATE && refused.error().permanent));
    CHECK(says(refused.error(), "another process has opened it for writing"));
    CHECK(older->failed());
    CHECK(newer->commit(batch).ok());
    CHECK(older->commit(batch).error().permanent);
    CHECK(findings(*newer).empty());
}

TEST_CASE("a missing ledger cannot be opened for reading") {
    const TempFolder folder;
    const Error error = refused(folder / "ledger.db", reader());
    CHECK(says(error, "there is no ledger yet"));
    CHECK(!std::filesystem::exists(folder / "ledger.db"));
}

TEST_CASE("an empty file cannot be opened for reading") {
    const TempFolder folder;
    std::ofstream(folder / "ledger.db") << "";
    const Error error = refused(folder / "ledger.db", reader());
    CHECK(error.status == STIPEND_E_CONFIG);
    CHECK(says(error, "holds nothing: a copy of a ledger in use lacks what is in its WAL"));
}

TEST_CASE("a read-only file can be read but not written") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 2).run(1);
    }
    std::filesystem::permissions(path, std::filesystem::perms(0444));
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
    std::filesystem::remove(path.string() + ".lock");
    const std::string written = unprivileged([&] {
        const auto ledger = open(path, writer());
        return ledger ? std::string("opened") : ledger.error().message;
    });
    CHECK(written.find("the file, its folder or its disk is read-only") != std::string::npos);
    const std::string read = unprivileged([&] {
        const auto ledger = open(path, reader());
        if (!ledger) return ledger.error().message;
        return std::to_string((*ledger)->balances()->size());
    });
    CHECK(read == "2");
}

TEST_CASE("the message names a folder that cannot be written") {
    const TempFolder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
    const auto path = folder / "ledger.db";
    const std::string said = unprivileged([&] {
        const auto ledger = open(path, writer());
        return ledger ? std::string("opened") : ledger.error().message;
    });
    CHECK(said == "ledger: " + path.string() + ".lock: cannot be locked: Permission denied");
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
}

TEST_CASE("a commit waits for another program's lock, then fails and may be retried") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 1);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto refused_commit = engine.commit(engine.cycle());
    CHECK(refused_commit.error().status == STIPEND_E_BUSY);
    CHECK(!ledger->failed());
    sqlite3_close(other);
    engine.run(1);
}

TEST_CASE("only the owner and the group may read the file") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    static_cast<void>(must_open(path));
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07) == 0);
}
