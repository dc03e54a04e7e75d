// A password as a command reads it: never from the command line, which others can see.
#pragma once

#include <string>

#include "stipend/result.hpp"

namespace stipend::cli {

// The first line of `file`, or of standard input where `file` is "-"; where it is empty, what is typed at a prompt,
// twice and unseen, or the first line of standard input where that is no terminal.
[[nodiscard]] Result<std::string> read_password(const std::string& file);

}  // namespace stipend::cli
