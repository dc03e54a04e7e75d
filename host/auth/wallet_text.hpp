// The character classes of texts that wallets sign, from RFC 3986.
#pragma once

#include <algorithm>
#include <string_view>

#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"

namespace stipend::auth {

[[nodiscard]] constexpr bool is_unreserved(char c) {
    return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
[[nodiscard]] constexpr bool is_sub_delimiter(char c) {
    return std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos;
}
[[nodiscard]] constexpr bool is_reserved(char c) {
    return is_sub_delimiter(c) || std::string_view(":/?#[]@").find(c) != std::string_view::npos;
}

// Whether each character is of the class, or part of a percent-encoded byte.
template <class Class>
[[nodiscard]] constexpr bool is_encoded(std::string_view text, Class is_of_class) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%') {
            if (text.size() - at < 3 || !is_hex(text.substr(at + 1, 2))) return false;
            at += 2;
        } else if (!is_of_class(text[at])) {
            return false;
        }
    }
    return true;
}

[[nodiscard]] constexpr bool is_url_scheme(std::string_view text) {
    return !text.empty() && ascii::is_alpha(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
        return ascii::is_alnum(c) || c == '+' || c == '-' || c == '.';
    });
}

// A host with or without a port, as it is in the origin of a web page: no user name.
[[nodiscard]] constexpr bool is_url_authority(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return is_unreserved(c) || c == ':' || c == '[' || c == ']'; });
}

// At least 8 letters and digits.
[[nodiscard]] constexpr bool is_nonce(std::string_view text) {
    return text.size() >= 8 && std::all_of(text.begin(), text.end(), ascii::is_alnum);
}

}  // namespace stipend::auth
