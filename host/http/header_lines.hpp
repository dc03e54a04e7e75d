// Checks HTTP header fields in their text form, "Name: value\r\n" lines. Pure functions. See also stipend/headers.hpp.
#pragma once

#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::http {

struct HeaderField {  // borrows from the text it was read from
    std::string_view name;
    std::string_view value;  // without the blanks around it
};

// True for the name of a method or a field: letters, digits and a few punctuation marks, never empty.
[[nodiscard]] bool is_token(std::string_view text);
// True for what a field's value may hold: no control characters other than a tab, so no further line can be injected.
[[nodiscard]] bool is_field_value(std::string_view text);

// Name and value of a line without its line end that is known to be well-formed.
[[nodiscard]] HeaderField split_header_line(std::string_view line);
// One line, with or without its line end. INVALID: no colon, a bad name, a control character, a folded line.
// The message never shows the value, which may be a secret.
[[nodiscard]] Result<HeaderField> parse_header_line(std::string_view line);
// All lines of `text`; the last may lack its line end. INVALID at the first bad one, with its number.
[[nodiscard]] Result<std::vector<HeaderField>> parse_header_lines(std::string_view text);

}  // namespace stipend::http
