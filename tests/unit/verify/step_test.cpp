#include "tools/verify/step.hpp"

#include <doctest/doctest.h>

#include <string>

#include "stipend/json_parse.hpp"

using namespace stipend::verify;
using stipend::Json;

namespace {

const std::string one = "https://10.0.0.7:9995";
const std::string two = "https://10.0.0.8:9995";

void add(Report& report, StepId id, Found found, const std::string& orchestrator = {}) {
    report.add({.id = id, .orchestrator = orchestrator, .found = std::move(found), .took_ns = 1'234'567});
}

}  // namespace

TEST_CASE("a step needs only steps before it") {
    for (std::size_t at = 1; at <= steps; ++at) {
        const auto id = static_cast<StepId>(at);
        CHECK_FALSE(name_of(id).empty());
        for (const auto need : needs_of(id)) CHECK(need < id);
    }
}

TEST_CASE("a step that was not taken is in the way of those that need it") {
    Report report;
    CHECK(report.blocked_by(StepId::dns, {}) == std::nullopt);
    CHECK(report.blocked_by(StepId::tcp, {}) == StepId::dns);
    add(report, StepId::dns, passed("10.0.0.1"));
    CHECK(report.blocked_by(StepId::tcp, {}) == std::nullopt);
    CHECK(report.blocked_by(StepId::tls, {}) == StepId::tcp);
}

TEST_CASE("what failed or was skipped is in the way, and what was not needed is not") {
    for (const auto& [found, blocks] : {std::pair{passed("yes"), false},
                                        {failed("no", "mend it"), true},
                                        {skipped("needs step 1"), true},
                                        {not_needed("it is http"), false}}) {
        Report report;
        add(report, StepId::tls, found);
        CHECK(report.blocked_by(StepId::route, {}).has_value() == blocks);
    }
}

TEST_CASE("a job needs the gateway and its own orchestrator, and no other one") {
    Report report;
    add(report, StepId::sentinel, passed("well"));
    for (const auto id : {StepId::capacity, StepId::price}) add(report, id, passed("good"), one);
    add(report, StepId::capacity, failed("no free slot", "register"), two);
    add(report, StepId::price, passed("good"), two);
    CHECK(report.blocked_by(StepId::job, one) == std::nullopt);
    CHECK(report.blocked_by(StepId::job, two) == StepId::capacity);
    CHECK(report.blocked_by(StepId::job, "https://10.0.0.9:9995") == StepId::capacity);
}

TEST_CASE("verdicts are counted") {
    Report report;
    add(report, StepId::dns, passed("yes"));
    add(report, StepId::tcp, failed("no", "mend it"));
    add(report, StepId::tls, skipped("needs step 2"));
    add(report, StepId::route, skipped("needs step 3"));
    CHECK(sum_of(report) == "1 passed, 1 failed, 2 skipped");
}

TEST_CASE("a step is one line, and what to do next another one") {
    const Step step{.id = StepId::tcp, .orchestrator = {}, .found = failed("no", "mend it"), .took_ns = 1'234'567};
    CHECK(line_of(step) == " 2 FAIL  tcp             1.234 ms  no\n                             next:  mend it\n");
    const Step good{.id = StepId::audit, .orchestrator = {}, .found = passed("clean"), .took_ns = 0};
    CHECK(line_of(good) == "16 PASS  audit               0 ms  clean\n");
}

TEST_CASE("control characters of the evidence never reach a terminal, and a long one is cut") {
    const Step step{.id = StepId::job,
                    .orchestrator = one,
                    .found = failed("a\x1b[2J\nb" + std::string(10'000, 'x'), "c\x1b[2J"),
                    .took_ns = 0};
    const auto line = line_of(step);
    CHECK(line.find('\x1b') == std::string::npos);
    CHECK(line.find("a<U+001B>[2J<U+000A>b") != std::string::npos);
    CHECK(line.find("c<U+001B>[2J") != std::string::npos);
    CHECK(line.size() < 3'000);
}

TEST_CASE("JSON has each step with its verdict, duration, evidence and what to do next") {
    Report report;
    add(report, StepId::dns, passed("10.0.0.1"));
    add(report, StepId::price, failed("5 wei\x1b", "ask less"), one);
    const auto read = stipend::parse_json(json_of(report).dump());
    REQUIRE(read.ok());
    CHECK(read->find("passed")->text() == "1");
    CHECK(read->find("failed")->text() == "1");
    CHECK(read->find("skipped")->text() == "0");
    const auto& list = read->find("steps")->items();
    REQUIRE(list.size() == 2);
    CHECK(list[0].dump() == R"({"step":1,"name":"dns","orchestrator":null,"verdict":"PASS","duration_ms":1.234,)"
                            R"("evidence":"10.0.0.1","next":null})");
    CHECK(list[1].find("orchestrator")->text() == one);
    CHECK(list[1].find("evidence")->text() == "5 wei\x1b");
    CHECK(list[1].find("next")->text() == "ask less");
}
