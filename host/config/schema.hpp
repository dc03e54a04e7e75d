// Checks a configuration against a JSON Schema: a plugin's against the one that the plugin ships, the host's settings
// against its own (settings_schema.cpp).
//
// A subset of 2020-12, in which every keyword that is accepted is also enforced, or is a mere annotation:
//   any value   type, enum, const, anyOf, oneOf, $ref (to "#" or "#/$defs/NAME"), $defs (at the root)
//   objects     properties, patternProperties, additionalProperties, propertyNames, required, minProperties,
//               maxProperties
//   arrays      items, minItems, maxItems, uniqueItems
//   numbers     minimum, maximum, exclusiveMinimum, exclusiveMaximum; compared exactly, as decimals
//   strings     minLength, maxLength (in characters), pattern (ECMAScript, over bytes)
//   annotations title, description, default, examples, format, deprecated, $schema, $id, $comment
// The host's own schema has more:
//   format         integer, factor, duration, seconds, usd, eth, word, text, path, listen or origin (format.cpp):
//   enforced, in
//                  place of a type. minLength and maxLength count bytes then; a word is one of its enum, in any case
//   formatMinimum, formatMaximum   the range, in the notation of the format
//   default        the text that is read, expansions included, where the key is missing
//   x-noun         how messages call a mapping, or what they want for a value
// `true` and `false` are schemas. Any other keyword is refused by `compile`, since a rule that is read but not enforced
// is worse than none.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/path.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

struct SchemaRules;

// What does not fit.
struct Violation {
    const Node* node = nullptr;  // of the checked tree; lives as long as that
    bool at_key = false;         // about the node's key rather than its value
    std::string path;            // "tiers[2].above", below the path of the checked root
    std::string message;         // got X, want Y
};

// Immutable, cheap to copy, thread-safe.
class Schema {
  public:
    static constexpr std::size_t max_rules = 10'000;        // schemas inside the schema
    static constexpr std::size_t max_steps = 10'000'000;    // values met by one check
    static constexpr std::size_t max_violations = 100'000;  // a check that found so many ends

    // The keywords of the host's own schema are unknown in a plugin's.
    enum class Author : std::uint8_t { plugin, host };
    // INVALID with the place inside the schema, such as `#/properties/tiers: unknown keyword "maxTiers"`.
    [[nodiscard]] static Result<Schema> compile(const Json& schema, Author author = Author::plugin);
    [[nodiscard]] static Result<Schema> parse(std::string_view text, Author author = Author::plugin);

    // Everything in `value` that does not fit, in the order of the tree; empty where all of it does. A plain JSON value
    // is checked as `from_json(value)`.
    [[nodiscard]] std::vector<Violation> check(const Node& value, const Path& path = {}) const;
    // The same, reported; `fallback` is the place of what has none. Values refused earlier are skipped.
    void check(const Node& value, const Path& path, SourcePos fallback, Diagnostics& diagnostics) const;

    [[nodiscard]] const SchemaRules& rules() const { return *rules_; }

  private:
    explicit Schema(std::shared_ptr<const SchemaRules> rules) : rules_(std::move(rules)) {}
    std::shared_ptr<const SchemaRules> rules_;
};

// Checks a plugin's configuration (NULL: an empty mapping), whose own path is `path`, and reports every violation at
// its place; `fallback` is the place of what has none.
void check_plugin_config(const Schema& schema, const Tree& config, SourcePos fallback, std::string_view path,
                         Diagnostics& diagnostics);

}  // namespace stipend::config
