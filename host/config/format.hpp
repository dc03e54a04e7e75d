// What a schema's `format` names: the notations in which the host's settings are written. Values stay text until a
// format reads them. All pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/node.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

struct Rule;

struct Format {
    std::string_view name;
    std::string_view noun;       // "a duration"
    std::string_view remark;     // follows the range: ", such as 60s"
    std::string_view with_unit;  // what is wanted instead of a number without its unit; empty: it has none
    std::string_view json_type;  // as JSON Schema, for editors
    std::string_view pattern;    // of a string, for editors
    bool quoted = true;          // how a value is written
    std::optional<std::int64_t> (*number)(const Node& node) = nullptr;  // NULL: the format is one of texts
    std::string (*number_text)(std::int64_t value) = nullptr;
    std::optional<std::string> (*text)(std::string_view text) = nullptr;  // NULL: as it was written
};

// NULL: the format is an annotation only.
[[nodiscard]] const Format* find_format(std::string_view name);

// The value of a scalar that fits a rule with a format; nothing where it does not fit.
// A duration is in ns, USD in 1e-8, ether in gwei, a factor in parts per million.
[[nodiscard]] std::optional<std::int64_t> number_of(const Rule& rule, const Node& node);
[[nodiscard]] std::optional<std::string> text_of(const Rule& rule, const Node& node);
// The index in the rule's `enum`; case is ignored.
[[nodiscard]] std::optional<std::size_t> word_of(const Rule& rule, const Node& node);

// The inverse: what reads as the same value.
[[nodiscard]] Node number_node(const Rule& rule, std::int64_t value);
[[nodiscard]] Node word_node(const Rule& rule, std::size_t index);

[[nodiscard]] bool fits_format(const Rule& rule, const Node& node);
// "a duration from 1s to 1d, such as 60s": for messages and the reference.
[[nodiscard]] std::string wanted(const Rule& rule);
// "got X, want Y" for a value that does not fit. A secret is not shown in it.
[[nodiscard]] std::string got_and_wanted(const Rule& rule, const Node& node);
// The entries of a list in one text, without the blanks around them; empty ones are left out. They are views of it.
[[nodiscard]] std::vector<std::string_view> comma_separated(std::string_view all);
// The same rule without formats.
[[nodiscard]] Json plain_schema(const Rule& rule);

}  // namespace stipend::config
