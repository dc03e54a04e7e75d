#include "tools/jobs/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using stipend::jobs::Histogram;

TEST_CASE("an empty histogram has no percentile") {
    CHECK_FALSE(Histogram().percentile(500).has_value());
    CHECK(Histogram().count() == 0);
}

TEST_CASE("each percentile is at most a thousandth above the exact one, over all magnitudes") {
    std::mt19937_64 random(3);
    Histogram histogram;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20'000; ++i) {
        const auto us = static_cast<std::int64_t>(random() >> (24 + random() % 40));
        all.push_back(std::min(us, Histogram::max_us));
        histogram.record(us);
    }
    std::sort(all.begin(), all.end());
    for (const std::uint32_t permille : {1U, 10U, 500U, 900U, 990U, 999U, 1000U}) {
        const auto exact = all[(all.size() * permille + 999) / 1000 - 1];
        const auto got = *histogram.percentile(permille);
        CHECK(got >= exact);
        CHECK(got - exact <= exact / 1000);
    }
    CHECK(histogram.max() == all.back());
    CHECK(histogram.percentile(1000) == all.back());
}

TEST_CASE("a percentile is the smallest duration that so many are within") {
    Histogram histogram;
    for (std::int64_t us = 1; us <= 1000; ++us) histogram.record(us);
    CHECK(histogram.percentile(500) == 500);
    CHECK(histogram.percentile(990) == 990);
    CHECK(histogram.percentile(999) == 999);
    CHECK(histogram.percentile(1000) == 1000);
}

TEST_CASE("a duration outside of the range counts as its end") {
    Histogram histogram;
    histogram.record(-5);
    CHECK(histogram.percentile(1000) == 0);
    histogram.record(Histogram::max_us + 1);
    CHECK(histogram.max() == Histogram::max_us);
    CHECK(histogram.percentile(1000) == Histogram::max_us);
}
