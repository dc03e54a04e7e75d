// The badges of the status page: pictures for other pages.
#include <algorithm>
#include <array>

#include "host/api/public_status.hpp"
#include "host/base/html.hpp"
#include "host/base/printable.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t most_text_bytes = 200;
constexpr std::uint32_t side_px = 6;  // beside each text
constexpr std::uint32_t height_px = 20;
constexpr std::uint32_t font_px = 11;
constexpr std::uint32_t units_per_em = 2048;
constexpr std::uint32_t other_units = 1800;  // of a character beyond ASCII: seldom wider

// How wide the characters from the blank to "~" are in Verdana, which most systems have, or one as wide.
constexpr std::array<std::uint16_t, 95> ascii_units{
    720,  806,  940,  1676, 1302, 2204, 1488, 550,  930,  930,  1302, 1676, 745,  930,  745,  930,   // to "/"
    1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 930,  930,  1676, 1676, 1676, 1117,  // to "?"
    2048, 1400, 1404, 1430, 1578, 1295, 1177, 1588, 1539, 862,  931,  1419, 1140, 1726, 1532, 1612,  // to "O"
    1235, 1612, 1424, 1400, 1262, 1499, 1400, 2025, 1403, 1260, 1403, 930,  930,  930,  1676, 1302,  // to "_"
    1302, 1230, 1276, 1067, 1276, 1220, 720,  1276, 1296, 562,  705,  1212, 562,  1992, 1296, 1243,  // to "o"
    1276, 1276, 874,  1067, 807,  1296, 1212, 1676, 1212, 1212, 1076, 1300, 930,  1300, 1676};       // to "~"

// In pixels, rounded up. The picture says how long each text is, so that it fits in any other font as well.
std::uint32_t width_of(std::string_view text) {
    std::uint32_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) == 0x80U) continue;  // the rest of a character
        units += byte >= ' ' && byte <= '~' ? ascii_units[byte - std::size_t{' '}] : other_units;
    }
    return std::max<std::uint32_t>(1, (units * font_px + units_per_em - 1) / units_per_em);
}

// White on each of them has a contrast of at least 4.5.
std::string_view colour_of(std::string_view kind) {
    if (kind == "up") return "#1a7f37";
    if (kind == "degraded") return "#8a5a00";
    if (kind == "down") return "#b3261e";
    return "#57606a";
}

}  // namespace

std::string badge_svg(std::string_view label, std::string_view value, std::string_view kind) {
    const std::array<std::string, 2> texts{printable_line(clip(label, most_text_bytes)),
                                           printable_line(clip(value, most_text_bytes))};
    const auto first = width_of(texts[0]);
    const auto second = width_of(texts[1]);
    const auto split = first + 2 * side_px;
    const auto whole = split + second + 2 * side_px;
    const auto title = html_escaped(cat(texts[0], ": ", texts[1]));
    const auto text = [](std::uint32_t x, std::uint32_t width, const std::string& words) {
        return cat("<text x=\"", x, "\" y=\"14\" textLength=\"", width, "\" lengthAdjust=\"spacingAndGlyphs\">",
                   html_escaped(words), "</text>");
    };
    return cat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", whole, "\" height=\"", height_px,
               "\" viewBox=\"0 0 ", whole, " ", height_px, "\" role=\"img\" aria-label=\"", title, "\"><title>", title,
               "</title><clipPath id=\"r\"><rect width=\"", whole, "\" height=\"", height_px,
               "\" rx=\"3\"/></clipPath><g clip-path=\"url(#r)\"><rect width=\"", split, "\" height=\"", height_px,
               "\" fill=\"#33383e\"/><rect x=\"", split, "\" width=\"", whole - split, "\" height=\"", height_px,
               "\" fill=\"", colour_of(kind),
               "\"/></g><g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"", font_px, "\">",
               text(side_px, first, texts[0]), text(split + side_px, second, texts[1]), "</g></svg>\n");
}

}  // namespace stipend::api
