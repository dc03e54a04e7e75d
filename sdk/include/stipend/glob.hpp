// Patterns of names, with one meaning for every option that takes one. A text with a `*` in it is a pattern: `*`
// matches any run of characters, also an empty one, and `?` exactly one. Every other character stands for itself, `[`
// and `\` too. Case matters.
#pragma once

#include <string_view>

namespace stipend {

[[nodiscard]] constexpr bool is_glob(std::string_view text) {
    return text.find('*') != std::string_view::npos;
}

// True where the whole of `text` matches. Takes time in proportion to the product of both lengths at most.
[[nodiscard]] constexpr bool glob_match(std::string_view pattern, std::string_view text) {
    // After a mismatch only the last `*` can help, by taking one character more: an earlier one never has to.
    constexpr auto none = std::string_view::npos;
    std::size_t at = 0;
    std::size_t star = none;
    std::size_t star_end = 0;  // of the characters that the star took
    for (std::size_t next = 0; next < text.size();) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            star_end = next;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[next])) {
            ++at;
            ++next;
        } else if (star != none) {
            at = star + 1;
            next = ++star_end;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == none;
}

}  // namespace stipend
