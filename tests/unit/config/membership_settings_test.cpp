// The manager that a worker registers with: what its options must have in common.
#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/load.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

struct Read {
    Membership membership;
    std::string diagnostics;
    std::set<std::string> secret_paths;
    std::vector<std::string> warnings;
};

Read read(const std::string& manager, std::map<std::string, std::string> variables = {}) {
    FakeEnvironment environment;
    environment.variables = std::move(variables);
    Diagnostics diagnostics;
    auto loaded = load_text("f", "role: worker\n" + manager, environment, diagnostics);
    return {loaded.settings.membership, diagnostics.text(), loaded.settings.secret_paths, loaded.warnings};
}

const std::string address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const std::string good = cat("manager:\n  url: https://manager.example/\n  endpoint: https://orch.example:8935\n",
                             "  payout_address: \"", address, "\"\n");

bool says(const Read& found, std::string_view text) {
    return found.diagnostics.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("without a URL there is no manager, and the names of other things in the environment are no fault") {
    const auto found = read(
        "", {{"ORCHESTRATOR_SECRET", "orch-secret"}, {"CAPABILITY_NAME", "agent net"}, {"ORCHESTRATOR_ID", "a b"}});
    CHECK(found.diagnostics == "");
    CHECK(found.membership == Membership{});
    CHECK(found.warnings.empty());
    // Also beside a listener that others can reach.
    CHECK(read("listen: { worker: \"0.0.0.0:1\" }\n", {{"ORCHESTRATOR_SECRET", "orch-secret"}}).diagnostics == "");
}

TEST_CASE("what is left out has a default") {
    const auto found = read(good);
    CHECK(found.diagnostics == "");
    CHECK(found.membership.url == "https://manager.example");
    CHECK(found.membership.orchestrator_id == "orch.example:8935");
    CHECK(found.membership.capabilities == std::vector<std::string>{"agent-net"});
    CHECK(found.membership.payout_address == address);
    CHECK(found.membership.secret.empty());
    CHECK(found.membership.plain_http == PlainHttp::refused);
}

TEST_CASE("all of it can come from the environment, and secrets are secrets") {
    const std::string secret(16, 's'), own(64, 'a');
    const auto found = read("", {{"MANAGER_URL", "https://m.example:8010"},
                                 {"ORCHESTRATOR_ID", "orch-1"},
                                 {"ORCHESTRATOR_ENDPOINT", "https://o.example:1"},
                                 {"ORCHESTRATOR_PAYOUT_ADDRESS", address},
                                 {"CAPABILITY_NAME", "a, b,"},
                                 {"MANAGER_SECRET", secret},
                                 {"ORCHESTRATOR_OWN_SECRET", own},
                                 {"MANAGER_CA", "/ca.pem"}});
    CHECK(found.diagnostics == "");
    CHECK(found.membership.orchestrator_id == "orch-1");
    CHECK(found.membership.capabilities == std::vector<std::string>{"a", "b"});
    CHECK(found.membership.secret == secret);
    CHECK(found.membership.own_secret == own);
    CHECK(found.membership.ca == "/ca.pem");
    CHECK(found.secret_paths.contains("manager.secret"));
    CHECK(found.secret_paths.contains("manager.own_secret"));
    // In a worker's environment that is the secret of its orchestrator, which no manager gets.
    CHECK(read(good, {{"ORCHESTRATOR_SECRET", secret}}).membership.secret.empty());
}

TEST_CASE("plain HTTP leads to this machine, or is accepted by name") {
    const auto at = [](const std::string& url, const std::string& more = "") {
        return read(cat("manager:\n  url: ", url, "\n  endpoint: https://o.example:1\n  payout_address: \"", address,
                        "\"\n", more));
    };
    for (const auto* url : {"http://127.0.0.1:8010", "\"http://[::1]:8010\"", "http://localhost:8010"}) {
        CHECK(at(url).diagnostics == "");
    }
    for (const auto* url : {"http://manager:8010", "http://10.0.0.1:8010", "http://127.0.0.1.example:8010"}) {
        CHECK(says(at(url), "manager.url: got http://"));
        CHECK(at(url, "  plain_http: true\n").diagnostics == "");
    }
}

TEST_CASE("what is wrong is named, without secrets") {
    const auto found = read(
        "manager:\n  url: ftp://m\n  endpoint: orch\n  orchestrator_id: a b\n  payout_address: 0x12\n  secret: short\n"
        "  own_secret: tooshort\n  client_key: /k.pem\n  capabilities: \"a b\"\n");
    for (const auto* line :
         {"manager.url: got \"ftp://m\", want", "manager.endpoint: got \"orch\", want",
          "manager.orchestrator_id: got \"a b\", want", "manager.payout_address: got ",
          "manager.secret: got 5 bytes, want at least 16", "manager.own_secret: got 8 bytes, want at least 32",
          "manager.client_certificate: got nothing, want a file", "manager.capabilities: got \"a b\", want names"}) {
        CHECK_MESSAGE(says(found, line), line, " in ", found.diagnostics);
    }
    CHECK(says(read(good + "  secret: \"0123456789abcdef\\t12\"\n"), "manager.secret: got characters that no header"));
}
