#include "host/config/schema.hpp"

#include <doctest/doctest.h>

#include "host/config/yaml.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

// "path: message" of each violation, a line each.
std::string check(std::string_view schema, std::string_view json) {
    const auto compiled = Schema::parse(schema);
    if (!compiled) return compiled.error().message;
    const auto value = parse_json(json);
    REQUIRE(value.ok());
    const auto tree = from_json(*value);
    std::string out;
    for (const auto& violation : compiled->check(tree)) {
        out += cat(out.empty() ? "" : "\n", violation.path, ": ", violation.message);
    }
    return out;
}

}  // namespace

TEST_CASE("types are distinguished, and 5.0 is a whole number") {
    CHECK(check(R"({"type":"integer"})", "5") == "");
    CHECK(check(R"({"type":"integer"})", "5.0") == "");
    CHECK(check(R"({"type":"integer"})", "5.5") == ": got 5.5, want a whole number");
    CHECK(check(R"({"type":"number"})", "\"5\"") == ": got \"5\", want a number");
    CHECK(check(R"({"type":["string","null"]})", "null") == "");
    CHECK(check(R"({"type":["string","null"]})", "true") == ": got true, want nothing or a text");
    CHECK(check(R"({"type":"object"})", "[]") == ": got a list, want a mapping");
    CHECK(check("true", "1") == "");
    CHECK(check("false", "1") == ": got 1, want nothing here");
}

TEST_CASE("bounds of numbers are compared exactly") {
    CHECK(check(R"({"maximum":0.1})", "0.1") == "");
    CHECK(check(R"({"maximum":0.1})", "0.10000000000000000000001") ==
          ": got 0.10000000000000000000001, want at most 0.1");
    CHECK(check(R"({"minimum":-1.5})", "-1.51") == ": got -1.51, want at least -1.5");
    CHECK(check(R"({"exclusiveMinimum":0})", "0.0") == ": got 0.0, want more than 0");
    CHECK(check(R"({"exclusiveMaximum":1e3})", "1000") == ": got 1000, want less than 1000");
    CHECK(check(R"({"maximum":9007199254740993})", "9007199254740994") ==
          ": got 9007199254740994, want at most 9007199254740993");
}

TEST_CASE("lengths are counted in characters, and patterns need not match the whole") {
    CHECK(check(R"({"maxLength":2})", "\"\xC3\xA4\xC3\xB6\"") == "");
    CHECK(check(R"({"minLength":3})", "\"ab\"") == ": got \"ab\", want at least 3 characters");
    CHECK(check(R"({"pattern":"b+"})", "\"abbc\"") == "");
    CHECK(check(R"({"pattern":"^b+$"})", "\"abbc\"") == ": got \"abbc\", want a text that matches ^b+$");
}

TEST_CASE("a pattern that would take for ever does not match") {
    CHECK(check(R"({"pattern":"^(a+)+$"})", "\"" + std::string(5000, 'a') + "b\"").find("want a text") !=
          std::string::npos);
}

TEST_CASE("lists are bounded, checked item by item, and unique by value") {
    constexpr auto schema = R"({"items":{"type":"number"},"minItems":2,"maxItems":3,"uniqueItems":true})";
    CHECK(check(schema, "[1,2]") == "");
    CHECK(check(schema, "[1]") == ": got 1 items, want at least 2");
    CHECK(check(schema, "[1,2,3,4]") == ": got 4 items, want at most 3");
    CHECK(check(schema, "[1,\"x\"]") == "[1]: got \"x\", want a number");
    CHECK(check(schema, "[1,1.0]") == "[1]: got 1.0 again, want each item once");
    CHECK(check(R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2.0,"a":1}])") ==
          "[1]: got a mapping again, want each item once");
}

TEST_CASE("an unknown key of a closed mapping is reported with the nearest known one") {
    constexpr auto schema =
        R"({"properties":{"table":{"type":"string"},"tiers":{}},"required":["table"],"additionalProperties":false})";
    CHECK(check(schema, R"({"table":"x"})") == "");
    CHECK(check(schema, R"({"tabel":"x"})") ==
          ": unknown key \"tabel\": want one of table, tiers; did you mean \"table\"?\n: the key \"table\" is missing");
    CHECK(check(R"({"additionalProperties":{"type":"number"}})", R"({"a/b":"x"})") == "a/b: got \"x\", want a number");
    CHECK(check(R"({"patternProperties":{"^x-":{"type":"number"}},"additionalProperties":false})",
                R"({"x-a":"s","y":1})") == "x-a: got \"s\", want a number\n: unknown key \"y\": want no keys here");
    CHECK(check(R"({"propertyNames":{"pattern":"^[a-z]+$"}})", R"({"A":1})") ==
          "A: this key: got \"A\", want a text that matches ^[a-z]+$");
}

TEST_CASE("a value is one of an enum by value") {
    CHECK(check(R"({"enum":["http","tcp",1]})", "1.0") == "");
    CHECK(check(R"({"enum":["http","tcp"]})", "\"htp\"") ==
          ": got \"htp\", want one of \"http\", \"tcp\"; did you mean \"http\"?");
    CHECK(check(R"({"const":"x"})", "\"y\"") == ": got \"y\", want \"x\"; did you mean \"x\"?");
}

TEST_CASE("of several forms, the violations of the nearest are reported") {
    constexpr auto schema =
        R"({"anyOf":[{"type":"string"},{"type":"object","properties":{"at":{"type":"number"}},"additionalProperties":false}]})";
    CHECK(check(schema, "\"x\"") == "");
    CHECK(check(schema, R"({"at":"x"})") == "at: got \"x\", want a number");
    CHECK(check(schema, "5") == ": got 5, want a text, or a mapping");
    CHECK(check(R"({"oneOf":[{"minimum":1},{"minimum":2}]})", "3") == ": got 3, want exactly one of 2 forms; it has 2");
    CHECK(check(R"({"oneOf":[{"title":"a tier","type":"object"},{"const":"none"}]})", "1") ==
          ": got 1, want a tier, or \"none\"");
}

