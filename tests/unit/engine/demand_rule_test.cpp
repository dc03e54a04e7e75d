#include "host/ledger/demand_rule.hpp"

#include <doctest/doctest.h>

#include "host/ledger/invariants.hpp"
#include "stipend/duration.hpp"

using namespace stipend;
using namespace stipend::ledger;

namespace {

constexpr std::int64_t minute = 60 * ns_per_s;
constexpr stipend_unix_ns noon = 1'800'000'000 * ns_per_s;

DemandRules rules() {
    return {.every_ns = 5 * minute,
            .target_ppm = 2'000'000,  // two jobs per orchestrator
            .floor_ppm = 800'000,
            .ceiling_ppm = 1'500'000,
            .damping_ppm = 250'000,
            .step_ppm = 100'000};
}

// A chain of cycles.
struct Cycles {
    DemandRules by = rules();
    DemandWindow window = {};
    std::optional<Demand> last = {};
    stipend_unix_ns now = noon;

    Demand next(std::uint64_t asked, std::uint64_t up, std::uint64_t failed = 0, std::uint64_t waiting = 0) {
        const auto from = std::exchange(now, now + by.every_ns);
        last = next_demand(by, window, last ? &*last : nullptr,
                           {.from = from, .at = now, .asked = asked, .failed = failed, .waiting = waiting, .up = up});
        window.add(*last);
        CHECK(!broken_invariant(*last));
        return *last;
    }
};

}  // namespace

TEST_CASE("the factor goes a share of the way to jobs per orchestrator over the target") {
    Cycles one;
    // 30 jobs of 10 orchestrators with a target of 2: 1.5 is asked for. A quarter of the way is 0.125, above the step.
    auto row = one.next(30, 10);
    CHECK(wanted_ppm(row) == 1'500'000);
    CHECK(row.before_ppm == 1'000'000);
    CHECK(row.factor_ppm == 1'100'000);
    // 21 jobs: 1.05, which is below; a quarter of -0.05.
    row = one.next(21, 10);
    CHECK(wanted_ppm(row) == 1'050'000);
    CHECK(row.factor_ppm == 1'087'500);
    // Rounded towards the factor before, and the demand rounded down: 7 jobs of 3 (10 were up): 0.35, held by the
    // floor.
    row = one.next(7, 3);
    CHECK(row.supply == 10);
    CHECK(wanted_ppm(row) == 800'000);
    CHECK(row.factor_ppm == 1'087'500 - 71'875);
    one.by.damping_ppm = 1'000'000;
    one.by.step_ppm = 100 * demand_one;
    CHECK(one.next(23, 10).factor_ppm == 1'150'000);
    CHECK(one.next(1, 10, 0, 22).factor_ppm == 1'150'000);  // what waits counts like what was asked for
    one.by.target_ppm = 3;
    CHECK(one.next(1, 10).factor_ppm == 1'500'000);
    one.by.target_ppm = 7'000'000;
    CHECK(one.next(80, 10).factor_ppm == 1'142'857);
}

TEST_CASE("a cycle that took longer counts by its length") {
    Cycles one;
    one.by.damping_ppm = demand_one;
    one.by.step_ppm = 100 * demand_one;
    const auto row =
        next_demand(one.by, one.window, nullptr,
                    {.from = noon, .at = noon + 10 * minute, .asked = 50, .failed = 0, .waiting = 0, .up = 10});
    CHECK(row.factor_ppm == 1'250'000);
}

TEST_CASE("within any 24 hours the factor moves by no more than the step") {
    Cycles one;
    std::vector<Demand> rows;
    // Two days of more than enough, then two of nothing.
    for (int at = 0; at < 4 * 288; ++at) rows.push_back(one.next(at < 2 * 288 ? 1000 : 0, 10));
    for (std::size_t at = 0; at < rows.size(); ++at) {
        for (std::size_t before = at >= 287 ? at - 287 : 0; before < at; ++before) {
            REQUIRE(std::abs(rows[at].factor_ppm - rows[before].factor_ppm) <= 100'000);
        }
    }
    CHECK(rows[0].factor_ppm == 1'100'000);
    CHECK(rows[286].factor_ppm == 1'100'000);
    CHECK(rows[2 * 288 - 1].factor_ppm == 1'200'000);
    CHECK(rows.back().factor_ppm <= 1'100'000);
    CHECK(rows.back().factor_ppm >= 1'000'000);
}

TEST_CASE("bounds that were changed hold at once, and nothing leads further out of them") {
    Cycles one;
    one.by.damping_ppm = demand_one;
    one.by.step_ppm = 400'000;
    CHECK(one.next(1000, 10).factor_ppm == 1'400'000);
    one.by.ceiling_ppm = 1'200'000;
    CHECK(one.next(1000, 10).factor_ppm == 1'200'000);
    one.by.step_ppm = 10'000;
    // 1.4 was in force less than a day ago: no further down than 1.39, so it stays.
    CHECK(one.next(0, 10).factor_ppm == 1'200'000);
}

// What a coalition of `members` of ten is paid over 1000 cycles, `offline` of them away from cycle `since` on: each
// that is up is paid the factor.
std::int64_t paid_to(std::uint64_t members, std::uint64_t offline, int since, std::uint64_t jobs) {
    Cycles one;
    std::int64_t out = 0;
    for (int cycle = 0; cycle < 1000; ++cycle) {
        const auto away = cycle < since ? 0 : offline;
        const auto row = one.next(jobs, 10 - away);
        out += static_cast<std::int64_t>(members - away) * row.factor_ppm;
    }
    return out;
}

TEST_CASE("where half go offline on purpose the factor does not rise, and those that remain are paid no more") {
    for (const std::uint64_t jobs : {0U, 10U, 16U, 20U, 26U, 40U}) {
        Cycles all, half;
        for (int cycle = 0; cycle < 1000; ++cycle) {
            const auto stays = all.next(jobs, 10).factor_ppm;
            const auto leaves = half.next(jobs, cycle < 300 ? 10 : 5).factor_ppm;
            REQUIRE(leaves == stays);
        }
    }
}

TEST_CASE("no coalition is paid more where some of it go offline, at any time and at any demand") {
    for (const std::uint64_t jobs : {0U, 10U, 16U, 20U, 26U, 40U}) {
        for (std::uint64_t members = 1; members <= 10; ++members) {
            const auto together = paid_to(members, 0, 0, jobs);
            for (std::uint64_t offline = 1; offline <= members && offline < 10; ++offline) {
                CAPTURE(jobs);
                CAPTURE(members);
                CAPTURE(offline);
                CHECK(paid_to(members, offline, 300, jobs) < together);
                // From the first day on: at most the rounding of a damped factor, some parts per million, is gained.
                CHECK(paid_to(members, offline, 0, jobs) <= together + 1000 * 10 * 5);
            }
        }
    }
}

TEST_CASE("more that are up lower the factor; it does not rise again when they leave") {
    Cycles one;
    one.by.damping_ppm = demand_one;
    one.by.step_ppm = 100 * demand_one;
    CHECK(one.next(20, 10).factor_ppm == 1'000'000);
    CHECK(one.next(20, 12).factor_ppm == 833'333);
    CHECK(one.next(20, 10).factor_ppm == 833'333);
    CHECK(one.next(20, 0).factor_ppm == 833'333);
}

TEST_CASE("a job that failed and is asked for again counts once, in whichever cycles that is") {
    Cycles one;
    one.by.damping_ppm = demand_one;
    one.by.step_ppm = 100 * demand_one;
    CHECK(one.next(30, 10, 10).factor_ppm == 1'000'000);  // ten failed, and were asked for again among the thirty
    // Thirty fail in a cycle in which nothing else is asked for: they are taken off the cycles that follow.
    CHECK(one.next(0, 10, 30).factor_ppm == 800'000);
    const auto next = one.next(40, 10);
    CHECK(next.failed == 30);
    CHECK(wanted_ppm(next) == 800'000);
    CHECK(one.next(20, 10).failed == 0);
    CHECK(one.last->factor_ppm == 1'000'000);
}

TEST_CASE("where none was ever up the factor stays") {
    Cycles one;
    CHECK(one.next(1000, 0).factor_ppm == 1'000'000);
    CHECK(one.last->supply == 0);
}

TEST_CASE("a factor that its own numbers do not give is refused") {
    Cycles one;
    auto row = one.next(26, 10);
    row.factor_ppm += 1;
    REQUIRE(broken_invariant(row));
    CHECK(broken_invariant(row)->find("want 1075000") != std::string::npos);
    row.factor_ppm -= 1;
    row.supply = 9;
    CHECK(broken_invariant(row));
    row.supply = 10;
    row.rules.floor_ppm = 0;
    CHECK(broken_invariant(row));
    const auto off = no_demand(one.window, *one.last, one.now + 1);
    CHECK(!broken_invariant(off));
    CHECK(off.factor_ppm == 0);
    CHECK(off.supply == 10);
}

TEST_CASE("numbers of any size are computed exactly or held by the ceiling") {
    auto one = Cycles();
    one.by.target_ppm = 1;
    one.by.damping_ppm = 1;
    const auto row = one.next(INT64_MAX, 1, 0, INT64_MAX);
    CHECK(wanted_ppm(row) == 1'500'000);
    CHECK(row.factor_ppm == 1'000'000);  // half of one part per million, rounded towards the factor before
}
