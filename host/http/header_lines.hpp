// HTTP header fields as text: "Name: value\r\n" lines, the form in which they cross the plugin ABI. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::http {

struct HeaderField {  // borrows from the text it was read from
    std::string_view name;
    std::string_view value;  // without the blanks around it
};

// A name of a method or a field: letters, digits and a few marks, never empty.
[[nodiscard]] bool is_token(std::string_view text);
// What may stand in a field's value: no control characters other than a tab, so no line can be smuggled in.
[[nodiscard]] bool is_field_value(std::string_view text);

// One line, with or without its line end. INVALID: no colon, a bad name, a control character, a folded line.
// The message never shows the value, which may be a secret.
[[nodiscard]] Result<HeaderField> parse_header_line(std::string_view line);
// All lines of `text`; the last may lack its line end. INVALID at the first bad one, with its number.
[[nodiscard]] Result<std::vector<HeaderField>> parse_header_lines(std::string_view text);

// The value of the first field of that name, whatever its case; nothing where there is none. `lines` is well formed.
[[nodiscard]] std::optional<std::string_view> find_header(std::string_view lines, std::string_view name);

[[nodiscard]] bool same_name(std::string_view a, std::string_view b);  // ASCII, case ignored
void append_lower(std::string& out, std::string_view text);            // ASCII

}  // namespace stipend::http
