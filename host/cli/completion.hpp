// Completions for shells, made from the tree of a command line (host/base/command_tree.hpp): commands, options, the
// values of an option that has a few, and paths.
#pragma once

#include <string>

#include "stipend/json.hpp"

namespace stipend::cli {

// `root` is the tree of `stipend` with the trees of the programs that run as its commands among them.
[[nodiscard]] std::string bash_completion(const Json& root);
[[nodiscard]] std::string zsh_completion(const Json& root);
[[nodiscard]] std::string fish_completion(const Json& root);

}  // namespace stipend::cli
