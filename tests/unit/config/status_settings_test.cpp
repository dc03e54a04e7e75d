// What `status` of a configuration may be.
#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/load.hpp"
#include "host/config/status_check.hpp"
#include "stipend/duration.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

struct Outcome {
    StatusPage page;
    std::string diagnostics;
    std::vector<std::string> warnings;
};

Outcome outcome_of(const std::string& status, const std::string& more = {}) {
    Diagnostics diagnostics;
    auto loaded = load_text("f",
                            "orchestrators:\n  - { address: https://a.example:1, id: alice }\n"
                            "  - { address: https://b.example:1, id: bob, capability: agent }\n"
                            "capabilities: { agent: {}, idle: {} }\n" +
                                more + "status: " + status + "\n",
                            FakeEnvironment(), diagnostics);
    return {std::move(loaded.settings.status), diagnostics.text(), std::move(loaded.warnings)};
}

bool says(const Outcome& found, std::string_view text) {
    return found.diagnostics.find(text) != std::string::npos;
}

std::string show(const std::string& services) {
    return "{ enabled: true, show: [" + services + "] }";
}

}  // namespace

TEST_CASE("there is no status page where the file does not have one") {
    const auto found = outcome_of("{}");
    CHECK(found.diagnostics == "");
    CHECK(found.page.enabled == Shown::no);
    CHECK(found.page.title == "Status");
    CHECK(found.page.history_ns == 90 * ns_per_day);
    CHECK(found.page.show.empty());
}

TEST_CASE("a service is called by its name where it has no other, and is of ids, patterns or a capability") {
    const auto found = outcome_of(
        "{ enabled: true, title: Ours, history: 30d, show: ["
        "{ name: a, as: Alice <1>, group: East, orchestrators: [alice] }, { name: b.2, capability: agent },"
        "{ name: all, orchestrators: ['*'] }] }");
    REQUIRE(found.diagnostics == "");
    CHECK(found.warnings.empty());
    CHECK(found.page.enabled == Shown::yes);
    CHECK(found.page.history_ns == 30 * ns_per_day);
    const auto& shown = found.page.show;
    REQUIRE(shown.size() == 3);
    CHECK(shown[0].as == "Alice <1>");
    CHECK(shown[0].group == "East");
    CHECK(shown[1].as == "b.2");
    CHECK(shows(shown[0], "alice", ""));
    CHECK_FALSE(shows(shown[0], "bob", "agent"));
    CHECK(shows(shown[1], "bob", "agent"));
    CHECK_FALSE(shows(shown[1], "bob", "idle"));
    CHECK(shows(shown[2], "bob", "agent"));
    CHECK_FALSE(shows(StatusService{}, "alice", ""));
}

TEST_CASE("what cannot be meant is reported at its place") {
    CHECK(says(outcome_of(show("{ name: a, orchestrators: [alice] }, { name: a, as: B, orchestrators: [bob] }")),
               "status.show[1].name: got \"a\", want a name that no other service has"));
    CHECK(says(outcome_of(show("{ name: a, orchestrators: [alice] }, { name: b, as: a, orchestrators: [bob] }")),
               "status.show[1].as: got \"a\", want a name that no other service has"));
    CHECK(says(outcome_of(show("{ name: a, orchestrators: ['https://*'] }")),
               "status.show[0].orchestrators: matches no orchestrator"));
    CHECK(
        says(outcome_of(show("{ name: a, capability: idle }")), "status.show[0].capability: matches no orchestrator"));
    CHECK(says(outcome_of(show("{ name: a, capability: other }")),
               "status.show[0].capability: got \"other\", want one of `capabilities`"));
    CHECK(says(outcome_of(show("{ name: a }")), "status.show[0]: got neither orchestrators nor a capability"));
    CHECK(says(outcome_of(show("")), "status.show: got none, want at least one service"));
    CHECK(says(outcome_of("{ history: 36h }"), "status.history: got 36h, want whole days"));
    CHECK(says(outcome_of(show("{ name: A b, orchestrators: [alice] }")), "status.show[0].name: "));
    CHECK(says(outcome_of("{ enabled: false }", "api: { plugins: [{ plugin: x, prefix: /status/ }] }\n"),
               "want a prefix that is not the API's own"));
}

TEST_CASE("an orchestrator that may register later is a warning") {
    const auto found = outcome_of(show("{ name: a, orchestrators: [carol] }"), "registration: { mode: approve }\n");
    CHECK(found.diagnostics == "");
    REQUIRE(found.warnings.size() == 1);
    CHECK(found.warnings[0].find("status.show[0].orchestrators: no orchestrator of this file is of it") !=
          std::string::npos);
}
