// Text of alerts, made harmless for the channel that shows it. Ids and bodies hold names and answers of remote systems:
// what a channel would obey or hide in them is escaped or removed. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace alert {

enum class Format : std::uint8_t { json, discord, slack, telegram, email };

// The longest text of one message, in units of UTF-16, by which these services count.
[[nodiscard]] constexpr std::size_t longest_text(Format format) {
    switch (format) {
        case Format::discord:
            return 2000;
        case Format::slack:
            return 4000;
        case Format::telegram:
            return 4096;
        case Format::email:
            return 64 << 10;
        case Format::json:
            break;
    }
    return 1 << 20;
}

// UTF-8 without control characters, marks of writing direction and characters without a form; line ends stay, a tab is
// a blank, and what is no UTF-8 is U+FFFD.
[[nodiscard]] std::string clean(std::string_view text);

// The length in units of UTF-16 of valid UTF-8.
[[nodiscard]] std::size_t utf16_length(std::string_view text);

// `text`, cleaned, with every character escaped that the channel would take for a mention, a link in its own syntax,
// markup or a command. At most `most` units of UTF-16 long; what is cut ends in U+2026, and no escape is cut in two.
[[nodiscard]] std::string channel_text(Format format, std::string_view text, std::size_t most);

}  // namespace alert
