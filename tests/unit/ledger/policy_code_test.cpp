#include "host/ledger/policy_code.hpp"

#include <doctest/doctest.h>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

using Hashes = std::vector<std::string>;

std::string hash_of(GenerationId id) {
    return std::string(63, '0') + static_cast<char>('0' + id);
}

Hashes in_use(const std::filesystem::path& file, std::size_t most = 100) {
    auto out = policy_code_in_use(file, most);
    if (!out) FAIL(out.error().message);
    return std::move(out).value();
}

// A ledger with generations 1 to 9, each of other code, and decisions of the first alone.
std::filesystem::path nine_generations(const TempFolder& folder) {
    const auto file = folder / "ledger.db";
    const auto ledger = must_open(file);
    Engine engine(*ledger, 2);
    engine.run(2);
    Batch more;
    for (GenerationId id = 2; id <= 9; ++id) {
        more.generations.push_back(generation(id));
        more.generations.back().so_sha256 = hash_of(id);
    }
    engine.must_commit(more);
    return file;
}

}  // namespace

TEST_CASE("code is in use from the oldest decision on, the newest first") {
    const TempFolder folder;
    const auto file = nine_generations(folder);
    const std::string first(64, 'a');
    const Hashes all{hash_of(9), hash_of(8), hash_of(7), hash_of(6), hash_of(5),
                     hash_of(4), hash_of(3), hash_of(2), first};
    CHECK(in_use(file) == all);
    CHECK(in_use(file, 2) == Hashes{hash_of(9), hash_of(8)});

    // The first decision is of generation 8; a later one may be of one that was live beside it.
    tamper(file, "UPDATE decision SET generation = 8");
    CHECK(in_use(file) == Hashes{hash_of(9), hash_of(8), hash_of(7), hash_of(6)});
}

TEST_CASE("code that came back counts as new, once") {
    const TempFolder folder;
    const auto file = nine_generations(folder);
    tamper(file, "UPDATE generation SET so_sha256 = (SELECT so_sha256 FROM generation WHERE id = 1) WHERE id = 9");
    const auto found = in_use(file);
    CHECK(found.size() == 8);
    CHECK(found.front() == std::string(64, 'a'));
}

TEST_CASE("a ledger that is written is read beside its writer") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    CHECK(in_use(folder / "ledger.db").empty());  // no decision yet
    engine.run(1);
    CHECK(in_use(folder / "ledger.db") == Hashes{std::string(64, 'a')});
}

TEST_CASE("without a ledger no code is in use, and what is none is an error") {
    const TempFolder folder;
    CHECK(in_use(folder / "none.db").empty());
    tamper(folder / "other.db", "CREATE TABLE t(a)");
    const auto refused = policy_code_in_use(folder / "other.db", 10);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("other.db") != std::string::npos);
}
