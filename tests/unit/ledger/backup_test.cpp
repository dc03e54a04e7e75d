#include "host/ledger/backup.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "host/base/file.hpp"
#include "host/ledger/backup_files.hpp"
#include "host/ledger/fees.hpp"
#include "stipend/json_parse.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

constexpr const char* count_decisions = "SELECT count(*) FROM decision";

std::string error_of(const auto& result) {
    return result ? std::string("no error") : result.error().message;
}

bool holds_text(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// The files of the folder whose names hold `part`.
std::vector<std::filesystem::path> files_with(const TempFolder& folder, const std::string& part) {
    std::vector<std::filesystem::path> out;
    for (const auto& one : std::filesystem::directory_iterator(folder.path())) {
        if (holds_text(one.path().filename().string(), part)) out.push_back(one.path());
    }
    return out;
}

std::atomic<int> signals = 0;

// Counts a signal for as long as it lives; a call that it interrupts is not repeated by the kernel.
class Counted {
  public:
    explicit Counted(int signal) : signal_(signal) {
        struct sigaction count = {};
        count.sa_handler = [](int) { ++signals; };
        REQUIRE(::sigaction(signal, &count, &before_) == 0);
    }
    ~Counted() { ::sigaction(signal_, &before_, nullptr); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

  private:
    int signal_;
    struct sigaction before_ = {};
};

// Of a thread of this process, as the kernel names it: 'S' while it waits; 0 once it has ended.
char state_of(pid_t thread) {
    std::ifstream file(cat("/proc/self/task/", thread, "/stat"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.empty() ? '\0' : text[text.rfind(')') + 2];
}

}  // namespace

TEST_CASE("a backup of a ledger in use holds what a copy of its file lacks") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 4);
    engine.run(21);
    std::filesystem::copy_file(path, folder / "bare.db");
    const auto reading = must_open(path, reader());
    const auto report = reading->backup(folder / "copy.db");
    REQUIRE_MESSAGE(report.ok(), error_of(report));
    CHECK(report->decisions == 84);
    CHECK(report->head == *ledger->head());
    CHECK(files_with(folder, "partial").empty());
    CHECK(number(folder / "copy.db", count_decisions) == 84);

    const auto bare = must_open(folder / "bare.db", reader())->verify({});
    REQUIRE(bare.ok());
    CHECK(bare->decisions < 84);
    CHECK(bare->wal_missing);
    CHECK(!bare->complete());
    const auto whole = must_open(folder / "copy.db", reader())->verify({});
    CHECK(whole->complete());
    CHECK(whole->clean());
    CHECK(must_open(path, reader())->verify({})->complete());
    CHECK(error_of(must_open(folder / "bare.db", reader())->backup(folder / "again.db")).find("its WAL is missing") !=
          std::string::npos);
}

TEST_CASE("a ledger that was closed needs no WAL") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    Engine(*must_open(path), 2).run(2);
    std::filesystem::copy_file(path, folder / "copy.db");
    CHECK(must_open(folder / "copy.db", reader())->verify({})->complete());
}

TEST_CASE("a backup overwrites nothing, and a failed one leaves nothing") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 2);
    engine.run(2);
    std::ofstream(folder / "there.db") << "mine";
    CHECK(holds_text(error_of(ledger->backup(folder / "there.db")), "exists already"));
    CHECK(*read_file(folder / "there.db", 100) == "mine");
    std::ofstream(folder / "listed.db.json") << "mine";
    CHECK(holds_text(error_of(ledger->backup(folder / "listed.db")), "exists already"));
    CHECK(!std::filesystem::exists(folder / "listed.db"));
    CHECK(!ledger->backup(folder.path() / "no" / "such.db").ok());
    tamper(path, "UPDATE decision SET usd_e8 = 1 WHERE seq = (SELECT max(seq) FROM decision)");
    CHECK(holds_text(error_of(ledger->backup(folder / "bad.db")), "not backed up: it has "));
    CHECK(files_with(folder, "bad.db").empty());
}

