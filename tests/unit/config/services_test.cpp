// The services that a worker watches, and what checks may say beside their target.
#include <doctest/doctest.h>

#include "bad_file.hpp"
#include "fake_environment.hpp"
#include "host/config/load.hpp"
#include "host/config/plugin_config.hpp"
#include "stipend/duration.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

const std::string docker = "role: worker\nmonitors:\n  - { name: docker, plugin: monitor }\n";

Loaded watched(const std::string& text, const FakeEnvironment& environment = {}) {
    Diagnostics diagnostics;
    auto out = load_text("config.yaml", text, environment, diagnostics);
    REQUIRE(diagnostics.text() == "");
    return out;
}

std::string endpoints(const Services& services) {
    std::string out;
    for (const auto& one : services.watch) out += cat(out.empty() ? "" : " ", one.name, "=", endpoint_of(one));
    return out;
}

}  // namespace

TEST_CASE("a service is a name, a target, a service of Compose or a label") {
    const auto services =
        watched(docker +
                "services: { watch: [{ name: a }, { name: b, target: 'docker:c' }, { compose: net/redis }, "
                "{ label: tier=paid }, { name: d, label: tier }] }\n")
            .settings.services;
    CHECK(endpoints(services) ==
          "a=docker:a b=docker:c net/redis=docker:compose:net/redis tier=paid=docker:label:tier=paid "
          "d=docker:label:tier");
}

TEST_CASE("a service without a name or with two targets is refused at its line") {
    CHECK(diagnostics_of(docker + "services:\n  watch:\n    - { every: 10s }\n")
              .starts_with("config.yaml:6:7: services.watch[0]: the key \"name\" is missing, or compose or label"));
    CHECK(diagnostics_of(docker + "services:\n  watch:\n    - { compose: a/b, label: c }\n")
              .starts_with("config.yaml:6:7: services.watch[0]: got several of target, compose and label, want one"));
    CHECK(diagnostics_of(docker + "services:\n  watch:\n    - { compose: a/b }\n    - { name: a/b }\n")
              .find("has already: want it once") != std::string::npos);
}

TEST_CASE("MONITORED_SERVICES is the list where the file has none") {
    FakeEnvironment environment;
    environment.variables["MONITORED_SERVICES"] = " redis_scb, s1_*,,net/redis , tier=paid,redis_scb";
    environment.variables["CHECK_INTERVAL"] = "7";
    const std::string wanted =
        "redis_scb=docker:redis_scb s1_*=docker:s1_* net/redis=docker:compose:net/redis "
        "tier=paid=docker:label:tier=paid";
    for (const auto* rest : {"", "services: { watch: [] }\n", "services:\n  watch:\n"}) {
        const auto out = watched(docker + rest, environment);
        CHECK(endpoints(out.settings.services) == wanted);
        CHECK(out.settings.services.watch[0].every_ns == 7 * ns_per_s);
        CHECK(out.settings.services.watch[0].monitor == "docker");
        CHECK(out.warnings.empty());
    }
    const auto listed = watched(docker + "services: { watch: [{ name: a }] }\n", environment);
    CHECK(endpoints(listed.settings.services) == "a=docker:a");
    CHECK(listed.warnings ==
          std::vector<std::string>{"services.names (MONITORED_SERVICES) has no effect: services.watch has a list"});
}

TEST_CASE("MONITORED_SERVICES wants a monitor that is called docker") {
    FakeEnvironment environment;
    environment.variables["MONITORED_SERVICES"] = "a";
    Diagnostics diagnostics;
    static_cast<void>(load_text("config.yaml", "role: worker\n", environment, diagnostics));
    CHECK(diagnostics.text().find("got \"docker\", want a name that `monitors` has") != std::string::npos);
}

TEST_CASE("a check has options of its own and a rule for failures") {
    FakeEnvironment environment;
    environment.files["/t"] = "secret";
    const std::string begin = "monitors: [{ name: web, plugin: monitor }]\norchestrators:\n  - address: http://a:1\n";
    const auto out =
        watched(begin +
                    "    checks:\n      - { name: api, monitor: web, target: 'http://a/', down_after: 2 of 3, "
                    "options: { bearer: '${file:/t}', status: '200-299' } }\n",
                environment);
    const auto& check = out.settings.orchestrators[0].checks[0];
    CHECK(check.name == "api");
    CHECK(parse_down_after(check.down_after) == DownAfter{2, 3});
    CHECK(plugin_json(check.options) == R"({"bearer":"secret","status":"200-299"})");
    CHECK(check.target_pos.line == 5);
    CHECK(out.settings.secret_paths.contains("orchestrators[0].checks[0].options.bearer"));
    CHECK(diagnostics_of(begin + "    checks: [{ monitor: web, target: x, down_after: 4 of 3 }]\n")
              .find("got \"4 of 3\", want M of N looks, such as 2 of 3, with N up to 20") != std::string::npos);
    CHECK(diagnostics_of(begin + "    checks: [{ name: a, monitor: web, target: x }, { name: a, monitor: web, target: "
                                 "y }]\n")
              .find("has already: want it once") != std::string::npos);
}

TEST_CASE("more plugins answer jobs beside the first one, each by a name") {
    const auto settings = watched(docker +
                                  "workers:\n  - { name: live, plugin: runner, id: org.stipend.runner.worker, "
                                  "config: { orchestrator: 'https://h:1' } }\n  - { name: more, plugin: byoc }\n")
                              .settings;
    CHECK(settings.worker.plugin == "byoc");
    REQUIRE(settings.workers.size() == 2);
    CHECK(settings.workers[0].name == "live");
    CHECK(settings.workers[0].id == "org.stipend.runner.worker");
    CHECK(plugin_json(settings.workers[0].config) == R"({"orchestrator":"https://h:1"})");
    CHECK(watched(docker).settings.workers.empty());
    CHECK(diagnostics_of(docker + "workers: [{ plugin: byoc }]\n").find("the key \"name\" is missing") !=
          std::string::npos);
    CHECK(
        diagnostics_of(docker + "workers:\n  - { name: a, plugin: byoc }\n  - { name: a, plugin: runner }\n")
            .starts_with("config.yaml:6:13: workers[1].name: got \"a\", which workers[0].name at line 5, column 13 has "
                         "already: want it once"));
    std::string many;
    for (int i = 0; i < 17; ++i) many += cat("  - { name: w", i, ", plugin: byoc }\n");
    CHECK(diagnostics_of(docker + "workers:\n" + many).find("16") != std::string::npos);
    CHECK(diagnostics_of("workers: [{ name: a, plugin: byoc }]\n").find("workers") != std::string::npos);
}
