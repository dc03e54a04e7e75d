// The tree of a configuration file: what was written, and where. Values stay text until an option gives them a type.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"

namespace stipend::config {

// A place in the file. Lines and columns count from 1, columns in bytes; line 0 is no place at all.
struct SourcePos {
    std::int32_t line = 0;
    std::int32_t column = 0;
    friend bool operator==(const SourcePos&, const SourcePos&) = default;
    friend bool operator<(const SourcePos& a, const SourcePos& b) {
        return a.line != b.line ? a.line < b.line : a.column < b.column;
    }
};

// One value and, inside a mapping, its key. A plain value tree: copies are independent.
struct Node {
    enum class Kind : std::uint8_t { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    bool quoted = false;      // quoted, a block, or tagged !!str: text, even if it looks like a number
    bool secret = false;      // never shown
    bool refused = false;     // a problem was reported for it already: readers skip it
    bool by_default = false;  // the key is missing in the file; the place is that of its mapping
    SourcePos pos;
    SourcePos key_mark;
    std::string key;             // of a mapping's child
    std::string text;            // of a scalar
    std::vector<Node> children;  // items of a sequence, or members of a mapping in the order they were written

    [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
    // The mapping's child of that key, or NULL.
    [[nodiscard]] const Node* find(std::string_view name) const;
    // How messages show it in "got X": "nothing", "\"60\"", "a list", "<secret>". Bounded in length.
    [[nodiscard]] std::string shown() const;
};

// A mapping that a plugin understands and the host does not; NULL for none. Shared, so that 100,000 orchestrators need
// no copy each.
using Tree = std::shared_ptr<const Node>;

// A value without a place, as if written with those quotes.
[[nodiscard]] Node scalar_node(std::string_view text, bool quoted);

// What a value is in JSON, by YAML 1.2's core schema: plain null, true and false, numbers that are JSON numbers as they
// are written, everything else a string. A secret is always a string, and so is an expansion that came out empty.
[[nodiscard]] Json::Kind json_kind(const Node& node);
[[nodiscard]] Json to_json(const Node& node);
// The inverse, without places: to_json(from_json(j)) == j.
[[nodiscard]] Node from_json(const Json& json);

struct Located {
    const Node* node = nullptr;  // never NULL: where the pointer leads nowhere, the last value on its way
    std::string path;            // up to the first step that leads nowhere
};
// Follows an RFC 6901 pointer from `root`, whose own path is `path`: "/tiers/2/above" below "policy.config" is
// "policy.config.tiers[2].above".
[[nodiscard]] Located locate(const Node& root, std::string_view path, std::string_view pointer);

}  // namespace stipend::config
