// A file of tables beside the configuration: what `payment.policy.tables_from` names. It holds one mapping, of tables
// by their names, which is laid over `payment.policy.config.tables` table by table. What a table means is the plugin's
// matter. Nothing in it is expanded, since it is written over the network.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/environment.hpp"
#include "host/config/node.hpp"

namespace stipend::config {

inline constexpr std::size_t max_tables_bytes = std::size_t{64} << 10;

// The file as it was read.
struct TablesText {
    std::string name;  // as `tables_from` has it
    std::string file;  // its path, in the state folder
    SourceText text;   // NULL: there is no such file, and so no table
};

// Lays the tables over those of `root`, a whole configuration with its defaults. `known` are taken in place of what the
// file of that path holds. What is wrong is reported in the file itself; nothing is returned where no file is named.
// `warnings` gets the tables of the configuration that the file replaces.
[[nodiscard]] std::optional<TablesText> add_tables(Node& root, const TablesText* known, const Environment& environment,
                                                   Diagnostics& diagnostics, std::vector<std::string>& warnings);

// The mapping that such a text holds: an empty one for an empty text. Reported, and nothing, where it is anything else.
// Places are those of a second file: see Diagnostics.
[[nodiscard]] std::optional<Node> read_tables(const std::string& file, const SourceText& text,
                                              Diagnostics& diagnostics);

}  // namespace stipend::config
