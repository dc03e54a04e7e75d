#include "tests/devnet/stream.hpp"

#include <algorithm>

#include "stipend/result.hpp"

namespace stipend::devnet {
namespace {

constexpr std::size_t max_line = 64 << 10;  // of bufio.Scanner, its newline included
constexpr std::string_view done_mark = "[DONE]";

}  // namespace

std::string relayed_lines(std::string_view body, FineWei balance) {
    std::string out;
    while (!body.empty()) {
        auto line = body.substr(0, body.find('\n'));
        if (line.size() >= max_line) break;
        body.remove_prefix(std::min(body.size(), line.size() + 1));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (line.find(done_mark) != std::string_view::npos) {
            out += cat("data: {\"balance\": ", wei_text(balance, 3), "}\n\n\n");
        }
        out.append(line).push_back('\n');
    }
    return out;
}

std::size_t end_of_done(std::string_view body) {
    const auto mark = body.find(done_mark);
    if (mark == std::string_view::npos) return mark;
    const auto newline = body.find('\n', mark);
    return newline == std::string_view::npos ? body.size() : newline + 1;
}

Flood blank_lines(std::uint64_t bytes, std::int64_t hold_ns) {
    return {.unit = std::string(1024, '\n'),
            .bytes = bytes,
            .hold_ns = std::max<std::int64_t>(1, hold_ns),
            .drip = true,
            .finish = true};
}

}  // namespace stipend::devnet
