#include "host/cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "host/config/diagnostic.hpp"
#include "stipend/result.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t between = 2;
constexpr std::size_t least_width = 6;  // of a column that gives way

// The first `width` characters of a text in UTF-8, the last of them "~" where there are more.
std::string cut(const std::string& text, std::size_t width) {
    if (config::characters(text) <= width) return text;
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
        if (begins && seen++ == width - 1) break;
    }
    return text.substr(0, at) + "~";
}

std::string_view code_of(Colour colour) {
    switch (colour) {
        case Colour::good:
            return "\x1b[32m";
        case Colour::warning:
            return "\x1b[33m";
        case Colour::bad:
            return "\x1b[31m";
        case Colour::none:
            break;
    }
    return "";
}

}  // namespace

std::vector<std::size_t> Table::widths(std::size_t width) const {
    std::vector<std::size_t> out;
    std::size_t whole = 0;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        auto one = config::characters(columns_[at].title);
        for (const auto& row : rows_) one = std::max(one, config::characters(row[at].text));
        out.push_back(one);
        whole += one + (at == 0 ? 0 : between);
    }
    // The widest of those that give way gives way first.
    while (width > 0 && whole > width) {
        std::size_t widest = columns_.size();
        for (std::size_t at = 0; at < columns_.size(); ++at) {
            const bool may = columns_[at].gives_way && out[at] > least_width;
            if (may && (widest == columns_.size() || out[at] > out[widest])) widest = at;
        }
        if (widest == columns_.size()) break;
        --out[widest];
        --whole;
    }
    return out;
}

std::string Table::text(std::size_t width, bool coloured) const {
    const auto fitting = widths(width);
    std::string out;
    const auto put = [&](std::size_t at, const std::string& text, Colour colour) {
        const auto shown = cut(text, fitting[at]);
        const auto padding = std::string(fitting[at] - config::characters(shown), ' ');
        const bool paints = coloured && colour != Colour::none;
        const bool last = at + 1 == columns_.size();
        if (at > 0) out += std::string(between, ' ');
        if (columns_[at].right) out += padding;
        if (paints) out += code_of(colour);
        out += shown;
        if (paints) out += "\x1b[0m";
        if (!columns_[at].right && !last) out += padding;
        if (last) out += '\n';
    };
    for (std::size_t at = 0; at < columns_.size(); ++at) put(at, columns_[at].title, Colour::none);
    for (const auto& row : rows_) {
        STIPEND_ASSERT(row.size() == columns_.size());
        for (std::size_t at = 0; at < row.size(); ++at) put(at, row[at].text, row[at].colour);
    }
    return out;
}

void Table::print(std::FILE* out) const {
    std::size_t width = 0;
    const bool terminal = ::isatty(::fileno(out)) != 0;
    struct winsize size {};
    if (terminal && ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0) width = size.ws_col;
    const char* plain = std::getenv("NO_COLOR");
    const auto shown = text(width, terminal && (plain == nullptr || *plain == '\0'));
    std::fwrite(shown.data(), 1, shown.size(), out);
}

}  // namespace stipend::cli
