#include "host/http/header_lines.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"

namespace stipend::http {
namespace {

// A table, since every byte of every head passes here.
constexpr auto token_chars = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) {
        const char text = static_cast<char>(c);
        table[c] = ascii::is_alnum(text) || std::string_view("!#$%&'*+-.^_`|~").find(text) != std::string_view::npos;
    }
    return table;
}();

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return token_chars[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

Result<HeaderField> parse_header_line(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return fail(STIPEND_E_INVALID, "header field without a colon: want \"Name: value\"");
    }
    const HeaderField field{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
    if (!is_token(field.name)) {
        return fail(STIPEND_E_INVALID, "header field with a bad name: want letters, digits and '-' up to the colon");
    }
    if (!is_field_value(field.value)) {
        return fail(STIPEND_E_INVALID, "header field ", field.name, ": its value holds a control character");
    }
    return field;
}

Result<std::vector<HeaderField>> parse_header_lines(std::string_view text) {
    std::vector<HeaderField> fields;
    while (!text.empty()) {
        auto field = parse_header_line(take_line(text));
        if (!field) return std::move(field).error().in(cat("header line ", fields.size() + 1));
        fields.push_back(*field);
    }
    return fields;
}

}  // namespace stipend::http
