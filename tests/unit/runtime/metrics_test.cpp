#include "host/runtime/metrics.hpp"

#include <doctest/doctest.h>

using stipend::runtime::MetricPage;
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

TEST_CASE("a help is one line, and no metric is without one") {
    Metrics metrics;
    metrics.define("a", STIPEND_METRIC_GAUGE, "n", "two\nlines 1");
    metrics.define("a", STIPEND_METRIC_GAUGE, "m", "");
    CHECK(metrics.text().find("\nlines") == std::string::npos);
    CHECK(metrics.text().find("# HELP stipend_a_m Of the plugin instance a.\n") != std::string::npos);
}

TEST_CASE("the text has the labels of a page, escaped and as UTF-8") {
    MetricPage page;
    page.gauges("shown", "Values.");
    page.add({{"name", "a \"b\" \\ c"}}, 1);
    page.add({{"name", "line\nend"}}, 2);
    page.add({{"name", "\xff"}}, 3);
    page.add({{"name", "\u00fc"}}, 4);
    page.gauges("empty", "No values.");
    page.counters("counted_total", "Counts.");
    page.add({}, 5);
    const auto text = Metrics().text(page);
    CHECK(text.find("stipend_shown{name=\"a \\\"b\\\" \\\\ c\"} 1\n") != std::string::npos);
    CHECK(text.find("stipend_shown{name=\"line<U+000A>end\"} 2\n") != std::string::npos);
    CHECK(text.find("stipend_shown{name=\"<0xFF>\"} 3\n") != std::string::npos);
    CHECK(text.find("stipend_shown{name=\"\u00fc\"} 4\n") != std::string::npos);
    CHECK(text.find("# TYPE stipend_counted_total counter\nstipend_counted_total 5\n") != std::string::npos);
    CHECK(text.find("stipend_empty") == std::string::npos);
}

TEST_CASE("a histogram counts what is within each bound") {
    stipend::runtime::CommitTimes times;
    times.add(1'000'000);      // 1 ms, the first bound itself
    times.add(1'001'000);      // beyond it
    times.add(9'000'000'000);  // beyond all
    times.add(-1);             // of a clock that was set
    MetricPage page;
    page.histograms("took_seconds", "Durations.");
    page.add({}, times);
    const auto text = Metrics().text(page);
    CHECK(text.find("stipend_took_seconds_bucket{le=\"0.001\"} 2\n") != std::string::npos);
    CHECK(text.find("stipend_took_seconds_bucket{le=\"0.0025\"} 3\n") != std::string::npos);
    CHECK(text.find("stipend_took_seconds_bucket{le=\"5\"} 3\n") != std::string::npos);
    CHECK(text.find("stipend_took_seconds_bucket{le=\"+Inf\"} 4\n") != std::string::npos);
    CHECK(text.find("stipend_took_seconds_count 4\n") != std::string::npos);
    CHECK(text.find("stipend_took_seconds_sum 9.002001\n") != std::string::npos);
}

TEST_CASE("a plugin's metric never doubles one of the page") {
    Metrics metrics;
    metrics.record(metrics.define("shown", STIPEND_METRIC_GAUGE, "value", "A plugin's."), 7);
    MetricPage page;
    page.gauges("shown_value", "The host's.");
    page.add({}, 1);
    const auto text = metrics.text(page);
    CHECK(text.find("stipend_shown_value 1\n") != std::string::npos);
    CHECK(text.find("stipend_shown_value 7\n") == std::string::npos);
}
