#include "channel_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stipend/utf8.hpp"

namespace alert {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";     // U+2026
constexpr std::string_view no_break = "\xE2\x80\x8B";     // U+200B, a blank without width
constexpr std::string_view discord_markup = "\\*_~`|>#-+.()[]<:@";

// Control characters; joiners, marks of direction and other formats; fillers; tags.
bool is_unseen(std::uint32_t code) {
    static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 16> ranges{{
        {0x00, 0x1F},
        {0x7F, 0x9F},
        {0xAD, 0xAD},
        {0x034F, 0x034F},
        {0x061C, 0x061C},
        {0x115F, 0x1160},
        {0x17B4, 0x17B5},
        {0x180B, 0x180F},
        {0x200B, 0x200F},
        {0x2028, 0x202E},
        {0x2060, 0x206F},
        {0x3164, 0x3164},
        {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0},
        {0xFFF0, 0xFFFB},
        {0xE0000, 0xE0FFF},
    }};
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return code >= range.first && code <= range.second; });
}

// What the channel gets for one character of a clean text; `at_word` where a blank or nothing is before it.
std::string escaped(Format format, std::string_view character, bool at_word) {
    const char c = character.size() == 1 ? character.front() : '\0';
    std::string out(character);
    switch (format) {
        case Format::email:
        case Format::json:
            return out;
        case Format::discord:
            if (c != '\0' && discord_markup.find(c) != std::string_view::npos) out.insert(0, "\\");
            break;
        case Format::slack:
            if (c == '&') return "&amp;";
            if (c == '<') return "&lt;";
            if (c == '>') return "&gt;";
            if (c == '*' || c == '_' || c == '~' || c == '`') out.append(no_break);
            break;
        case Format::telegram:
            if ((c == '/' || c == '#' || c == '$') && at_word) out.append(no_break);
            break;
    }
    if (c == '@') out.append(no_break);
    return out;
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [code, bytes] = stipend::utf8::character_at(text, at);
        if (bytes == 0) {
            out += replacement;
            ++at;
            continue;
        }
        if (code == '\t') {
            out += ' ';
        } else if (code == '\n' || !is_unseen(code)) {
            out += text.substr(at, bytes);
        }
        at += bytes;
    }
    return out;
}

std::size_t utf16_length(std::string_view text) {
    std::size_t out = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) != 0x80U) out += byte >= 0xF0 ? 2 : 1;
    }
    return out;
}

std::string channel_text(Format format, std::string_view text, std::size_t most) {
    const auto given = clean(text);
    std::string out;
    std::size_t length = 0;
    std::size_t whole = 0;  // bytes of `out` that leave a place for the ellipsis
    char before = ' ';
    for (std::size_t at = 0; at < given.size();) {
        const auto bytes = stipend::utf8::character_at(given, at).bytes;
        const auto piece = escaped(format, std::string_view(given).substr(at, bytes), before == ' ' || before == '\n');
        length += utf16_length(piece);
        if (length > most) {
            out.resize(whole);
            return most == 0 ? std::string() : out.append(ellipsis);
        }
        out += piece;
        if (length < most) whole = out.size();
        before = given[at + bytes - 1];
        at += bytes;
    }
    return out;
}

}  // namespace alert
