#include "host/config/reference.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "host/config/environment.hpp"
#include "host/config/schema.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/settings_schema.hpp"
#include "host/config/yaml.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

std::vector<std::string> violations(std::string_view yaml) {
    Diagnostics diagnostics;
    const auto root = parse_yaml(yaml, diagnostics);
    REQUIRE(diagnostics.text() == "");
    const auto schema = Schema::compile(settings_schema());
    REQUIRE(schema.ok());
    std::vector<std::string> out;
    for (const auto& violation : schema->check(*root)) out.push_back(violation.path + ": " + violation.message);
    return out;
}

}  // namespace

TEST_CASE("the shipped file fits the schema as it is written, expansions and all") {
    const auto text = ProcessEnvironment().read_file(STIPEND_SOURCE_DIR "/config.yaml", 1 << 20);
    REQUIRE(text.ok());
    CHECK(violations(*text).empty());
}

TEST_CASE("the schema refuses what the host refuses") {
    CHECK(violations("payment: { intervall: 60s }\n").size() == 1);
    CHECK(violations("payment: { interval: 60 }\n").size() == 1);
    CHECK(violations("payment: { base: 10 EUR }\n").size() == 1);
    CHECK(violations("network: { chain_id: 0 }\n").size() == 1);
    CHECK(violations("orchestrators: [{ id: o }]\n").size() == 1);
    CHECK(violations("").empty());
}

TEST_CASE("every object of the schema is closed, except what belongs to plugins") {
    const std::function<void(const Json&, const std::string&)> check = [&](const Json& schema,
                                                                           const std::string& where) {
        if (const auto* properties = schema.find("properties")) {
            CAPTURE(where);
            REQUIRE(schema.find("additionalProperties") != nullptr);
            CHECK(!schema.find("additionalProperties")->truth());
            for (const auto& [name, child] : properties->members()) check(child, cat(where, "/", name));
        }
        if (const auto* items = schema.find("items")) check(*items, where + "/items");
    };
    check(settings_schema(), "#");
}

TEST_CASE("the reference has a row for every option, with its default and its old names") {
    const auto text = settings_reference();
    CHECK(text.find("| `payment.interval` | a duration from 1s to 1d in whole seconds, such as 60s | `60s` | "
                    "`PAYMENT_INTERVAL_SECONDS` | The pay period. |") != std::string::npos);
    CHECK(text.find("| `10.0 USD` | `BASE_PAYMENT_USD`, `PAYMENT_AMOUNT` |") != std::string::npos);
    CHECK(text.find("`orchestrators[].address`") != std::string::npos);
    CHECK(text.find("`orchestrators[].checks[].monitor`") != std::string::npos);
    CHECK(text.find("`capabilities.<name>.base`") != std::string::npos);
}

TEST_CASE("every setting has a description of one line") {
    for (const auto role : {Role::manager, Role::worker}) {
        const auto& rules = settings_rules(role).rules();
        for (const auto& rule : rules.rules) {
            for (const auto& property : rule.properties) {
                CAPTURE(property.first);
                CHECK(rules.rules[property.second].description.ends_with('.'));
                CHECK(rules.rules[property.second].description.find('\n') == std::string::npos);
            }
        }
    }
}
