// Texts in cells of a terminal.
#pragma once

#include <string>
#include <string_view>

#include "tools/flow/layout.hpp"

namespace stipend::flow {

// How many cells a text takes that `one_line` made, or that is ASCII.
[[nodiscard]] std::size_t cells(std::string_view text);
// As much of it as fits; the last character is "~" where there is more.
[[nodiscard]] std::string fit(const std::string& text, std::size_t width);
// One line that is fit for a terminal. Characters whose width terminals do not agree on are "?".
[[nodiscard]] std::string one_line(std::string_view text);
[[nodiscard]] std::string shown_id(const std::string& id);
// By what a check was paid: whole, a part, or nothing.
[[nodiscard]] Look look_of(const Check& check);

}  // namespace stipend::flow