TEST_CASE("definitions are shared, and may refer to themselves below") {
    constexpr auto schema =
        R"({"$ref":"#/$defs/list","$defs":{"list":{"properties":{"next":{"$ref":"#/$defs/list"},"n":{"type":"number"}}}}})";
    CHECK(check(schema, R"({"next":{"next":{"n":"x"}}})") == "next.next.n: got \"x\", want a number");
}

TEST_CASE("a schema that is not understood in full is refused with its place") {
    CHECK(check(R"({"properties":{"a":{"maxItem":3}}})", "1") == "schema: #/properties/a: unknown keyword \"maxItem\"");
    CHECK(check(R"({"if":{}})", "1") == "schema: #: unknown keyword \"if\"");
    CHECK(check(R"({"type":"text"})", "1") == "schema: #/type: got a string, want the name of a type");
    CHECK(check(R"({"minLength":-1})", "1") == "schema: #/minLength: got a number, want a whole number of at least 0");
    CHECK(check(R"({"minimum":"1"})", "1") == "schema: #/minimum: got a string, want a number");
    CHECK(check(R"({"items":5})", "1") == "schema: #/items: got a number, want a schema: an object, true or false");
    CHECK(check(R"({"anyOf":[]})", "1") == "schema: #/anyOf: got an array, want an array of schemas");
    CHECK(check(R"({"pattern":"("})", "1").starts_with("schema: #/pattern: not a regular expression: got \"(\""));
    CHECK(check(R"({"$ref":"#/$defs/x"})", "1") ==
          "schema: $ref: got \"#/$defs/x\", want \"#\" or \"#/$defs/NAME\" of a schema that is there");
    CHECK(check(R"({"$ref":"other.json"})", "1").starts_with("schema: $ref: got \"other.json\""));
    CHECK(check(R"({"anyOf":[{"$ref":"#"}]})", "1") == "schema: $ref: a schema refers to itself without end");
    CHECK(check("[1]", "1") == "schema: #: got an array, want a schema: an object, true or false");
    CHECK(check("{", "1").starts_with("schema: not JSON"));
}

TEST_CASE("the host's own keywords are unknown in a plugin's schema, where a format is an annotation") {
    CHECK(check(R"({"x-noun":"a tier"})", "1") == "schema: #: unknown keyword \"x-noun\"");
    CHECK(check(R"({"format":"usd","formatMinimum":"1 USD"})", "1") == "schema: #: unknown keyword \"formatMinimum\"");
    CHECK(check(R"({"format":"usd"})", "1") == "");
    const auto bad = Schema::parse(R"({"format":"usd","formatMinimum":"1"})", Schema::Author::host);
    CHECK(bad.error().message == "schema: #/formatMinimum: got a string, want a value of the format before it");
}

TEST_CASE("annotations are accepted") {
    CHECK(check(R"({"$schema":"x","$id":"y","title":"t","description":"d","default":1,"examples":[1],"format":"uri"})",
                "1") == "");
}

TEST_CASE("every violation in a file has its line and column") {
    const std::string text =
        "policy:\n"
        "  table: 5\n"
        "  tiers:\n"
        "    - { above: 95, nme: good }\n"
        "  multiplier: ${M}\n";
    Diagnostics diagnostics;
    diagnostics.set_source("config.yaml", text);
    const auto root = parse_yaml(text, diagnostics);
    auto config = *root->find("policy");
    config.children.back().refused = true;  // as if its expansion had failed: reported already
    const auto schema = Schema::parse(
        R"({"properties":{"table":{"type":"string"},"multiplier":{"type":"number"},"tiers":{"items":
           {"properties":{"above":{},"name":{}},"additionalProperties":false}}}})");
    REQUIRE(schema.ok());
    check_plugin_config(*schema, std::make_shared<const Node>(config), {}, "payment.policy.config", diagnostics);
    CHECK(
        diagnostics.text() ==
        "config.yaml:2:10: payment.policy.config.table: got 5, want a text\n"
        "    table: 5\n"
        "           ^\n"
        "config.yaml:4:20: payment.policy.config.tiers[0]: unknown key \"nme\": want one of above, name; did you mean "
        "\"name\"?\n"
        "      - { above: 95, nme: good }\n"
        "                     ^\n");
}

TEST_CASE("a plugin without a configuration is checked as an empty mapping, at the place where it is named") {
    Diagnostics diagnostics;
    diagnostics.set_source("f", "\n\nplugin: x\n");
    const auto schema = Schema::parse(R"({"type":"object","required":["url"]})");
    check_plugin_config(*schema, nullptr, {3, 1}, "price.config", diagnostics);
    REQUIRE(diagnostics.count() == 1);
    CHECK(diagnostics.sorted()[0].pos == SourcePos{3, 1});
    CHECK(diagnostics.sorted()[0].message == "the key \"url\" is missing");
}

TEST_CASE("a violation never shows a secret") {
    auto node = scalar_node("hunter2", false);
    node.secret = true;
    const auto schema = Schema::parse(R"({"type":"number"})");
    CHECK(schema->check(node).at(0).message == "got <secret>, want a number");
    const auto choice = Schema::parse(R"({"enum":["hunter3"]})");
    CHECK(choice->check(node).at(0).message == "got <secret>, want \"hunter3\"");
}
