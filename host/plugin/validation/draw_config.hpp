// Configurations drawn from the JSON Schema that a plugin ships, most of them at the limits of what it allows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/config/schema.hpp"
#include "stipend/json.hpp"

namespace stipend::plugin {

struct DrawnConfigs {
    std::vector<Json> plain;  // that a plugin is tried with where none is given, the likeliest first
    std::vector<Json> valid;  // by the schema
    // Broken in a way that the schema names, such as "pay_usd above its maximum".
    std::vector<std::pair<std::string, Json>> invalid;
};

inline constexpr std::size_t most_drawn_configs = 300;

// `base` is a valid configuration that others are made of; without one, the schema's own examples are, or what it
// requires. The same seed draws the same.
[[nodiscard]] DrawnConfigs draw_configs(const Json& schema, const config::Schema& compiled,
                                        const std::optional<Json>& base, std::uint64_t seed);

// Whether the value fits a part of `root`, whose definitions it may refer to. True where that part cannot be looked at
// by itself.
[[nodiscard]] bool fits_part(const Json& root, const Json& part, const Json& value);

}  // namespace stipend::plugin
