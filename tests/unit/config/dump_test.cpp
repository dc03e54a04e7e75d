#include "host/config/dump.hpp"

#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/load.hpp"
#include "host/config/yaml.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

const FakeEnvironment& with_secrets() {
    static FakeEnvironment environment;
    environment.variables["CREDENTIALS_DIRECTORY"] = "/creds";
    environment.files["/creds/key"] = "hunter2";
    return environment;
}

Settings loaded(const std::string& text, const FakeEnvironment& environment = with_secrets()) {
    Diagnostics diagnostics;
    auto out = load_text("config.yaml", text, environment, diagnostics);
    REQUIRE(diagnostics.text() == "");
    return std::move(out.settings);
}

constexpr const char* full =
    "state: /var/lib/stipend\n"
    "log: { level: DEBUG }\n"
    "settlement: accrue\n"
    "payment:\n"
    "  interval: 90s\n"
    "  base: 0.00000001 USD\n"
    "  policy: { config: { text: 'true', number: 94.999, yes: on, nothing: ~, empty: '', list: [[1, [2]], {}, []],\n"
    "                      dollar: \"$${HOME}\", \"odd: key\": \"line\\nend \\u00e4\", tiers: [{ above: 95 }] } }\n"
    "price: { max_step: 1.5, min: 5 USD }\n"
    "monitors: [{ name: web, plugin: monitor, config: { kind: http } }]\n"
    "capabilities: { '1': { base: 2 USD }, gpu: {} }\n"
    "orchestrators:\n"
    "  - { address: https://a:1, name: 'on', base: 12.5 USD, policy: { table: flat-95 }, capability: gpu,\n"
    "      service_addresses: [https://c:1], checks: [{ monitor: web, target: x }],\n"
    "      payout_address: '0x00000000000000000000000000000000000000aA' }\n"
    "orchestrator_addresses: https://b:2\n";

}  // namespace

TEST_CASE("a dump loads as the same settings") {
    for (const auto* text : {"", full}) {
        CAPTURE(text);
        const auto first = dump_yaml(loaded(text));
        CAPTURE(first);
        const auto again = loaded(first);
        CHECK(dump_yaml(again) == first);
        CHECK(dump_json(again) == dump_json(loaded(text)));
    }
}

TEST_CASE("a dump loads as the same settings where a variable gives a default") {
    FakeEnvironment environment;
    environment.variables["ORCHESTRATOR_ADDRESSES"] = "https://a:1,https://b:2";
    environment.variables["MONITORED_SERVICES"] = "redis";
    const std::string worker = "role: worker\nmonitors: [{ name: docker, plugin: monitor }]\n";
    for (const auto& text : {std::string(), std::string("orchestrator_addresses: https://c:3\n"), worker,
                             worker + "services: { watch: [{ name: web }] }\n"}) {
        CAPTURE(text);
        const auto first = dump_yaml(loaded(text, environment));
        CHECK(dump_yaml(loaded(first, environment)) == first);
    }
}

TEST_CASE("a dump shows what every setting came to") {
    const auto json = dump_json(loaded(full));
    CHECK(json.find("payment")->find("base")->text() == "0.00000001 USD");
    CHECK(json.find("payment")->find("interval")->text() == "90s");
    CHECK(json.find("orchestrators")->items()[1].find("id")->text() == "b:2");
    CHECK(json.find("orchestrators")->items()[0].find("checks")->items()[0].find("every")->text() == "60s");
    const auto& config = *json.find("payment")->find("policy")->find("config");
    CHECK(config.find("dollar")->text() == "${HOME}");
    CHECK(config.find("list")->dump() == "[[1,[2]],{},[]]");
    CHECK(config.find("text")->is(Json::Kind::string));
}

TEST_CASE("a dump never shows a secret, at any depth") {
    const auto settings = loaded(
        "state: ${cred:key}\n"
        "dispatch: { config: { token: 'Bearer ${cred:key}', list: [\"${file:/creds/key}\"] } }\n"
        "orchestrators: [{ address: https://a:1, name: \"${cred:key}\" }]\n");
    CHECK(settings.state == "hunter2");
    for (const auto& text : {dump_yaml(settings), dump_json(settings).dump()}) {
        CAPTURE(text);
        CHECK(text.find("hunter2") == std::string::npos);
        CHECK(text.find("<secret>") != std::string::npos);
    }
}

TEST_CASE("a text that a YAML reader may take for another type is quoted") {
    Node root;
    root.kind = Node::Kind::mapping;
    for (const auto* text : {"yes", "Null", "0x1f", "1:30", "-", "a: b", "#", "null", "1e3", "", " a", "word"}) {
        auto node = scalar_node(text, true);
        node.key = cat("k", root.children.size());
        root.children.push_back(std::move(node));
    }
    const auto yaml = to_yaml(root);
    CHECK(yaml.find("k0: \"yes\"\n") != std::string::npos);
    CHECK(yaml.find("k11: word\n") != std::string::npos);
    Diagnostics diagnostics;
    CHECK(to_json(*parse_yaml(yaml, diagnostics)) == to_json(root));
}
