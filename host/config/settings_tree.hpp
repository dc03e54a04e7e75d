// Settings from the tree of a file, and the tree of settings again; the schema leads both.
#pragma once

#include <set>
#include <string>

#include "host/config/diagnostic.hpp"
#include "host/config/environment.hpp"
#include "host/config/path.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Adds the defaults that the schema of `role` has for missing keys, expanded, at the place of their mapping. A null
// where a list or mapping belongs becomes an empty one: it is what remains when all of it is commented out.
void add_defaults(Node& root, Role role, const Environment& environment, std::set<std::string>& names_read,
                  Diagnostics& diagnostics);

// Takes what fits the schema of `role` from a tree with its defaults; what does not fit keeps the value it had. Reports
// nothing: Schema::check does. A list's item is appended even where it does not fit, so that the items have the
// indexes of the file.
void read_settings(const Node& root, Role role, Settings& settings);

// The tree that reads as these settings: every one that has a value, in the order of the schema. Values are not
// escaped.
[[nodiscard]] Node write_settings(const Settings& settings);

}  // namespace stipend::config
