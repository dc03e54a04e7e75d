// Pages for man(1), made from the tree of a command line (host/base/command_tree.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"

namespace stipend::cli {

// Text that troff shows as it is: no request at a line's begin, no escape, and hyphens that can be copied.
[[nodiscard]] std::string roff(std::string_view text);

// The page of section 1 for `command`, a child of `stipend` or a program beside it, or for `stipend` itself: then the
// commands are listed, each with its own page. `exits` as in a tree; `environment` are names with their defaults.
struct PageContext {
    const Json& exits;
    std::vector<std::string> environment;  // "NAME what it does"; empty for a program that reads none
};
[[nodiscard]] std::string overview_page(const Json& root, const PageContext& context);
[[nodiscard]] std::string command_page(const Json& command, const PageContext& context);
// The file's name: "stipend-jobs.1".
[[nodiscard]] std::string page_name(std::string_view command);

}  // namespace stipend::cli
