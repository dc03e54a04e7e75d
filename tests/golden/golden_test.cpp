// A recorded run of 100,000 decisions is played, and must give the same rows, byte for byte.
//
// To record a new one, where rows change on purpose:
//     STIPEND_GOLDEN_RECORD=FOLDER build/dev/tests/golden_engine --no-skip -tc="a run is recorded"
//     (cd FOLDER && cmake -E tar cJf .../tests/golden/run.tar.xz run.txt && cp expected.txt .../tests/golden)
#include <cstdlib>
#include <fstream>

#include "run.hpp"

namespace golden {

Machine::Totals play(const std::filesystem::path& run, const std::filesystem::path& expected, std::int64_t parts) {
    std::map<std::int64_t, std::map<std::string, std::string>> wanted;
    std::ifstream expected_in(expected);
    std::int64_t number = 0;
    std::string table;
    std::string digest;
    while (expected_in >> number >> table && std::getline(expected_in >> std::ws, digest)) {
        wanted[number][table] = digest;
    }
    REQUIRE(!wanted.empty());

    Machine machine;
    std::ifstream in(run);
    std::string text;
    std::int64_t checked = 0;
    for (std::uint64_t at = 1; checked < parts && std::getline(in, text); ++at) {
        INFO("line " << at << ": " << text);
        Line line;
        REQUIRE(parse(text, line));
        if (line.kind != 'h') {
            machine.take(line);
            continue;
        }
        checked = line.numbers.at(0);
        for (const auto& [name, held] : machine.ledger()) {
            CAPTURE(name);
            CHECK(held == wanted[checked][name]);
        }
        CHECK(machine.ledger().size() == wanted[checked].size());
    }
    CHECK(checked == parts);
    machine.finish();
    return machine.totals();
}

namespace {

std::string summary(const Machine::Totals& t) {
    return stipend::cat(t.decisions, " decisions (", t.paid, " paid), ", t.held, " holds, ", t.gaps, " gaps, ", t.jobs,
                        " jobs, ", t.stray, " unexpected answers, ", t.commits, " commits, ", t.busy, " BUSY, ",
                        t.failed, " failed, ", t.restarts, " restarts, ", t.clock_set_back,
                        " with the clock set back, ", t.installed, " configurations, ", t.refused, " refused, ",
                        t.prices, " prices, ", t.refused_prices, " refused, ", t.failed_prices, " failed, ", t.alerts,
                        " alerts");
}

}  // namespace
}  // namespace golden

TEST_CASE("the golden run gives the same rows, byte for byte") {
    const auto totals = golden::play(STIPEND_GOLDEN_RUN, STIPEND_GOLDEN_EXPECTED, STIPEND_GOLDEN_PARTS);
    MESSAGE(golden::summary(totals));
    CHECK(totals.decisions >= std::uint64_t{10'000} * STIPEND_GOLDEN_PARTS);
}

TEST_CASE("a run is recorded" * doctest::skip()) {
    const char* folder = std::getenv("STIPEND_GOLDEN_RECORD");
    REQUIRE(folder != nullptr);
    const char* decisions = std::getenv("STIPEND_GOLDEN_DECISIONS");
    MESSAGE(golden::summary(golden::record(folder, decisions == nullptr ? 100'000 : std::stoull(decisions))));
}