TEST_CASE("a hash is of all bytes of a file, also where a signal interrupts the read") {
    const TempFolder folder;
    const auto path = folder / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const Counted wakes(SIGUSR1), broken_pipes(SIGPIPE);
    signals = 0;
    std::atomic<pid_t> reader = 0;
    std::string hash;
    std::thread reading([&] {
        reader = ::gettid();
        const auto read = sha256_of(path);
        hash = read ? *read : read.error().message;
    });
    Fd pipe(::open(path.c_str(), O_WRONLY | O_CLOEXEC));  // returns when the reader has opened it too
    const auto await = [&](auto&& happened) {
        for (char state = 'R'; state != '\0' && !(state == 'S' && happened());) {
            std::this_thread::yield();
            state = state_of(reader);
        }
    };
    await([] { return true; });  // in its first read
    ::pthread_kill(reading.native_handle(), SIGUSR1);
    await([] { return signals == 1; });
    CHECK(::write(pipe.get(), "abc", 3) == 3);
    pipe.reset();
    reading.join();
    CHECK(hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("the list of a backup has each archive with its hashes, also one that is missing") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(6);
    REQUIRE(ledger->archive(start_ns + 2 * minute_ns, folder / "first.db").ok());
    REQUIRE(ledger->archive(start_ns + 4 * minute_ns, folder / "second.db").ok());
    std::filesystem::remove(folder / "second.db");
    const auto report = ledger->backup(folder / "copy.db");
    REQUIRE_MESSAGE(report.ok(), error_of(report));
    const auto list = parse_json(*read_file(folder / "copy.db.json", 1 << 20));
    REQUIRE(list.ok());
    CHECK(list->find("sha256")->text() == report->sha256);
    const auto& archives = list->find("archives")->items();
    REQUIRE(archives.size() == 2);
    CHECK(archives[0].find("file")->text() == (folder / "first.db").string());
    CHECK(archives[0].find("sha256")->text().size() == 64);
    CHECK(archives[0].find("digest")->text().size() == 64);
    CHECK(archives[1].find("sha256")->is(Json::Kind::null));
}

TEST_CASE("a restored ledger goes on from the backup, and its chain says so") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        fill_with_everything(*ledger);
        REQUIRE(ledger->backup(folder / "copy.db").ok());
        Engine(*ledger).run(3);
        CHECK(holds_text(error_of(restore(path, writer(), folder / "copy.db", true)), "another process writes"));
    }
    const auto kept = number(path, count_decisions);
    CHECK(holds_text(error_of(restore(path, writer(), folder / "copy.db", false)), "holds something already"));
    CHECK(number(path, count_decisions) == kept);
    const auto report = restore(path, writer(), folder / "copy.db", true);
    REQUIRE_MESSAGE(report.ok(), error_of(report));
    CHECK(number(report->aside, count_decisions) == kept);
    CHECK(report->restored.backup_at > 0);
    CHECK(report->head.seq == report->restored.last + 1);
    {
        const auto ledger = must_open(path);
        CHECK(ledger->load_state()->restored == report->restored);
        CHECK(findings(*ledger).empty());
        Engine(*ledger).run(2);
        CHECK(findings(*ledger).empty());
        CHECK(!must_open(folder / "copy.db", reader())->load_state()->restored);
    }
    tamper(path, "UPDATE kv SET value = x'7b7d' WHERE key = 'restored'");
    CHECK(holds_text(findings(*must_open(path, reader())),
                     "restored: the mark of the file is not what the chain recorded"));
}

TEST_CASE("that a restored ledger may pay again is in its chain, and ends with the next restoration") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 1).run(1);
        CHECK(error_of(ledger->accept_restored({.restored_at = 0, .by = "uid 0", .at = 1})).find("not restored") !=
              std::string::npos);
        REQUIRE(ledger->backup(folder / "copy.db").ok());
    }
    const auto report = restore(path, writer(), folder / "copy.db", true);
    REQUIRE(report.ok());
    const RestoredAccepted accepted{.restored_at = report->restored.at, .by = "uid 0", .compared = true, .at = 5};
    {
        const auto ledger = must_open(path);
        CHECK(!ledger->load_state()->restored_accepted);
        auto other = accepted;
        other.restored_at -= 1;
        CHECK(ledger->accept_restored(other).error().status == STIPEND_E_CONFLICT);
        other = accepted;
        other.by.clear();
        CHECK(ledger->accept_restored(other).error().status == STIPEND_E_INVALID);
        CHECK(!ledger->load_state()->restored_accepted);
        REQUIRE(ledger->accept_restored(accepted).ok());
        CHECK(findings(*ledger).empty());
        REQUIRE(ledger->backup(folder / "later.db").ok());
    }
    CHECK(must_open(path)->load_state()->restored_accepted == accepted);
    SUBCASE("the next restoration is a new one") {
        REQUIRE(restore(path, writer(), folder / "later.db", true).ok());
        const auto ledger = must_open(path);
        CHECK(!ledger->load_state()->restored_accepted);
        CHECK(findings(*ledger).empty());
    }
    SUBCASE("a mark that the chain does not have is found") {
        tamper(path,
               "UPDATE kv SET value = CAST(replace(CAST(value AS TEXT), 'uid 0', 'uid 1') AS BLOB) WHERE key = "
               "'restored-accepted'");
        CHECK(holds_text(findings(*must_open(path, reader())), "that it may pay again is not what the chain recorded"));
    }
}

