// Configurations that are drawn from a schema.
#include "host/plugin/validation/draw_config.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "host/plugin/rules.hpp"

using namespace stipend;
using namespace stipend::plugin;

namespace {

constexpr const char* schema_text = R"({
    "type": "object", "additionalProperties": false, "required": ["share"],
    "properties": {
        "share": {"type": "number", "minimum": 0.5, "maximum": 99.25},
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8},
        "rows": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"$ref": "#/$defs/row"}}
    },
    "$defs": {"row": {"type": "object", "additionalProperties": false, "required": ["at"],
                      "properties": {"at": {"type": "integer", "minimum": 1, "maximum": 7}}}}
})";

DrawnConfigs drawn(std::uint64_t seed = 1, const std::optional<Json>& base = {}) {
    const auto json = *parse_json(schema_text);
    return draw_configs(json, *config::Schema::compile(json), base, seed);
}

bool has(const std::vector<Json>& list, const char* text) {
    return std::any_of(list.begin(), list.end(), [&](const Json& one) { return one.dump() == text; });
}

}  // namespace

TEST_CASE("what is drawn fits the schema, and its limits are among it") {
    const auto found = drawn();
    const auto schema = *config::Schema::parse(schema_text);
    REQUIRE(found.valid.size() > 8);
    CHECK(found.valid.size() <= most_drawn_configs);
    for (const auto& one : found.valid) CHECK_MESSAGE(schema.check(config::from_json(one)).empty(), one.dump());
    for (const auto* text : {R"({"share":0.5})", R"({"share":99.25})", R"({"share":0.6})", R"({"share":99.24})",
                             R"({"share":0.5,"name":"a"})", R"({"share":0.5,"rows":[{"at":1}]})",
                             R"({"share":0.5,"rows":[{"at":1},{"at":1},{"at":1}]})"}) {
        CHECK_MESSAGE(has(found.valid, text), text);
    }
    CHECK(found.plain.front().dump() == R"({"share":0.5})");
}

TEST_CASE("each way of breaking the schema is named, and breaks it") {
    const auto found = drawn();
    const auto schema = *config::Schema::parse(schema_text);
    std::vector<std::string> names;
    for (const auto& [name, one] : found.invalid) {
        names.push_back(name);
        CHECK_MESSAGE(!schema.check(config::from_json(one)).empty(), one.dump());
    }
    CHECK(names == std::vector<std::string>{"an unknown key", "without share", "share below its minimum",
                                            "share above its maximum"});
}

TEST_CASE("the same seed draws the same, and a given configuration is what the others are made of") {
    CHECK(drawn(5).valid == drawn(5).valid);
    CHECK(drawn(5).valid != drawn(6).valid);
    const auto base = *parse_json(R"({"share":50,"name":"given"})");
    const auto found = drawn(1, base);
    CHECK(found.plain.front() == base);
    CHECK(has(found.valid, R"({"share":99.25,"name":"given"})"));
}

TEST_CASE("a part of a schema is looked at with the definitions of the whole") {
    const auto root = *parse_json(schema_text);
    const auto part = *parse_json(R"({"$ref": "#/$defs/row"})");
    CHECK(fits_part(root, part, *parse_json(R"({"at": 7})")));
    CHECK_FALSE(fits_part(root, part, *parse_json(R"({"at": 8})")));
}

TEST_CASE("rules have names of their own, and are found by them") {
    for (const auto& rule : all_rules()) {
        CHECK(find_rule(rule.name) == &rule);
        CHECK(!rule.sentence.empty());
        CHECK(std::count_if(all_rules().begin(), all_rules().end(),
                            [&](const Rule& other) { return other.name == rule.name; }) == 1);
    }
    CHECK(find_rule("policy.none") == nullptr);
}
