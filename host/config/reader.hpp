// Fills structs from a tree by their table, and makes the tree of a struct again.
#pragma once

#include <set>
#include <string>

#include "host/config/environment.hpp"
#include "host/config/options.hpp"
#include "host/config/path.hpp"
#include "host/config/problem.hpp"

namespace stipend::config {

struct ReadContext {
    const Environment& environment;       // for the expansions in defaults
    std::set<std::string>& names_read;    // added to
    std::set<std::string>& secret_paths;  // added to: where a value is a secret
    Problems& problems;                   // added to
};

// Reads the expanded mapping `node` (null counts as an empty one) into `object`, the struct that `section` describes.
// Every problem below it is reported; what has one keeps the value it had. A list's item is appended even where it has
// problems, so that the struct's items stand at the file's indexes.
void read_section(const Section& section, const Node& node, const Path& path, void* object, ReadContext& context);

// The tree that reads as `object`: every option that has a value, in the order of the table. Values are not escaped.
[[nodiscard]] Node write_section(const Section& section, const void* object);

}  // namespace stipend::config