TEST_CASE("a backup that is put in the place of the ledger by hand is a restored one") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 1).run(1);
        REQUIRE(ledger->backup(folder / "copy.db").ok());
        Engine(*ledger).run(1);
        CHECK(!ledger->load_state()->restored);
    }
    std::filesystem::copy_file(folder / "copy.db", path, std::filesystem::copy_options::overwrite_existing);
    const auto restored = must_open(path)->load_state()->restored;
    REQUIRE(restored.has_value());
    CHECK((restored->backup_at > 0 && restored->last > 0));
    const auto ledger = must_open(path);
    CHECK(ledger->load_state()->restored == restored);
    CHECK(findings(*ledger).empty());
}

TEST_CASE("a restoration whose row is in a missing archive is no finding") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 2);
        engine.run(1);
        REQUIRE(ledger->backup(folder / "copy.db").ok());
    }
    REQUIRE(restore(path, writer(), folder / "copy.db", true).ok());
    const auto ledger = must_open(path);
    Engine engine(*ledger);
    engine.run(1);
    REQUIRE(ledger->archive(INT64_MAX, folder / "all.db").ok());
    CHECK(number(folder / "all.db", "SELECT count(*) FROM audit WHERE kind = 14") == 1);
    CHECK(findings(*ledger).empty());
    std::filesystem::remove(folder / "all.db");
    CHECK(findings(*ledger).empty());
}

TEST_CASE("a ledger is restored in an empty folder, with its archives") {
    const TempFolder folder, other;
    {
        const auto ledger = must_open(folder / "ledger.db");
        Engine engine(*ledger, 2);
        engine.run(6);
        REQUIRE(ledger->archive(start_ns + 2 * minute_ns, folder / "first.db").ok());
        REQUIRE(ledger->backup(folder / "copy.db").ok());
    }
    std::filesystem::rename(folder / "first.db", other / "first.db");
    const auto report = restore(other / "ledger.db", writer(), folder / "copy.db", false);
    REQUIRE_MESSAGE(report.ok(), error_of(report));
    CHECK(report->missing_archives.empty());
    CHECK(report->aside.empty());
    CHECK(files_with(other, "restoring").empty());
    const auto verified = must_open(other / "ledger.db")->verify({});
    CHECK(verified->clean());
    CHECK(verified->complete());
    CHECK(verified->decisions == 12);
}

TEST_CASE("what is damaged or of another network is not restored, and the ledger stays") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 2);
        engine.run(2);
        REQUIRE(ledger->backup(folder / "copy.db").ok());
    }
    std::filesystem::copy_file(folder / "copy.db", folder / "bad.db");
    tamper(folder / "bad.db", "UPDATE decision SET usd_e8 = 1 WHERE epoch = 1");
    CHECK(holds_text(error_of(restore(path, writer(), folder / "bad.db", true)), "not restored: it has "));
    CHECK(holds_text(error_of(restore(path, writer(Mode::live, 1), folder / "copy.db", true)),
                     "belongs to another network"));
    CHECK(holds_text(error_of(restore(path, writer(), path, true)), "is the ledger itself"));
    CHECK(files_with(folder, "restoring").empty());
    CHECK(files_with(folder, "replaced").empty());
    CHECK(number(path, count_decisions) == 4);
    CHECK(findings(*must_open(path)).empty());
}

TEST_CASE("the WAL of a ledger that is replaced goes aside with it") {
    const TempFolder folder, life;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(life / "ledger.db");
        Engine engine(*ledger, 4);
        REQUIRE(ledger->backup(folder / "copy.db").ok());
        engine.run(5);
        for (const char* file : {"ledger.db", "ledger.db-wal"}) std::filesystem::copy_file(life / file, folder / file);
    }
    const auto report = restore(path, writer(), folder / "copy.db", true);
    REQUIRE_MESSAGE(report.ok(), error_of(report));
    CHECK(number(path, count_decisions) == 0);
    CHECK(number(report->aside, count_decisions) == 20);
}

TEST_CASE("a copy without its WAL is opened with a notice that the chain records") {
    const TempFolder folder;
    {
        const auto ledger = must_open(folder / "ledger.db");
        Engine engine(*ledger, 4);
        engine.run(5);
        std::filesystem::copy_file(folder / "ledger.db", folder / "bare.db");
    }
    std::string said;
    auto options = writer();
    options.notice = [&](const std::string& text) { said += text; };
    static_cast<void>(must_open(folder / "ledger.db", options));
    CHECK(said.empty());
    const auto ledger = must_open(folder / "bare.db", options);
    CHECK(holds_text(said, "opened without its WAL"));
    CHECK(findings(*ledger).empty());
    CHECK(number(folder / "bare.db", "SELECT count(*) FROM audit WHERE kind = 12 AND body LIKE 'ledger-wal: %'") == 1);
}

