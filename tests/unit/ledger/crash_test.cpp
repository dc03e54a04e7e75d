#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "tests/unit/ledger/faulty_disk.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

// Commits cycle after cycle, and writes the epoch of each committed cycle to `out`, until it is killed.
[[noreturn]] void commit_for_ever(const std::filesystem::path& path, int out) {
    const auto ledger = open(path, writer());
    if (!ledger) ::_exit(1);
    Engine engine(**ledger);
    for (;;) {
        if (!engine.commit(engine.cycle())) ::_exit(2);
        const std::uint64_t epoch = engine.state(1).epoch;
        if (::write(out, &epoch, sizeof epoch) != sizeof epoch) ::_exit(3);
    }
}

// Runs a child until it has reported `cycles` and `more_us` has passed; returns the last epoch that it reported.
std::uint64_t killed_child(const std::filesystem::path& path, int cycles, useconds_t more_us) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pipe[0]);
        commit_for_ever(path, pipe[1]);
    }
    ::close(pipe[1]);
    std::uint64_t reported = 0;
    std::uint64_t epoch = 0;
    for (int i = 0; i < cycles && ::read(pipe[0], &epoch, sizeof epoch) == sizeof epoch; ++i) reported = epoch;
    ::usleep(more_us);  // the test kills at a random moment
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &epoch, sizeof epoch) == sizeof epoch) reported = epoch;
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    return reported;
}

std::string message_of(const Result<void>& result) {
    return result ? std::string() : result.error().message;
}

// A failed ledger rejects writes, calls no fsync, and verifies when it is opened again.
void check_stopped(FaultyDisk& disk, std::unique_ptr<Ledger> ledger, Engine& engine, const std::filesystem::path& path,
                   std::uint64_t least, std::uint64_t most) {
    CHECK(ledger->failed());
    const int syncs = disk.syncs();
    disk.set(Fault::none);
    const auto later = ledger->commit(engine.cycle());
    REQUIRE(!later.ok());
    CHECK(later.error().status == STIPEND_E_STATE);
    CHECK(later.error().permanent);
    CHECK(later.error().message.find("writes nothing any more, until it is opened anew") != std::string::npos);
    ledger.reset();
    CHECK(disk.syncs() == 0);  // not even when it was closed
    CHECK(syncs <= 1);
    const auto again = must_open(path);
    CHECK(findings(*again).empty());
    const auto state = again->load_state();
    for (const auto& record : state->orchestrators) {
        CHECK(record.state.epoch >= least);
        CHECK(record.state.epoch <= most);
        CHECK(record.state.epoch == state->orchestrators[0].state.epoch);
    }
    Engine(*again).run(1);
    CHECK(findings(*again).empty());
}

}  // namespace

TEST_CASE("a host that is killed while it commits loses no acknowledged commit") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        const Engine engine(*ledger, 24);
    }
    std::mt19937 random(20);
    std::uint64_t last = 0;
    for (int round = 0; round < 20; ++round) {
        const std::uint64_t reported = killed_child(path, 1 + round % 3, static_cast<useconds_t>(random() % 12'000));
        const auto ledger = must_open(path);
        const auto report = ledger->verify({});
        REQUIRE(report.ok());
        CHECK(report->clean());
        const auto state = ledger->load_state();
        CHECK(reported > last);
        // The commit that was running is there completely or not at all.
        CHECK(state->orchestrators[0].state.epoch >= reported);
        for (const auto& record : state->orchestrators) {
            CHECK(record.state.epoch == state->orchestrators[0].state.epoch);
        }
        CHECK(report->decisions == 24 * state->orchestrators[0].state.epoch);
        last = state->orchestrators[0].state.epoch;
    }
}

TEST_CASE("a torn tail of the WAL is ignored, and earlier commits are kept") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 5);
    engine.run(40);  // beyond the end of the first WAL, which began with the tables and is written over
    const auto whole = std::filesystem::file_size(path.string() + "-wal");
    engine.run(1);
    const auto end = std::filesystem::file_size(path.string() + "-wal");
    REQUIRE(end > whole);
    for (const auto size : {whole + 1, (whole + end) / 2, end - 1}) {
        const auto copy = folder / "copy.db";
        for (const char* name : {"copy.db", "copy.db-wal", "copy.db-shm"}) std::filesystem::remove(folder / name);
        std::filesystem::copy_file(path, copy);
        std::filesystem::copy_file(path.string() + "-wal", copy.string() + "-wal");
        std::filesystem::resize_file(copy.string() + "-wal", size);
        const auto torn = must_open(copy);
        CHECK(torn->load_state()->orchestrators[0].state.epoch == 40);
        CHECK(findings(*torn).empty());
    }
}

TEST_CASE("a full disk stops the ledger, and no batch is written in part") {
    for (const int after : {0, 1, 3, 6, 9}) {
        CAPTURE(after);
        FaultyDisk disk;
        const TempFolder folder;
        auto ledger = must_open(folder / "ledger.db");
        Engine engine(*ledger, 60);
        engine.run(2);
        disk.set(Fault::full, after);
        const std::string message = message_of(engine.commit(engine.cycle()));
        CHECK(message.find("the disk is full") != std::string::npos);
        check_stopped(disk, std::move(ledger), engine, folder / "ledger.db", 2, 2);
    }
}

TEST_CASE("a write error stops the ledger") {
    FaultyDisk disk;
    const TempFolder folder;
    auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 60);
    engine.run(2);
    disk.set(Fault::write_error, 4);
    CHECK(message_of(engine.commit(engine.cycle())).find("the disk failed") != std::string::npos);
    check_stopped(disk, std::move(ledger), engine, folder / "ledger.db", 2, 2);
}

TEST_CASE("fsync is never repeated after a failure") {
    FaultyDisk disk;
    const TempFolder folder;
    auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 60);
    engine.run(2);
    disk.set(Fault::sync_log);
    CHECK(message_of(engine.commit(engine.cycle())).find("the disk failed") != std::string::npos);
    // That commit may be durable or not, but not in part.
    check_stopped(disk, std::move(ledger), engine, folder / "ledger.db", 2, 3);
}

TEST_CASE("a failed checkpoint stops the ledger, and the commit before it is durable") {
    FaultyDisk disk;
    const TempFolder folder;
    auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 60);
    disk.set(Fault::sync_database);
    int cycles = 0;
    while (!ledger->failed() && cycles < 1'000) {
        engine.run(1);
        ++cycles;
    }
    REQUIRE(ledger->failed());
    const auto epoch = static_cast<std::uint64_t>(cycles);
    // Each commit calls fsync once; only the checkpoint's own failed.
    disk.set(Fault::none);
    check_stopped(disk, std::move(ledger), engine, folder / "ledger.db", epoch, epoch);
}
