// Any text as the JSON schema of a plugin's configuration, and as a configuration that is checked by it: the first line
// is the schema, what follows is the value.
#include "host/config/schema.hpp"

#include <string>

#include "host/config/plugin_config.hpp"
#include "host/config/yaml.hpp"
#include "stipend/json.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;
using namespace stipend::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto text = input.line();
    Diagnostics diagnostics;
    const auto value = parse_yaml(input.rest(), diagnostics);
    for (const auto author : {Schema::Author::plugin, Schema::Author::host}) {
        const auto schema = Schema::parse(text, author);
        if (!schema) {
            FUZZ_REQUIRE(!schema.error().message.empty());
            continue;
        }
        // What a plugin may write, the host may.
        if (author == Schema::Author::plugin) FUZZ_REQUIRE(parse_json(text).ok());
        if (!value) continue;
        const auto violations = schema->check(*value);
        FUZZ_REQUIRE(violations.size() <= Schema::max_violations);
        for (const auto& one : violations) FUZZ_REQUIRE(one.node != nullptr && !one.message.empty());
        // The same value as JSON, without places, has the same number of violations.
        if (author == Schema::Author::plugin) {
            FUZZ_REQUIRE(schema->check(from_json(to_json(*value))).size() == violations.size());
        }
        Diagnostics reported;
        reported.set_source("config.yaml", std::string(input.rest()));
        schema->check(*value, Path(), {}, reported);
        FUZZ_REQUIRE(reported.empty() == violations.empty());
        if (value->is(Node::Kind::mapping)) {
            const auto tree = std::make_shared<const Node>(*value);
            const auto json = parse_json(plugin_json(overlay(tree, nullptr)));
            FUZZ_REQUIRE(json.ok() && *json == to_json(*value));
        }
    }
    return 0;
}
