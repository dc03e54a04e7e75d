// The header fields of a request, as a configuration states them by name.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "stipend/ascii.hpp"
#include "stipend/config.hpp"

namespace stipend {

// A name of a header field, or a method: a token of RFC 9110.
[[nodiscard]] inline bool is_header_token(std::string_view text) {
    constexpr std::string_view inner = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [&](char c) { return ascii::is_alnum(c) || inner.find(c) != inner.npos; });
}

// A text that fits into one line of a head.
[[nodiscard]] inline bool is_header_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// "Name: value\r\n" lines of a mapping; nothing where it is missing. INVALID: a name or a value that is none, one of
// `reserved`, which are set by `owner` ("the plugin"), or more than `most` bytes.
[[nodiscard]] inline Result<std::string> header_lines(const ConfigView& config,
                                                      std::initializer_list<std::string_view> reserved,
                                                      std::string_view owner, std::size_t most = 16 << 10) {
    std::string out;
    for (const auto& [name, value] : config.members()) {
        STIPEND_LET(text, value.string());
        if (!is_header_token(name)) {
            return value.refuse("got the name \"", clip(name, 60), "\", want that of a header");
        }
        for (const auto own : reserved) {
            if (ascii::equal_ignoring_case(name, own)) {
                return value.refuse("the header ", name, " is ", owner, "'s own: leave it out");
            }
        }
        if (!is_header_value(text)) return value.refuse("got a control character, want a header's value");
        out += cat(name, ": ", text, "\r\n");
    }
    if (out.size() > most) return config.refuse("got ", out.size(), " bytes of headers, want at most ", most);
    return out;
}

}  // namespace stipend
