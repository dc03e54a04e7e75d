#include "host/config/plugin_config.hpp"

#include <doctest/doctest.h>

#include "host/config/yaml.hpp"

using namespace stipend::config;

namespace {

Tree parsed_tree(std::string_view text) {
    Diagnostics diagnostics;
    auto node = parse_yaml(text, diagnostics);
    REQUIRE(diagnostics.text() == "");
    return std::make_shared<const Node>(std::move(*node));
}

}  // namespace

TEST_CASE("an overlay replaces whole values, adds new ones, and every value keeps its place") {
    const auto base = parsed_tree("a: { x: 1 }\nb: 2\n");
    const auto over = parsed_tree("\n\na: { y: 3 }\nc: 4\n");
    const auto merged = overlay(base, over);
    CHECK(plugin_json(merged) == R"({"a":{"y":3},"b":2,"c":4})");
    CHECK(locate(*merged, "", "/a/y").node->pos == SourcePos{3, 9});
    CHECK(locate(*merged, "", "/b").node->pos == SourcePos{2, 4});
}

TEST_CASE("an overlay by NULL shares the base, and is an empty mapping where both are NULL") {
    const auto base = parsed_tree("a: 1\n");
    CHECK(overlay(base, nullptr) == base);
    CHECK(plugin_json(overlay(nullptr, nullptr)) == "{}");
    CHECK(plugin_json(overlay(nullptr, base)) == R"({"a":1})");
    CHECK(plugin_json(nullptr) == "{}");
}

TEST_CASE("what a plugin complains of is reported where it was written") {
    const std::string text = "payment:\n  policy:\n    config:\n      tiers: [{ above: 95 }, { above: 96 }]\n";
    Diagnostics diagnostics;
    diagnostics.set_source("config.yaml", text);
    const auto root = parsed_tree(text);
    const auto config = std::make_shared<const Node>(*locate(*root, "", "/payment/policy/config").node);
    report_complaint(config, {}, "payment.policy.config", "/tiers/1/above", "the tier can never be reached",
                     diagnostics);
    CHECK(diagnostics.text() ==
          "config.yaml:4:39: payment.policy.config.tiers[1].above: the tier can never be reached\n"
          "        tiers: [{ above: 95 }, { above: 96 }]\n"
          "                                        ^\n");
}

TEST_CASE("a complaint about what is not in the file is reported at the nearest place that is") {
    Diagnostics diagnostics;
    diagnostics.set_source("f", "a: { b: 1 }\n");
    const auto config = parsed_tree("a: { b: 1 }\n");
    report_complaint(config, {9, 9}, "config", "/a/missing", "want it", diagnostics);
    report_complaint(nullptr, {1, 2}, "config", "/x", "want a configuration", diagnostics);
    const auto sorted = diagnostics.sorted();
    CHECK(sorted[0].pos == SourcePos{1, 2});
    CHECK(sorted[0].path == "config");
    CHECK(sorted[1].pos == SourcePos{1, 4});
    CHECK(sorted[1].path == "config.a.missing");
}
