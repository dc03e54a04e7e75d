#include "host/http/header_lines.hpp"

#include <algorithm>
#include <array>

namespace stipend::http {
namespace {

constexpr std::array<bool, 256> token_table() {
    std::array<bool, 256> table{};
    for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
    for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr auto token_chars = token_table();

constexpr std::array<bool, 256> value_table() {
    std::array<bool, 256> table{};
    for (unsigned c = 0x20; c < table.size(); ++c) table[c] = c != 0x7f;
    table[static_cast<unsigned char>('\t')] = true;
    return table;
}
constexpr auto value_chars = value_table();

constexpr char lower_of(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

// Takes the first line off `rest`, without its line end (CRLF, or a bare LF as some servers send).
std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return token_chars[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return value_chars[static_cast<unsigned char>(c)]; });
}

Result<HeaderField> parse_header_line(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return fail(STIPEND_E_INVALID, "header field without a colon: want \"Name: value\"");
    }
    const HeaderField field{line.substr(0, colon), trimmed(line.substr(colon + 1))};
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

std::optional<std::string_view> find_header(std::string_view lines, std::string_view name) {
    while (!lines.empty()) {
        const auto line = take_line(lines);
        if (line.size() > name.size() && line[name.size()] == ':' && same_name(line.substr(0, name.size()), name)) {
            return trimmed(line.substr(name.size() + 1));
        }
    }
    return std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower_of(x) == lower_of(y); });
}

void append_lower(std::string& out, std::string_view text) {
    for (const char c : text) out.push_back(lower_of(c));
}

}  // namespace stipend::http
