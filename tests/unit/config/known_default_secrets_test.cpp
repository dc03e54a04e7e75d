#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/load.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

const std::string mend = ", here and where it is checked, such as this prints: openssl rand -hex 32";
const std::string worker =
    "role: worker\n"
    "worker: { config: { secret: \"${ORCH_SECRET:-${ORCHESTRATOR_SECRET:-orch-secret}}\" } }\n";

struct Outcome {
    std::string diagnostics;
    std::vector<std::string> warnings;
};

Outcome outcome_of(const std::string& text, std::map<std::string, std::string> variables = {}) {
    FakeEnvironment environment;
    environment.variables = std::move(variables);
    Diagnostics diagnostics;
    auto loaded = load_text("worker.yaml", text, environment, diagnostics);
    return {diagnostics.text(), std::move(loaded.warnings)};
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

TEST_CASE("a published secret runs with a warning while every listener is on loopback") {
    for (const auto* listen : {"", "listen: { worker: \"127.0.0.1:1\", metrics: \"[::1]:2\" }\n"}) {
        const auto outcome = outcome_of(worker + listen);
        CHECK(outcome.diagnostics == "");
        REQUIRE(outcome.warnings.size() == 1);
        CHECK(outcome.warnings[0] ==
              "worker.yaml:2:29: worker.config.secret: got a publicly known secret, accepted only while every listener "
              "is on loopback: want one of your own in ORCH_SECRET" +
                  mend);
    }
}

TEST_CASE("a published secret is refused beside a listener that others reach, with its place and what mends it") {
    for (const auto* address : {"0.0.0.0:9876", "[::]:9876", "172.23.0.7:9876", "localhost:9876"}) {
        const auto outcome = outcome_of(worker, {{"WORKER_LISTEN", address}});
        CHECK(first_line(outcome.diagnostics) ==
              cat("worker.yaml:2:29: worker.config.secret: got a publicly known secret, while listen.worker is ",
                  address, ": want one of your own in ORCH_SECRET", mend));
        CHECK(outcome.warnings.empty());
    }
    CHECK(outcome_of(worker, {{"METRICS_LISTEN", "0.0.0.0:1"}}).diagnostics.find("listen.metrics is 0.0.0.0:1") !=
          std::string::npos);
}

TEST_CASE("a secret that is not published causes no warning and no problem") {
    const auto outcome = outcome_of(worker, {{"ORCH_SECRET", "mine"}, {"WORKER_LISTEN", "0.0.0.0:9876"}});
    CHECK(outcome.diagnostics == "");
    CHECK(outcome.warnings.empty());
}

TEST_CASE("a published secret is recognized from any variable and in the file itself") {
    const std::map<std::string, std::string> variables{{"ORCHESTRATOR_SECRET", "LivepeerManager2025!Secure"}};
    CHECK(outcome_of(worker, variables).warnings.size() == 1);
    const auto outcome = outcome_of("role: worker\nworker:\n  config:\n    admin_password: admin\n");
    REQUIRE(outcome.warnings.size() == 1);
    CHECK(outcome.warnings[0] ==
          "worker.yaml:4:21: worker.config.admin_password: got a publicly known secret, accepted only while every "
          "listener "
          "is on loopback: want one of your own" +
              mend);
}

TEST_CASE("a manager's file is held to the same") {
    const auto outcome = outcome_of("dispatch: { config: { token: admin } }\nlisten: { metrics: \"0.0.0.0:9108\" }\n");
    CHECK(first_line(outcome.diagnostics)
              .starts_with("worker.yaml:1:30: dispatch.config.token: got a publicly known secret"));
}

TEST_CASE("the same texts are accepted where the value is not a secret") {
    CHECK(outcome_of("orchestrators: [{ address: \"https://a:1\", name: admin, id: orch-secret }]\n").warnings.empty());
}
