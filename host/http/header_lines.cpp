#include "host/http/header_lines.hpp"

#include <array>
#include <utility>

#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"

namespace stipend::http {
namespace {

// Tables, since every byte of every head passes here.
using CharClass = std::array<bool, 256>;

template <class Predicate>
constexpr CharClass class_of(Predicate predicate) {
    CharClass out{};
    for (std::size_t c = 0; c < out.size(); ++c) out[c] = predicate(static_cast<char>(c));
    return out;
}

constexpr auto token_chars = class_of(
    [](char c) { return ascii::is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos; });
constexpr auto value_chars = class_of([](char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code >= 0x20 && code != 0x7f) || c == '\t';
});

bool all_of(const CharClass& chars, std::string_view text) {
    bool all = true;
    for (const char c : text) all &= chars[static_cast<unsigned char>(c)];
    return all;
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && all_of(token_chars, text);
}

bool is_field_value(std::string_view text) {
    return all_of(value_chars, text);
}

HeaderField split_header_line(std::string_view line) {
    const auto colon = line.find(':');
    return {line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
}

Result<HeaderField> parse_header_line(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find(':') == std::string_view::npos) {
        return fail(STIPEND_E_INVALID, "header field without a colon: want \"Name: value\"");
    }
    const auto field = split_header_line(line);
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
