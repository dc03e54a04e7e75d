// Code in the host's process that closes a descriptor of the ledger: nothing is written into the file that has its
// number by then.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

// The number by which this process has the file open; the only one.
int number_of(const std::filesystem::path& file) {
    int found = -1;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path(), gone) != file) continue;
        REQUIRE(found == -1);
        const auto name = entry.path().filename().native();
        std::from_chars(name.data(), name.data() + name.size(), found);
    }
    REQUIRE(found >= 0);
    return found;
}

std::string content_of(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

}  // namespace

TEST_CASE("a ledger whose descriptor is another file's by now writes nothing more, and says so") {
    const std::string content(1 << 20, 'v');
    for (const auto* suffix : {"", "-wal"}) {
        for (const bool reused : {false, true}) {
            CAPTURE(suffix);
            CAPTURE(reused);
            const TempFolder folder;
            const auto path = folder / "ledger.db";
            const auto victim = folder / "victim";
            std::ofstream(victim, std::ios::binary) << content;
            Head before;
            {
                const auto ledger = must_open(path);
                Engine engine(*ledger, 3);
                engine.run(2);
                before = *ledger->head();
                const int number = number_of(path.native() + suffix);
                if (reused) {
                    const int other = ::open(victim.c_str(), O_RDWR | O_CLOEXEC);
                    REQUIRE(::dup3(other, number, O_CLOEXEC) == number);
                    ::close(other);
                } else {
                    ::close(number);
                }
                for (int attempt = 0; attempt < 2; ++attempt) {
                    const auto refused = engine.commit(engine.cycle());
                    REQUIRE_FALSE(refused.ok());
                    CHECK(refused.error().status == STIPEND_E_STATE);
                    CHECK(refused.error().permanent);
                    CHECK_MESSAGE(refused.error().message.find(
                                      cat("ledger.db", suffix, ": its descriptor was taken away: number ", number,
                                          " is ", reused ? "another file" : "closed")) != std::string::npos,
                                  refused.error().message);
                }
                CHECK(ledger->failed());
            }
            CHECK(content_of(victim) == content);
            const auto again = must_open(path);
            CHECK(*again->head() == before);
            Engine(*again).run(1);
            CHECK(again->verify({})->bad == 0);
        }
    }
}

TEST_CASE("readers of the same ledger may come and go") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    { static_cast<void>(Engine(*must_open(path), 3)); }
    auto earlier = must_open(path, reader());
    const auto ledger = must_open(path);
    Engine engine(*ledger);
    engine.run(1);
    auto later = must_open(path, reader());
    engine.run(1);
    earlier.reset();
    later.reset();
    engine.run(1);
    CHECK_FALSE(ledger->failed());
}