TEST_CASE("traces of a lost ledger are found, and none in a folder that is fresh") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    CHECK(traces_of_lost_ledger(path).empty());
    std::filesystem::create_directory(folder / "plugins");
    CHECK(traces_of_lost_ledger(path).empty());
    // A first start that ended before anything was recorded.
    static_cast<void>(must_open(path));
    CHECK(traces_of_lost_ledger(path).empty());
    {
        const auto ledger = must_open(path);
        std::filesystem::copy_file(path, folder / "early");
        // As a worker's, without a chain.
        REQUIRE(ledger->kv_put("services", "found", "[]", {}).ok());
        std::ofstream(folder / "archive.key") << "key";
        CHECK(traces_of_lost_ledger(path).empty());
    }
    const auto found = [&] {
        std::string out;
        for (const auto& trace : traces_of_lost_ledger(path)) out += trace + "\n";
        return out;
    };
    std::filesystem::remove(path);
    CHECK(holds_text(found(), "ledger.db.lock"));
    CHECK(holds_text(found(), "archive.key"));
    CHECK(holds_text(found(), "early: an archive or a copy of a ledger"));
    std::filesystem::remove(folder / "archive.key");
    std::filesystem::remove(folder / "ledger.db.lock");
    std::filesystem::rename(folder / "early", path);
    CHECK(found() == "ledger.db was not closed, and its WAL is missing\n");
    std::ofstream(path) << std::string(8192, 'x');
    CHECK(found().empty());  // not lost: opening it says what it is
}

TEST_CASE("a migration makes a backup first, and says where") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 2);
        engine.run(2);
    }
    CHECK(files_with(folder, ".schema-").empty());
    tamper(path,
           "ALTER TABLE archive DROP COLUMN signer; DROP TABLE fee_state; DROP TABLE state_before; DROP TABLE pardon; "
           "DROP TABLE manual_payment; DROP TABLE answered_request; "
           "DROP TABLE objection; DROP TABLE objection_answer; DROP TABLE payout; DROP TABLE slot; "
           "DROP TABLE attempt; DROP TABLE payout_step; DROP TABLE slot_end; DROP TABLE network; "
           "DROP TABLE network_of; DROP TABLE debt; DROP TABLE demand; DROP INDEX audit_orchestrator; "
           "ALTER TABLE orchestrator DROP COLUMN network; "
           "ALTER TABLE price RENAME COLUMN network TO id; "
           "PRAGMA user_version = 1");
    std::string said;
    auto options = writer();
    options.notice = [&](const std::string& text) { said += text; };
    CHECK(findings(*must_open(path, options)).empty());
    const auto made = files_with(folder, ".schema-1-");
    REQUIRE(made.size() == 1);
    CHECK(holds_text(said, made.front().string()));
    CHECK(number(made.front(), "PRAGMA user_version") == 1);
    CHECK(number(made.front(), count_decisions) == 4);
    CHECK(number(path, "PRAGMA user_version") == 10);
    // It can be restored, and migrates without a further backup.
    const auto report = restore(path, writer(), made.front(), true);
    REQUIRE_MESSAGE(report.ok(), error_of(report));
    CHECK(files_with(folder, ".schema-").size() == 1);
    CHECK(number(path, count_decisions) == 4);
}

TEST_CASE("a reader that holds the WAL is noticed, and its end as well") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 60);
    const auto wal_pages = [&] { return std::filesystem::file_size(path.string() + "-wal") / (4096 + 24); };
    // Without a reader the WAL is written over from its beginning.
    for (int i = 0; i < 300; ++i) {
        engine.run(1);
        REQUIRE(ledger->wal()->held_ns == 0);
    }
    const auto usual = wal_pages();
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM meta", nullptr, nullptr, nullptr) == SQLITE_OK);
    for (int i = 0; i < 1'000 && ledger->wal()->held_ns == 0; ++i) engine.run(1);
    const auto held = ledger->wal();
    CHECK(held->held_ns > 0);
    CHECK(ledger->wal()->held_ns > held->held_ns);
    while (wal_pages() < usual + 1'000) engine.run(1);
    CHECK(ledger->wal()->bytes > held->bytes);
    sqlite3_close(other);
    CHECK(ledger->wal()->held_ns == 0);
    const auto grown = wal_pages();
    engine.run(100);
    CHECK(wal_pages() <= grown);
    CHECK(ledger->wal()->held_ns == 0);
    CHECK(findings(*ledger).empty());
}

TEST_CASE("an alert about the WAL begins after two minutes and has its size") {
    CHECK(!held_wal_text({.bytes = 1 << 30, .held_ns = 2 * minute_ns - 1}));
    const auto text = held_wal_text({.bytes = 700 << 20, .held_ns = 5 * minute_ns});
    REQUIRE(text);
    CHECK(holds_text(*text, "for 5 minutes: it has 700 MiB"));
}
