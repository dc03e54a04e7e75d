#include "tools/jobs/plan.hpp"

#include <doctest/doctest.h>

#include "livepeer/wire.hpp"
#include "tools/jobs/host_config.hpp"
#include "tools/jobs/load.hpp"

using namespace stipend::jobs;

TEST_CASE("a request goes to the path of the capability, pinned where an orchestrator is asked") {
    const Way way{.gateway = "http://127.0.0.1:9935"};
    const auto text = request_of(head_of(way, "127.0.0.1:9935", {.address = "https://10.0.0.7:9995"}), "{}");
    CHECK(text == stipend::cat("POST /process/request/agent-net HTTP/1.1\r\nHost: 127.0.0.1:9935\r\n"
                               "Content-Type: application/json\r\nLivepeer: ",
                               livepeer::livepeer_header("https://10.0.0.7:9995", "agent-net", 20),
                               "\r\nContent-Length: 2\r\n\r\n{}"));
    CHECK(head_of(way, "h", {}).find(livepeer::unpinned_header("agent-net", 20)) != std::string::npos);
    CHECK(Way{.gateway = "http://a", .path = "/x/y"}.url_path() == "/process/request/x/y");
}

TEST_CASE("an orchestrator may be given with the address that it announces") {
    const auto asked = parse_orchestrator("https://10.0.0.7:9995/=https://orch.example:9995");
    REQUIRE(asked.ok());
    CHECK(asked->address == "https://10.0.0.7:9995");
    CHECK(asked->announced == std::vector<std::string>{"https://orch.example:9995"});
    CHECK_FALSE(parse_orchestrator("10.0.0.7:9995").ok());
    CHECK_FALSE(parse_orchestrator("https://10.0.0.7:9995=").ok());
}

TEST_CASE("a load of what a host pays is found, under any spelling, and where any may be asked") {
    const std::vector<std::string> paid{"https://10.0.0.7:9995"};
    CHECK(first_paid({{.address = "https://10.0.0.8:9995"}, {.address = "https://10.0.0.7:9995/"}}, paid) ==
          "https://10.0.0.7:9995/");
    CHECK(first_paid({{.address = "https://10.0.0.8:9995"}}, paid).empty());
    CHECK(first_paid({}, paid) == "https://10.0.0.7:9995");
    CHECK(first_paid({}, {}).empty());
}

TEST_CASE("the generator was the bottleneck where one job in a hundred was late or never sent") {
    Plan plan;
    Run run;
    run.totals.planned = 1000;
    run.totals.sent = 1000;
    run.late_generator = 10;
    CHECK(run.bound_by(plan).empty());
    run.late_generator = 11;
    CHECK(run.bound_by(plan) == "this program was late: it wants more of a processor");
    run.late_generator = 0;
    run.totals.sent = 989;
    CHECK(run.bound_by(plan) == "all 1000 connections were busy (--connections)");
    plan.closed = true;
    run.elapsed_ns = 100;
    run.cpu_ns = 94;
    CHECK(run.bound_by(plan).empty());
    run.cpu_ns = 95;
    CHECK_FALSE(run.bound_by(plan).empty());
}
