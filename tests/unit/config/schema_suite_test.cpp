// The public JSON Schema Test Suite against the subset of host/config/schema.hpp. The suite is the one of draft 7, the
// newest that Debian has: the keywords below mean the same in 2020-12, where `definitions` is called `$defs`.
#include <doctest/doctest.h>

#include <algorithm>

#include "host/base/file.hpp"
#include "host/config/schema.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

constexpr const char* known[] = {"additionalProperties",
                                 "anyOf",
                                 "boolean_schema",
                                 "const",
                                 "default",
                                 "enum",
                                 "exclusiveMaximum",
                                 "exclusiveMinimum",
                                 "items",
                                 "maxItems",
                                 "maxLength",
                                 "maxProperties",
                                 "maximum",
                                 "minItems",
                                 "minLength",
                                 "minProperties",
                                 "minimum",
                                 "oneOf",
                                 "pattern",
                                 "patternProperties",
                                 "properties",
                                 "propertyNames",
                                 "ref",
                                 "required",
                                 "type",
                                 "uniqueItems",
                                 "optional/bignum",
                                 "optional/ecmascript-regex",
                                 "optional/zeroTerminatedFloats"};

constexpr const char* unknown[] = {"additionalItems", "allOf",      "contains", "dependencies",
                                   "if-then-else",    "multipleOf", "not"};

// Groups that are refused or decided otherwise, and why.
struct Skipped {
    std::string_view file;
    std::string_view group;
    std::string_view reason;
};
constexpr Skipped skipped[] = {
    {"items", "an array of schemas for items", "2020-12 calls it prefixItems, which is not in the subset"},
    {"items", "items with boolean schemas", "the same"},
    {"ref", "relative pointer ref to array", "the same"},
    {"ref", "relative pointer ref to object", "a $ref leads to # or #/$defs/NAME only"},
    {"ref", "escaped pointer ref", "the same; its targets are members that are no keywords"},
    {"ref", "nested refs", "the same"},
    {"ref", "remote ref, containing refs itself", "the same"},
    {"ref", "Recursive references between schemas", "the same: they are by $id"},
    {"ref", "ref overrides any sibling keywords", "in 2020-12 the siblings count"},
    {"optional/ecmascript-regex", "ECMA 262 regex non-compliance", "Boost.Regex has \\Z in its ECMAScript syntax too"},
};

struct Group {
    std::string name;
    Json schema;
    std::vector<Json> tests;
};

// Draft 7 calls `definitions` what 2020-12 calls `$defs`: as a keyword, and in references.
std::string with_defs(std::string text) {
    static constexpr std::pair<std::string_view, std::string_view> spellings[] = {{"\"definitions\"", "\"$defs\""},
                                                                                  {"#/definitions/", "#/$defs/"}};
    for (const auto& [old, now] : spellings) {
        for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + now.size()))
            text.replace(at, old.size(), now);
    }
    return text;
}

std::vector<Group> groups_of(std::string_view file) {
    auto text = read_file(cat(STIPEND_SCHEMA_SUITE, "/", file, ".json"), 1 << 20);
    REQUIRE_MESSAGE(text.ok(), text.error().message, ": want the package json-schema-test-suite");
    const auto json = parse_json(with_defs(std::move(*text)));
    REQUIRE(json.ok());
    std::vector<Group> out;
    for (const auto& group : json->items()) {
        const auto& name = group.find("description")->text();
        const bool is_skipped = std::any_of(std::begin(skipped), std::end(skipped),
                                            [&](const Skipped& one) { return one.file == file && one.group == name; });
        if (!is_skipped) out.push_back({name, *group.find("schema"), group.find("tests")->items()});
    }
    return out;
}

}  // namespace

TEST_CASE("the subset decides as the public test suite does, keyword by keyword") {
    for (const std::string file : known) {
        for (const auto& group : groups_of(file)) {
            CAPTURE(file);
            CAPTURE(group.name);
            const auto schema = Schema::compile(group.schema);
            REQUIRE_MESSAGE(schema.ok(), schema.error().message);
            for (const auto& test : group.tests) {
                CAPTURE(test.find("description")->text());
                const auto data = from_json(*test.find("data"));
                CHECK(schema->check(data).empty() == test.find("valid")->truth());
            }
        }
    }
}

TEST_CASE("a schema with a keyword beyond the subset is refused") {
    for (const std::string file : unknown) {
        for (const auto& group : groups_of(file)) {
            CAPTURE(file);
            CAPTURE(group.name);
            const auto schema = Schema::compile(group.schema);
            CHECK(!schema.ok());
        }
    }
}
