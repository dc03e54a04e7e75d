#include "host/config/diagnostic.hpp"

#include <algorithm>
#include <numeric>

#include "host/base/printable.hpp"

namespace stipend::config {
namespace {

constexpr std::size_t listed_keys = 40;

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t bytes_before(std::string_view line, SourcePos pos) {
    return std::min(static_cast<std::size_t>(std::max(pos.column, 1) - 1), line.size());
}

std::int64_t character_column(std::string_view line, SourcePos pos) {
    return static_cast<std::int64_t>(characters(line.substr(0, bytes_before(line, pos)))) + 1;
}

// The line and a caret below the column. Of a long line, the part around the caret.
std::string snippet(std::string_view line, SourcePos pos) {
    std::size_t caret = bytes_before(line, pos);
    std::string_view before = {};
    std::string_view after = {};
    if (line.size() > Diagnostics::snippet_columns) {
        std::size_t from = caret > Diagnostics::snippet_columns / 2 ? caret - Diagnostics::snippet_columns / 2 : 0;
        while (from > 0 && continues_character(line[from])) --from;
        std::size_t to = std::min(from + Diagnostics::snippet_columns, line.size());
        while (to < line.size() && continues_character(line[to])) ++to;
        before = from > 0 ? "..." : "";
        after = to < line.size() ? "..." : "";
        line = line.substr(from, to - from);
        caret -= from;
    }
    const auto shown_before = printable(line.substr(0, caret));
    std::string out =
        cat("  ", before, shown_before, printable(line.substr(caret)), after, "\n  ", std::string(before.size(), ' '));
    for (const char c : shown_before) {
        if (!continues_character(c)) out.push_back(c == '\t' ? '\t' : ' ');
    }
    return out + "^\n";
}

// Steps from one word to another: insert, delete, replace, or swap two neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::string_view line_of(std::string_view text, std::int32_t number) {
    for (std::int32_t at = 1; at < number && !text.empty(); ++at) {
        const auto end = text.find('\n');
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    auto line = number < 1 ? std::string_view() : text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::size_t characters(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

void Diagnostics::set_source(std::string file, std::string text) {
    set_source(std::move(file), std::make_shared<const std::string>(std::move(text)), 0);
}

void Diagnostics::set_source(std::string file, SourceText text, std::size_t from) {
    file_ = std::move(file);
    text_ = std::move(text);
    from_ = from;
}

void Diagnostics::set_second_source(std::string file, SourceText text) {
    second_file_ = std::move(file);
    second_text_ = std::move(text);
}

Diagnostics::Shown Diagnostics::shown(SourcePos pos) const {
    if (pos.line <= second_file_lines) return {file_, line_of(source(), pos.line), pos};
    pos.line -= second_file_lines;
    return {second_file_, line_of(second_text_ ? std::string_view(*second_text_) : "", pos.line), pos};
}

void Diagnostics::add(SourcePos pos, std::string path, std::string message) {
    if (++count_ <= kept) kept_.push_back({pos, std::move(path), std::move(message)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
    auto out = kept_;
    std::stable_sort(out.begin(), out.end(), [](const Diagnostic& a, const Diagnostic& b) { return a.pos < b.pos; });
    return out;
}

std::string Diagnostics::text() const {
    if (empty()) return {};
    std::string out;
    for (const auto& [at, path, message] : sorted()) {
        const auto [file, line, pos] = shown(at);
        out += printable(file);
        if (pos.line > 0) out += cat(":", pos.line, ":", character_column(line, pos));
        out += cat(": ", printable(path), path.empty() ? "" : ": ", printable(message), "\n");
        if (pos.line > 0) out += snippet(line, pos);
    }
    if (count_ > kept_.size()) out += cat("and ", count_ - kept_.size(), " more\n");
    return out;
}

Json Diagnostics::json() const {
    Json out = Json::array();
    for (const auto& [at, path, message] : sorted()) {
        const auto [file, line, pos] = shown(at);
        const bool placed = pos.line > 0;
        Json one = Json::object();
        one.append("file", file);
        one.append("line", placed ? Json(pos.line) : Json());
        one.append("column", placed ? Json(character_column(line, pos)) : Json());
        one.append("path", printable(path));
        one.append("message", printable(message));
        out.push(std::move(one));
    }
    return out;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
    constexpr std::size_t longest_word = 64;  // no key is longer, and the search stays cheap
    if (word.size() > longest_word) return {};
    std::string_view best;
    std::size_t best_steps = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto candidate : known) {
        if (candidate.size() > longest_word) continue;
        const auto steps = edit_distance(word, candidate);
        if (steps < best_steps) {
            best = candidate;
            best_steps = steps;
        }
    }
    return best.empty() ? std::string() : cat("; did you mean \"", best, "\"?");
}

std::string unknown_key(std::string_view key, std::span<const std::string_view> known) {
    std::string out = cat("unknown key ", scalar_node(key, true).shown(), ": want ");
    if (known.empty()) return out + "no keys here";
    out += known.size() == 1 ? "only " : "one of ";
    for (std::size_t i = 0; i < std::min(known.size(), listed_keys); ++i) out += cat(i == 0 ? "" : ", ", known[i]);
    if (known.size() > listed_keys) out += cat(" and ", known.size() - listed_keys, " more");
    return out + did_you_mean(key, known);
}

}  // namespace stipend::config
