// Text inside of HTML.
#pragma once

#include <string>
#include <string_view>

namespace stipend {

// For the contents of an element, or an attribute in double quotes.
[[nodiscard]] inline std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace stipend
