#include "tools/flow/text.hpp"

#include <algorithm>

#include "host/base/printable.hpp"
#include "host/config/diagnostic.hpp"
#include "stipend/duration.hpp"

namespace stipend::flow {
namespace {

constexpr std::size_t most_detail_lines = 5'000;

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// The byte behind the first `count` characters.
std::size_t end_of(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at) {
        if (begins_character(text[at]) && seen++ == count) break;
    }
    return at;
}

std::string two_digits(std::int64_t value) {
    return cat(value < 10 ? "0" : "", value);
}

void flatten(const Json& json, const std::string& name, std::vector<std::string>& out) {
    if (out.size() >= most_detail_lines) return;
    if (json.is(Json::Kind::object)) {
        for (const auto& [key, value] : json.members()) flatten(value, name.empty() ? key : cat(name, ".", key), out);
        return;
    }
    if (json.is(Json::Kind::array)) {
        for (std::size_t at = 0; at < json.items().size(); ++at)
            flatten(json.items()[at], cat(name, "[", at, "]"), out);
        if (json.items().empty()) out.push_back(one_line(cat(name, "  none")));
        return;
    }
    out.push_back(one_line(cat(name, "  ", json.is(Json::Kind::null) ? "-" : json.text())));
}

char cell_of(const Check& check) {
    if (!check.answered) return 'x';
    if (!check.uptime_ppm) return '?';
    if (*check.uptime_ppm >= 990'000) return '#';
    if (*check.uptime_ppm >= 950'000) return '+';
    return *check.uptime_ppm >= 500'000 ? '-' : '.';
}

}  // namespace

std::size_t cells(std::string_view text) {
    return config::characters(text);
}

std::string fit(const std::string& text, std::size_t width) {
    if (cells(text) <= width) return text;
    if (width == 0) return {};
    return text.substr(0, end_of(text, width - 1)) + "~";
}

std::string one_line(std::string_view text) {
    const auto printed = printable_line(text);
    std::string out;
    for (std::size_t at = 0; at < printed.size();) {
        auto next = at + 1;
        while (next < printed.size() && !begins_character(printed[next])) ++next;
        const auto lead = static_cast<unsigned char>(printed[at]);
        // Two bytes are U+0080 to U+07FF: letters of one cell, but for combining marks (U+0300 to U+036F) and scripts
        // from U+0483 on that have such.
        const bool one_cell = lead < 0x80U || (next - at == 2 && lead < 0xCCU);
        out += one_cell ? printed.substr(at, next - at) : "?";
        at = next;
    }
    return out;
}

std::string shown_id(const std::string& id) {
    return one_line(id);
}

Look look_of(const Check& check) {
    const auto factor = Decimal::parse(check.multiplier);
    if (!check.paid || !factor || factor->zero()) return Look::bad;
    const auto ppm = factor->exact_scaled(6);
    return ppm && *ppm < 1'000'000 ? Look::warning : Look::good;
}

namespace {

constexpr std::size_t least_number = 4;     // characters of a number beside its symbol
constexpr std::int64_t most_decimals = 36;  // as the configuration allows

// An integer in `width` characters: "1.2e18".
std::string fit_digits(const std::string& digits, std::size_t width) {
    if (digits.size() <= width) return digits;
    const bool minus = digits.starts_with('-');
    const auto magnitude = digits.substr(minus ? 1 : 0);
    const auto power = cat("e", magnitude.size() - 1);
    const auto mantissa = [&](std::size_t count) {
        auto out = magnitude.substr(0, count);
        while (out.size() > 1 && out.back() == '0') out.pop_back();
        if (out.size() > 1) out.insert(1, ".");
        return cat(minus ? "-" : "", out, power);
    };
    const auto significant = magnitude.find_last_not_of('0') + 1;
    if (const auto exact = mantissa(significant); exact.size() <= width) return exact;
    const auto fixed = power.size() + (minus ? 3U : 2U);  // the point, "~" and the sign
    return "~" + mantissa(width > fixed ? width - fixed : 1);
}

// A number with a point, of which `whole` is the part before it without a sign, in `width` characters.
std::string fit_number(const std::string& sign, const std::string& whole, std::string parts, std::size_t width) {
    while (!parts.empty() && parts.back() == '0') parts.pop_back();
    const auto exact = cat(sign, whole, parts.empty() ? "" : ".", parts);
    if (exact.size() <= width) return exact;
    const auto used = sign.size() + whole.size() + 1;  // with "~"
    if (used > width) return fit_digits(sign + whole, width);
    const auto left = width - used;  // for the point and what follows
    const auto shown = parts.substr(0, left > 1 ? left - 1 : 0);
    const bool nothing = whole == "0" && shown.find_first_not_of('0') == std::string::npos;
    if (!nothing) return cat("~", sign, whole, shown.empty() ? "" : ".", shown);
    return shown.empty() ? cat("<", sign, "1") : cat("<", sign, "0.", shown.substr(1), "1");
}

}  // namespace

std::string fit_amount(const std::string& digits, const Asset& asset, std::size_t width) {
    const auto decimals = Decimal::parse(asset.decimals);
    const auto places = decimals ? decimals->exact_scaled(0) : Result<std::int64_t>(decimals.error());
    if (asset.symbol.empty() || !places || *places < 0 || *places > most_decimals) return fit_digits(digits, width);
    const bool minus = digits.starts_with('-');
    auto magnitude = digits.substr(minus ? 1 : 0);
    const auto count = static_cast<std::size_t>(*places);
    if (magnitude.size() <= count) magnitude.insert(0, count + 1 - magnitude.size(), '0');
    const auto point = magnitude.size() - count;
    const auto symbol = " " + one_line(asset.symbol);
    const auto in = [&](std::size_t most) {
        return fit_number(minus ? "-" : "", magnitude.substr(0, point), magnitude.substr(point), most);
    };
    if (symbol.size() + least_number <= width) {
        const auto number = in(width - symbol.size());
        if (number.size() + symbol.size() <= width) return number + symbol;
    }
    return in(width);
}

std::string countdown(std::int64_t ns) {
    if (ns <= 0) return "now";
    const auto s = (ns + ns_per_s - 1) / ns_per_s;  // what is left is not over yet
    if (s < 60) return cat(s, "s");
    if (s < 3'600) return cat(s / 60, "m", two_digits(s % 60), "s");
    if (s < 86'400) return cat(s / 3'600, "h", two_digits(s / 60 % 60), "m");
    return cat(s / 86'400, "d", two_digits(s / 3'600 % 24), "h");
}

std::vector<Span> strip(const Lane& lane, std::size_t width) {
    std::vector<Span> out;
    const auto count = std::min(width, lane.checks.size());
    for (auto at = lane.checks.size() - count; at < lane.checks.size(); ++at) {
        const auto look = look_of(lane.checks[at]);
        if (out.empty() || out.back().look != look) out.push_back({"", look});
        out.back().text += cell_of(lane.checks[at]);
    }
    return out;
}

std::vector<std::string> flat_lines(const Json& explanation) {
    std::vector<std::string> out;
    flatten(explanation, {}, out);
    return out;
}

std::vector<std::string> wrap(const std::vector<std::string>& lines, std::size_t width) {
    std::vector<std::string> out;
    width = std::max<std::size_t>(width, 1);
    for (std::string_view line : lines) {
        do {
            const auto end = end_of(line, width);
            out.emplace_back(line.substr(0, end));
            line.remove_prefix(end);
        } while (!line.empty() && out.size() < most_detail_lines * 2);
    }
    return out;
}

}  // namespace stipend::flow
