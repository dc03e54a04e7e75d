// Reads YAML text into a tree with places.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"

namespace stipend::config {

struct YamlLimits {
    std::size_t bytes = std::size_t{64} << 20;        // of the file
    std::size_t depth = 32;                           // of nesting, aliases included
    std::size_t nodes = 2'000'000;                    // values and keys, each alias counted as its value
    std::size_t text_bytes = std::size_t{256} << 20;  // of all scalars, aliases included
};

// Reads one document. A scalar stays text; nothing is expanded.
// Stops at the first of: bytes that are not UTF-8 or not text, what is not YAML, a second document, a tag other than
// !!str, !!map and !!seq, a key that is not plain text, an excess of the limits; and returns nothing.
// Reports and goes on: duplicate keys (the first stays) and merge keys ("<<").
// An empty text is a null. `diagnostics` is only added to.
[[nodiscard]] std::optional<Node> parse_yaml(std::string_view text, Diagnostics& diagnostics,
                                             const YamlLimits& limits = {});

// The offset of the first byte that is not UTF-8 text (control characters other than tab and line ends count), if any.
[[nodiscard]] std::optional<std::size_t> find_non_text(std::string_view text);

}  // namespace stipend::config
