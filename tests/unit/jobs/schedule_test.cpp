#include "tools/jobs/schedule.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "stipend/duration.hpp"

using namespace stipend::jobs;
using stipend::ns_per_ms;
using stipend::ns_per_s;

namespace {

std::vector<std::int64_t> all_of(Schedule schedule) {
    std::vector<std::int64_t> out;
    for (auto next = schedule.next(); next; next = schedule.next()) {
        out.push_back(*next);
        schedule.pop();
    }
    CHECK(schedule.popped() == out.size());
    return out;
}

}  // namespace

TEST_CASE("a bare rate is jobs a minute, and a unit may be a second, a minute or an hour") {
    CHECK(parse_rate("10")->per_second() == doctest::Approx(10.0 / 60));
    CHECK(parse_rate("100/s")->per_second() == doctest::Approx(100));
    CHECK(parse_rate("600/m")->per_second() == doctest::Approx(10));
    CHECK(parse_rate("5.5/h")->per_second() == doctest::Approx(5.5 / 3600));
    CHECK(parse_rate("200000/s").ok());
    for (const auto* bad : {"", "0", "-1", "x", "10/d", "1.0001", "200001/s", "/s"}) {
        CHECK_MESSAGE(!parse_rate(bad).ok(), bad);
    }
    CHECK(parse_rate("10/d").error().message ==
          "bad rate: got \"10/d\": want jobs a minute, such as 10, or 100/s, 600/m, 5/h");
}

TEST_CASE("constant arrivals are one interval apart, and no rounding adds up") {
    const auto four = all_of({*parse_rate("4/s"), Arrivals::constant, ns_per_s, 1});
    CHECK(four == std::vector<std::int64_t>{0, 250 * ns_per_ms, 500 * ns_per_ms, 750 * ns_per_ms});
    const auto thirds = all_of({*parse_rate("3/s"), Arrivals::constant, 1000 * ns_per_s, 1});
    REQUIRE(thirds.size() == 3000);
    CHECK(thirds[1] == 333'333'333);
    CHECK(thirds[3] == ns_per_s);
    CHECK(thirds[2999] == 999'666'666'666);
}

TEST_CASE("random arrivals are the same for the same seed, and have the rate and the spread of a Poisson process") {
    const auto rate = *parse_rate("1000/s");
    const auto one = all_of({rate, Arrivals::poisson, 20 * ns_per_s, 7});
    CHECK(one == all_of({rate, Arrivals::poisson, 20 * ns_per_s, 7}));
    CHECK(one != all_of({rate, Arrivals::poisson, 20 * ns_per_s, 8}));
    // 20,000 in the mean; five standard deviations are 707.
    CHECK(one.size() > 19'293);
    CHECK(one.size() < 20'707);
    // A gap longer than the mean has the share 1/e of all.
    std::size_t longer = 0;
    for (std::size_t at = 1; at < one.size(); ++at) longer += one[at] - one[at - 1] > ns_per_ms ? 1U : 0U;
    CHECK(static_cast<double>(longer) / static_cast<double>(one.size()) == doctest::Approx(0.3679).epsilon(0.05));
}
