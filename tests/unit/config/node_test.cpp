#include "host/config/node.hpp"

#include <doctest/doctest.h>

#include "host/config/yaml.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

Node parsed(std::string_view text) {
    Diagnostics diagnostics;
    auto node = parse_yaml(text, diagnostics);
    REQUIRE(diagnostics.text() == "");
    return *node;
}

std::string json_of(std::string_view yaml) {
    return to_json(parsed(yaml)).dump();
}

}  // namespace

TEST_CASE("only true and false are booleans") {
    CHECK(json_of("[true, false, yes, no, on, off, True, y]") == R"([true,false,"yes","no","on","off","True","y"])");
}

TEST_CASE("a number is what JSON calls one, and keeps its text") {
    CHECK(json_of("[1, -2, 94.999, 2000.0, 1e3]") == "[1,-2,94.999,2000.0,1e3]");
    CHECK(json_of("[0777, 1_000, .5, +1, 0x10, NaN, .nan, .inf, 1., 1:30]") ==
          R"(["0777","1_000",".5","+1","0x10","NaN",".nan",".inf","1.","1:30"])");
}

TEST_CASE("quotes, blocks and !!str make text of anything") {
    CHECK(json_of("['1', \"true\", !!str 5, '~', '']") == R"(["1","true","5","~",""])");
    CHECK(json_of("a: |\n  12\n") == R"({"a":"12\n"})");
}

TEST_CASE("nothing, a tilde and null are null") {
    CHECK(json_of("a:\nb: ~\nc: null\n") == R"({"a":null,"b":null,"c":null})");
}

TEST_CASE("a secret is always text") {
    auto node = scalar_node("12345", false);
    node.secret = true;
    CHECK(to_json(node).dump() == "\"12345\"");
}

TEST_CASE("a value from JSON is the same JSON again") {
    const auto json = *parse_json(R"({"a":[1,"1",true,"true",null,"null",{}],"b":{"c":1.50}})");
    CHECK(to_json(from_json(json)) == json);
}

TEST_CASE("a pointer finds a value and its path, or the last value on its way") {
    const auto root = parsed("tiers:\n  - { name: a }\n  - { name: b, a/b~c: 5 }\n");
    CHECK(locate(root, "", "").node == &root);
    CHECK(locate(root, "", "/tiers/1/name").node->pos == SourcePos{3, 13});
    CHECK(locate(root, "", "/tiers/1/a~1b~0c").node->text == "5");
    CHECK(locate(root, "policy.config", "/tiers/1/a~1b~0c").path == "policy.config.tiers[1].a/b~c");
    for (const auto* pointer : {"/tiers/2/name", "/tiers/x", "/tiers/-1", "/tiers/"}) {
        CAPTURE(pointer);
        CHECK(locate(root, "", pointer).node == root.find("tiers"));
    }
    CHECK(locate(root, "p", "/tiers/2/name").path == "p.tiers[2]");
    CHECK(locate(root, "", "tiers").node == &root);
}

TEST_CASE("a value is shown in few bytes of whole characters") {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "\xC3\xA4";
    const auto shown = scalar_node("x" + text, true).shown();
    CHECK(shown.size() < 100);
    CHECK(shown.ends_with("\xA4\"..."));
    CHECK(!find_non_text(shown));
}
