// Pages for man(1) and completions for shells, of `stipend` and of the programs that run as its commands.
#pragma once

#include <string>
#include <vector>

#include "stipend/json.hpp"

namespace stipend::cli {

struct PageOptions {
    std::string command;    // whose page is printed; empty: that of `stipend`
    std::string folder;     // not empty: a page for each command is written there instead
    bool settings = false;  // the page of the configuration is printed instead
    std::string shell;      // bash, zsh or fish
};

// `tree` is that of this program alone; `apart` are the names of commands whose programs are asked for theirs, and left
// out where there is none. Return the exit status.
int man_page(const PageOptions& options, const Json& tree, const std::vector<std::string>& apart);
int completion(const PageOptions& options, const Json& tree, const std::vector<std::string>& apart);

}  // namespace stipend::cli
