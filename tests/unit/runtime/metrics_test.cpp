#include "host/runtime/metrics.hpp"

#include <doctest/doctest.h>

using stipend::runtime::Metrics;

TEST_CASE("a plugin's counter appears under its instance's name, and only grows") {
    Metrics metrics;
    const auto jobs = metrics.define("dispatch-2", STIPEND_METRIC_COUNTER, "jobs", "Jobs sent.");
    REQUIRE(jobs != 0);
    metrics.record(jobs, 2);
    metrics.record(jobs, -5);
    metrics.record(jobs, 1);
    CHECK(metrics.text().find("# HELP stipend_dispatch_2_jobs Jobs sent.") != std::string::npos);
    CHECK(metrics.text().find("\nstipend_dispatch_2_jobs 3\n") != std::string::npos);
}

TEST_CASE("a gauge is set, and may fall") {
    Metrics metrics;
    const auto depth = metrics.define("a", STIPEND_METRIC_GAUGE, "depth", "");
    metrics.record(depth, 7);
    metrics.record(depth, -2);
    CHECK(metrics.text().find("\nstipend_a_depth -2\n") != std::string::npos);
}

TEST_CASE("an instance that replaces another goes on counting") {
    Metrics metrics;
    metrics.record(metrics.define("a", STIPEND_METRIC_COUNTER, "n", ""), 1);
    metrics.record(metrics.define("a", STIPEND_METRIC_COUNTER, "n", ""), 1);
    CHECK(metrics.text().find("\nstipend_a_n 2\n") != std::string::npos);
}

TEST_CASE("bad names, another kind under one name, and too many are refused") {
    Metrics metrics;
    for (const char* name : {"", "Jobs", "9jobs", "jobs total", "jobs-total", "jobs{a=\"b\"}"})
        CHECK(metrics.define("a", STIPEND_METRIC_COUNTER, name, "") == 0);
    CHECK(metrics.define("a", 3, "jobs", "") == 0);
    REQUIRE(metrics.define("a", STIPEND_METRIC_COUNTER, "jobs", "") != 0);
    CHECK(metrics.define("a", STIPEND_METRIC_GAUGE, "jobs", "") == 0);
    for (std::size_t i = 1; i < Metrics::max_metrics; ++i)
        REQUIRE(metrics.define("a", STIPEND_METRIC_COUNTER, "m" + std::to_string(i), "") != 0);
    CHECK(metrics.define("a", STIPEND_METRIC_COUNTER, "one_more", "") == 0);
}

TEST_CASE("an unknown metric is ignored") {
    Metrics metrics;
    const auto before = metrics.text();
    metrics.record(0, 1);
    metrics.record(99, 1);
    CHECK(metrics.text() == before);
}

TEST_CASE("a counter of the host never falls") {
    Metrics metrics;
    metrics.raise_counter("decisions_total", "Decisions.", 5);
    metrics.raise_counter("decisions_total", "Decisions.", 3);
    CHECK(metrics.text().find("\nstipend_decisions_total 5\n") != std::string::npos);
    CHECK(metrics.define("decisions", STIPEND_METRIC_COUNTER, "total", "") == 0);
}
