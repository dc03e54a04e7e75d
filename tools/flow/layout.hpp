// The lines of the screen, and of the table that `--once` prints. Pure: the terminal comes in screen.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/abi/types.h"
#include "tools/flow/view.hpp"

namespace stipend::flow {

enum class Look : std::uint8_t { plain, faint, strong, good, warning, bad };

struct Span {
    std::string text;
    Look look = Look::plain;
};
struct Line {
    std::vector<Span> spans;
    bool selected = false;
};
[[nodiscard]] std::string text_of(const Line& line);

struct Size {
    std::size_t width = 80;
    std::size_t height = 24;
};
inline constexpr Size smallest{40, 8};  // below it the screen only says so

// How many lanes, or lines of the detail, a screen of that size shows; at least 1.
[[nodiscard]] std::size_t page_of(const View& view, Size size);

// All lines of the screen: at most `size.height`, each of at most `size.width` characters. `now`: unix nanoseconds.
[[nodiscard]] std::vector<Line> screen_lines(const Model& model, const View& view, Size size, stipend_unix_ns now);
// The headings and all lanes.
[[nodiscard]] std::vector<Line> table_lines(const Model& model, const View& view, std::size_t width,
                                            stipend_unix_ns now);

// An amount of smallest units in `width` characters, at least 8. Where its asset is known: "0.018 ETH", "~0.012 ETH",
// rounded towards zero, or "<0.001 ETH"; a symbol that leaves too little for the number is left out. Else all its
// digits, or "~1.23e18". Without "~" and "<" it is exact.
struct Asset {
    std::string symbol;    // empty: not known
    std::string decimals;  // as the API has them
};
[[nodiscard]] std::string fit_amount(const std::string& digits, const Asset& asset, std::size_t width);
// The time that is left: "12s", "3m05s", "2h10m", "4d03h"; "now" where it is over.
[[nodiscard]] std::string countdown(std::int64_t ns);
// The newest `width` checks, one character each: # from 99 % uptime on, + from 95 %, - from 50 %, . below, ? not known,
// x without an answer.
[[nodiscard]] std::vector<Span> strip(const Lane& lane, std::size_t width);
// Members of an explanation, one a line, nested ones as "tier.multiplier".
[[nodiscard]] std::vector<std::string> flat_lines(const Json& explanation);
// Lines of at most `width` characters.
[[nodiscard]] std::vector<std::string> wrap(const std::vector<std::string>& lines, std::size_t width);

}  // namespace stipend::flow
