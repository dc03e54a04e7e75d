#include "host/base/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "stipend/utf8.hpp"

namespace stipend {
namespace {

bool unseen(std::uint32_t code) {
    // Control characters; blanks; joiners, marks of direction and other formats; fillers; tags.
    static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 20> ranges{{
        {0x00, 0x08},     {0x0B, 0x1F},     {0x7F, 0xA0},     {0xAD, 0xAD},     {0x034F, 0x034F},
        {0x061C, 0x061C}, {0x115F, 0x1160}, {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F},
        {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F}, {0x2800, 0x2800}, {0x3000, 0x3000},
        {0x3164, 0x3164}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
    }};
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return code >= range.first && code <= range.second; });
}

std::string hex(std::uint32_t value, std::size_t digits) {
    std::string out;
    for (; value != 0 || out.size() < digits; value >>= 4U) out.insert(out.begin(), "0123456789ABCDEF"[value & 15U]);
    return out;
}

template <class Name>
std::string named(std::string_view text, const Name& name, bool one_line = false) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [code, bytes] = utf8::character_at(text, at);
        if (bytes == 0) {
            out += "<0x" + hex(static_cast<unsigned char>(text[at++]), 2) + ">";
            continue;
        }
        if (unseen(code) || (one_line && (code == '\t' || code == '\n'))) {
            out += name(code);
        } else {
            out += text.substr(at, bytes);
        }
        at += bytes;
    }
    return out;
}

std::string code_name(std::uint32_t code) {
    return "<U+" + hex(code, 4) + ">";
}

}  // namespace

std::string printable(std::string_view text) {
    return named(text, code_name);
}

std::string printable_line(std::string_view text) {
    return named(text, code_name, true);
}

std::string printable_quoted(std::string_view text) {
    return named(text, [](std::uint32_t code) { return code > 0xFFFF ? "\\U" + hex(code, 8) : "\\u" + hex(code, 4); });
}

}  // namespace stipend
