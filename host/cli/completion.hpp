// Completions for shells, made from the tree of a command line (host/base/command_tree.hpp): commands, options, the
// values of an option that has a few, and paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"

namespace stipend::cli {

// `root` is the tree of `stipend` with the trees of the programs beside it among its commands; `beside` are the names
// of those, which are also programs of their own: "jobs" is stipend-jobs.
[[nodiscard]] std::string bash_completion(const Json& root, const std::vector<std::string>& beside);
[[nodiscard]] std::string zsh_completion(const Json& root, const std::vector<std::string>& beside);
[[nodiscard]] std::string fish_completion(const Json& root);  // of `stipend NAME` only

}  // namespace stipend::cli
