// A compiled schema. schema.cpp makes it and schema_check.cpp runs it; of the host's own, the reader and the reference
// are led by it too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/config/node.hpp"
#include "host/config/pattern.hpp"
#include "stipend/decimal.hpp"

namespace stipend::config {

struct Format;

using RuleId = std::size_t;

enum TypeBit : std::uint8_t {
    type_null = 1,
    type_boolean = 2,
    type_integer = 4,
    type_number = 8,
    type_string = 16,
    type_array = 32,
    type_object = 64
};

// A value as an enum lists it: how it is compared, and how it is shown.
struct Allowed {
    std::string canonical;
    std::string shown;
};

struct Rule {
    bool never = false;      // the schema `false`
    std::uint8_t types = 0;  // TypeBits; 0: any
    std::string title;
    std::string noun;              // "an orchestrator"; of a scalar, all that is wanted: "a hash: 64 hex digits"
    std::string description;       // one line
    std::string fallback;          // `default`, where it is a text
    std::vector<Allowed> allowed;  // of enum or const; empty: any
    std::string also;              // other spellings of them: "warn=warning err=error"
    std::vector<RuleId> any_of;
    std::vector<RuleId> one_of;
    std::optional<RuleId> reference;
    std::string reference_text;  // until it is resolved

    std::vector<std::pair<std::string, RuleId>> properties;
    std::vector<std::pair<Pattern, RuleId>> pattern_properties;
    std::optional<RuleId> additional;
    std::optional<RuleId> property_names;
    std::vector<std::string> required;
    std::optional<std::int64_t> min_properties;
    std::optional<std::int64_t> max_properties;

    std::optional<RuleId> items;
    std::optional<std::int64_t> min_items;
    std::optional<std::int64_t> max_items;
    bool unique_items = false;

    std::optional<Decimal> minimum;
    std::optional<Decimal> maximum;
    std::optional<Decimal> exclusive_minimum;
    std::optional<Decimal> exclusive_maximum;

    std::optional<std::int64_t> min_length;
    std::optional<std::int64_t> max_length;
    std::optional<Pattern> pattern;

    const Format* format = nullptr;                                 // NULL: none, or an annotation only
    std::int64_t least = std::numeric_limits<std::int64_t>::min();  // of a format that is a number, in its unit
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

struct SchemaRules {
    std::vector<Rule> rules;  // the root is the first

    // The rule for a member of a mapping; NULL where the schema does not name it.
    [[nodiscard]] const Rule* property(const Rule& rule, std::string_view key) const {
        for (const auto& [name, id] : rule.properties) {
            if (name == key) return &rules[id];
        }
        return nullptr;
    }
};

// A text that two values share exactly where JSON Schema calls them equal: 1 and 1.0, and keys in any order.
[[nodiscard]] std::string canonical_text(const Node& node);

}  // namespace stipend::config
