// Several dispatchers: which one sends the jobs of an orchestrator, and what they have to be.
#include <doctest/doctest.h>

#include "bad_file.hpp"
#include "host/config/dump.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

constexpr std::string_view both =
    "dispatch: { plugin: byoc, max_in_flight: 8, deadline: 90s }\n"
    "dispatchers:\n"
    "  - { name: runner, plugin: runner, config: { app: agent-net } }\n"
    "  - { name: other, plugin: byoc, id: org.stipend.byoc, deadline: 30s }\n"
    "capabilities:\n"
    "  by-runner: { dispatch: runner }\n"
    "  plain: { base: 3 USD }\n"
    "orchestrators:\n"
    "  - { address: https://a:1 }\n"
    "  - { address: https://b:1, dispatch: runner }\n"
    "  - { address: https://c:1, capability: by-runner }\n"
    "  - { address: https://d:1, capability: by-runner, dispatch: other }\n"
    "  - { address: https://e:1, capability: by-runner, dispatch: dispatch }\n"
    "  - { address: https://f:1, capability: plain }\n";

Loaded loaded_dispatchers(std::string_view text) {
    FakeEnvironment environment;
    Diagnostics diagnostics;
    auto read = load_text("config.yaml", std::string(text), environment, diagnostics);
    REQUIRE_MESSAGE(diagnostics.empty(), diagnostics.text());
    return read;
}

const BadFile bad_dispatchers[] = {
    {"a dispatcher without a plugin", "dispatchers: [{ name: a }]\n",
     "config.yaml:1:15: dispatchers[0]: the key \"plugin\" is missing: a dispatcher needs it\n"
     "  dispatchers: [{ name: a }]\n"
     "                ^\n"},
    {"limits of its own", "dispatchers: [{ name: a, plugin: byoc, max_in_flight: 3 }]\n",
     "config.yaml:1:40: dispatchers[0]: unknown key \"max_in_flight\": want one of name, plugin, id, sha256, isolate, "
     "memory, "
     "config, deadline\n"
     "  dispatchers: [{ name: a, plugin: byoc, max_in_flight: 3 }]\n"
     "                                         ^\n"},
    {"a name twice", "dispatchers: [{ name: a, plugin: byoc }, { name: a, plugin: runner }]\n",
     "config.yaml:1:50: dispatchers[1].name: got \"a\", which dispatchers[0] has already: want another name\n"
     "  dispatchers: [{ name: a, plugin: byoc }, { name: a, plugin: runner }]\n"
     "                                                   ^\n"},
    {"the name of the first one", "dispatchers: [{ name: dispatch, plugin: byoc }]\n",
     "config.yaml:1:23: dispatchers[0].name: got \"dispatch\", which names `dispatch` itself: want another name\n"
     "  dispatchers: [{ name: dispatch, plugin: byoc }]\n"
     "                        ^\n"},
    {"an orchestrator's that there is not",
     "dispatchers: [{ name: runner, plugin: runner }]\n"
     "orchestrators: [{ address: https://a:1, dispatch: runners }]\n",
     "config.yaml:2:51: orchestrators[0].dispatch: got \"runners\", want a name that `dispatchers` has, or dispatch; "
     "did you mean \"runner\"?\n"
     "  orchestrators: [{ address: https://a:1, dispatch: runners }]\n"
     "                                                    ^\n"},
    {"a capability's", "capabilities: { \"a/b\": { dispatch: x } }\n",
     "config.yaml:1:36: capabilities.a/b.dispatch: got \"x\", want a name that `dispatchers` has, or dispatch\n"
     "  capabilities: { \"a/b\": { dispatch: x } }\n"
     "                                     ^\n"},
    {"that of registered ones", "registration: { dispatch: x }\n",
     "config.yaml:1:27: registration.dispatch: got \"x\", want a name that `dispatchers` has, or dispatch\n"
     "  registration: { dispatch: x }\n"
     "                            ^\n"},
};

}  // namespace

TEST_CASE("each orchestrator has the dispatcher that it names, or its capability, or the first one") {
    const auto read = loaded_dispatchers(both);
    const auto& settings = read.settings;
    const auto all = dispatchers_of(settings);
    REQUIRE(all.size() == 3);
    CHECK((all[0]->name.empty() && all[0]->plugin == "byoc" && all[0]->max_in_flight == 8));
    CHECK((all[1]->name == "runner" && all[1]->plugin == "runner" && all[1]->deadline_ns == 300'000'000'000));
    CHECK((all[2]->name == "other" && all[2]->id == "org.stipend.byoc" && all[2]->deadline_ns == 30'000'000'000));
    std::vector<std::string> names;
    for (const auto& one : settings.orchestrators) names.push_back(dispatcher_of(settings, one));
    CHECK(names == std::vector<std::string>{"", "runner", "runner", "other", "", ""});
    CHECK(read.warnings.empty());
}

TEST_CASE("an option of a dispatcher is named as its file has it") {
    CHECK(dispatch_option(0, "config.app") == "dispatch.config.app");
    CHECK(dispatch_option(2, "config") == "dispatchers[1].config");
}

TEST_CASE("a dispatcher that nothing names is a warning") {
    const auto read = loaded_dispatchers(
        "dispatchers: [{ name: a, plugin: byoc }, { name: b, plugin: byoc }, { name: c, plugin: byoc }]\n"
        "capabilities: { x: { dispatch: a } }\n"
        "registration: { dispatch: c }\n");
    REQUIRE(read.warnings.size() == 1);
    CHECK(read.warnings.front() ==
          "dispatchers: \"b\" is not used: no orchestrator, no capability and no registration names it");
}

TEST_CASE("what is written of the dispatchers is read again as the same") {
    const auto written = dump_yaml(loaded_dispatchers(both).settings, std::nullopt);
    CHECK(dump_yaml(loaded_dispatchers(written).settings, std::nullopt) == written);
    CHECK(written.find("dispatch: other") != std::string::npos);
    CHECK(written.find("name: runner") != std::string::npos);
}

TEST_CASE("dispatchers that contradict themselves or each other are refused at their place") {
    for (const auto& file : bad_dispatchers) {
        INFO(file.what);
        CHECK(diagnostics_of(file.text) == file.diagnostics);
    }
}
