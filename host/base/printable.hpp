// Text from outside, made fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace stipend {

// The text with every character named that a terminal obeys or that has no visible form: control characters, marks of
// writing direction, blanks other than the ASCII one. "a\x1B[2J" is "a<U+001B>[2J"; a byte that is no UTF-8 is
// "<0xFF>". Tabs and line ends stay.
[[nodiscard]] std::string printable(std::string_view text);
// The same for a text that is to be one line: tabs and line ends are named too.
[[nodiscard]] std::string printable_line(std::string_view text);
// The same for a text in double quotes, as YAML reads it back: "a\u202E".
[[nodiscard]] std::string printable_quoted(std::string_view text);

}  // namespace stipend
