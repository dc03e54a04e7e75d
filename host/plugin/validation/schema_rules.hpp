// Rules about what a plugin says of itself, which need none of its code.
#pragma once

#include <filesystem>
#include <vector>

#include "host/plugin/description.hpp"
#include "host/plugin/finding.hpp"
#include "host/plugin/validation/draw_config.hpp"

namespace stipend::plugin {

struct SchemaFindings {
    std::vector<Finding> broken;
    DrawnConfigs drawn;  // empty where the schema is none
};

// `base` is a valid configuration, if there is one.
[[nodiscard]] SchemaFindings look_at_schema(const Description& plugin, const std::filesystem::path& shown_as,
                                            const std::optional<Json>& base, std::uint64_t seed);

}  // namespace stipend::plugin
