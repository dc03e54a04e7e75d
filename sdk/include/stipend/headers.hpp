// HTTP header fields as text: "Name: value\r\n" lines, the form in which they cross the ABI.
#pragma once

#include <optional>
#include <string_view>

#include "stipend/ascii.hpp"

namespace stipend {

// `text` without the blanks and tabs at its ends.
[[nodiscard]] constexpr std::string_view trim_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Removes the first line of `text` and returns it without its line end (CRLF, or LF alone).
[[nodiscard]] constexpr std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// The value of the first field of that name, in any case, without the blanks around it; nothing where there is none.
[[nodiscard]] constexpr std::optional<std::string_view> find_header(std::string_view lines, std::string_view name) {
    while (!lines.empty()) {
        const auto line = take_line(lines);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            ascii::equal_ignoring_case(line.substr(0, name.size()), name)) {
            return trim_blanks(line.substr(name.size() + 1));
        }
    }
    return std::nullopt;
}

}  // namespace stipend
