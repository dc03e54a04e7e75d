#include "host/config/format.hpp"

#include <algorithm>
#include <array>

#include "host/base/eth.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/url.hpp"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "stipend/usd.hpp"

namespace stipend::config {
namespace {

constexpr std::int64_t mib = 1 << 20;

template <class T>
std::optional<T> optional_of(Result<T> result) {
    return result ? std::optional(std::move(*result)) : std::nullopt;
}

// Digits with at most one point: no exponent, since "1e3 USD" is more often a slip than a wish.
bool plain_number(std::string_view text) {
    return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::optional<std::int64_t> read_integer(const Node& node) {
    if (node.quoted && !node.secret) return std::nullopt;
    const auto number = Decimal::parse(node.text);
    return number ? optional_of(number->exact_scaled(0)) : std::nullopt;
}

std::optional<std::int64_t> read_factor(const Node& node) {
    const auto number = Decimal::parse(node.text);
    return number && plain_number(node.text) ? optional_of(number->exact_scaled(6)) : std::nullopt;
}

std::optional<std::int64_t> read_duration(const Node& node) {
    return optional_of(parse_duration(node.text));
}

std::optional<std::int64_t> read_seconds(const Node& node) {
    const auto ns = read_duration(node);
    return ns && *ns % ns_per_s == 0 ? ns : std::nullopt;
}

std::optional<std::int64_t> read_size(const Node& node) {
    constexpr std::size_t max_digits = 9;
    for (const auto& [unit, bytes] : {std::pair<std::string_view, std::int64_t>{" MiB", mib}, {" GiB", 1024 * mib}}) {
        if (!node.text.ends_with(unit)) continue;
        const auto text = std::string_view(node.text).substr(0, node.text.size() - unit.size());
        if (text.size() > max_digits || text.find_first_not_of("0123456789") != std::string_view::npos)
            return std::nullopt;
        const auto number = Decimal::parse(text);
        const auto whole = number ? optional_of(number->exact_scaled(0)) : std::nullopt;
        return whole ? std::optional(*whole * bytes) : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::int64_t> read_usd(const Node& node) {
    constexpr std::string_view unit = " USD";
    if (!node.text.ends_with(unit)) return std::nullopt;
    const auto number = std::string_view(node.text).substr(0, node.text.size() - unit.size());
    const auto usd = Usd::parse(number);
    return usd && plain_number(number) ? std::optional(usd->count_e8()) : std::nullopt;
}

std::optional<std::int64_t> read_eth(const Node& node) {
    for (const auto& [unit, decimals] : {std::pair<std::string_view, int>{" ETH", 9}, {" gwei", 0}}) {
        if (!node.text.ends_with(unit)) continue;
        const auto text = std::string_view(node.text).substr(0, node.text.size() - unit.size());
        const auto number = Decimal::parse(text);
        return number && plain_number(text) ? optional_of(number->exact_scaled(decimals)) : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string> read_listen(std::string_view text) {
    return valid_listen(text) ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<std::string> read_listen_or_none(std::string_view text) {
    return text == no_listener ? std::optional(std::string(text)) : read_listen(text);
}

constexpr std::string_view duration_pattern = "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$";
constexpr std::string_view duration_with_unit = "a duration with its unit, such as 60s";

const std::array<Format, 13> formats{{
    {.name = "text", .noun = "a text", .json_type = "string"},
    {.name = "path", .noun = "a path", .json_type = "string"},
    {.name = "word"},
    {.name = "integer",
     .noun = "an integer",
     .json_type = "integer",
     .quoted = false,
     .number = read_integer,
     .number_text = [](std::int64_t value) { return std::to_string(value); }},
    {.name = "factor",
     .noun = "a factor",
     .remark = " with at most 6 decimals",
     .json_type = "number",
     .quoted = false,
     .number = read_factor,
     .number_text = [](std::int64_t value) { return scaled_text(value, 6); }},
    {.name = "duration",
     .noun = "a duration",
     .remark = ", such as 60s",
     .with_unit = duration_with_unit,
     .json_type = "string",
     .pattern = duration_pattern,
     .number = read_duration,
     .number_text = duration_text},
    {.name = "seconds",
     .noun = "a duration",
     .remark = " in whole seconds, such as 60s",
     .with_unit = duration_with_unit,
     .json_type = "string",
     .pattern = duration_pattern,
     .number = read_seconds,
     .number_text = duration_text},
    {.name = "size",
     .noun = "a size",
     .remark = " in whole MiB or GiB, such as 512 MiB",
     .with_unit = "a size with its unit, such as 512 MiB",
     .json_type = "string",
     .pattern = "^[0-9]+ (MiB|GiB)$",
     .number = read_size,
     .number_text = [](std::int64_t value) { return cat(value / mib, " MiB"); }},
    {.name = "usd",
     .noun = "an amount",
     .remark = " with at most 8 decimals, such as 10.00 USD",
     .with_unit = "an amount with its unit, such as 10.00 USD",
     .json_type = "string",
     .pattern = "^[0-9]+(\\.[0-9]{1,8})? USD$",
     .number = read_usd,
     .number_text = [](std::int64_t value) { return Usd::of_e8(value).text() + " USD"; }},
    {.name = "eth",
     .noun = "an amount",
     .remark = " with at most 9 decimals, such as 0.01 ETH or 500 gwei",
     .with_unit = "an amount with its unit, such as 0.01 ETH",
     .json_type = "string",
     .pattern = "^([0-9]+(\\.[0-9]{1,9})? ETH|[0-9]+ gwei)$",
     .number = read_eth,
     .number_text = [](std::int64_t value) { return Eth::of_gwei(value).text(); }},
    {.name = "listen",
     .noun = "an address to listen on, such as 127.0.0.1:9108 or [::1]:9108",
     .json_type = "string",
     .pattern = ":[0-9]{1,5}$",
     .text = read_listen},
    {.name = "listen or none",
     .noun = "an address to listen on, such as 127.0.0.1:9108 or [::1]:9108, or none",
     .json_type = "string",
     .pattern = "(:[0-9]{1,5}|^none)$",
     .text = read_listen_or_none},
    {.name = "origin",
     .noun =
         "an address without path, user and password, such as https://172.23.0.7:9995 (IPv4 as four decimal numbers, a "
         "name with at most one dot at its end)",
     .json_type = "string",
     .pattern = "^https?://[^/ ]+",
     .text = read_origin},
}};

// Of an enum's string, which is shown in quotes.
std::string_view bare_word(const Allowed& allowed) {
    return std::string_view(allowed.shown).substr(1, allowed.shown.size() - 2);
}

// The value of an alternative spelling, from a list such as "warn=warning err=error"; the word itself if it is not
// listed.
std::string_view usual_word(std::string_view also, std::string_view word) {
    while (!also.empty()) {
        const auto pair = also.substr(0, also.find(' '));
        also.remove_prefix(std::min(pair.size() + 1, also.size()));
        const auto equals = pair.find('=');
        if (ascii::equal_ignoring_case(pair.substr(0, equals), word)) return pair.substr(equals + 1);
    }
    return word;
}

}  // namespace

const Format* find_format(std::string_view name) {
    const auto found = std::find_if(formats.begin(), formats.end(), [&](const Format& f) { return f.name == name; });
    return found == formats.end() ? nullptr : &*found;
}

std::optional<std::int64_t> number_of(const Rule& rule, const Node& node) {
    if (!node.is(Node::Kind::scalar)) return std::nullopt;
    const auto value = rule.format->number(node);
    return value && *value >= rule.least && *value <= rule.most ? value : std::nullopt;
}

std::optional<std::string> text_of(const Rule& rule, const Node& node) {
    if (!node.is(Node::Kind::scalar)) return std::nullopt;
    if (rule.format->text != nullptr) return rule.format->text(node.text);
    const auto bytes = static_cast<std::int64_t>(node.text.size());
    if (bytes < rule.min_length.value_or(0) || bytes > rule.max_length.value_or(bytes)) return std::nullopt;
    if (rule.pattern && !rule.pattern->matches(node.text)) return std::nullopt;
    return node.text;
}

std::optional<std::size_t> word_of(const Rule& rule, const Node& node) {
    if (!node.is(Node::Kind::scalar)) return std::nullopt;
    const auto word = usual_word(rule.also, node.text);
    for (std::size_t i = 0; i < rule.allowed.size(); ++i) {
        if (ascii::equal_ignoring_case(word, bare_word(rule.allowed[i]))) return i;
    }
    return std::nullopt;
}

Node number_node(const Rule& rule, std::int64_t value) {
    return scalar_node(rule.format->number_text(value), rule.format->quoted);
}

Node word_node(const Rule& rule, std::size_t index) {
    return scalar_node(bare_word(rule.allowed[index]), true);
}

bool fits_format(const Rule& rule, const Node& node) {
    if (rule.format->number != nullptr) return number_of(rule, node).has_value();
    return rule.allowed.empty() ? text_of(rule, node).has_value() : word_of(rule, node).has_value();
}

std::string wanted(const Rule& rule) {
    if (!rule.noun.empty()) return rule.noun;
    const auto& format = *rule.format;
    std::string out(format.noun);
    if (format.number != nullptr) {
        return cat(out, " from ", format.number_text(rule.least), " to ", format.number_text(rule.most), format.remark);
    }
    for (const auto& allowed : rule.allowed) out += cat(out.empty() ? "one of " : ", ", bare_word(allowed));
    if (!rule.max_length) return out;
    if (rule.min_length.value_or(0) == 0) return cat(out, " of at most ", *rule.max_length, " bytes");
    return cat(out, " of ", *rule.min_length, " to ", *rule.max_length, " bytes");
}

std::string got_and_wanted(const Rule& rule, const Node& node) {
    // A number without its unit is the one mistake that has a message of its own: a range would only hide it.
    const auto& format = *rule.format;
    const bool lacks_unit = !format.with_unit.empty() && node.is(Node::Kind::scalar) && plain_number(node.text);
    const bool quoted_number = !format.quoted && format.number == read_integer && node.quoted && !node.secret;
    return cat("got ", node.shown(), quoted_number ? " in quotes" : "", ", want ",
               lacks_unit ? std::string(format.with_unit) : wanted(rule));
}

std::vector<std::string_view> comma_separated(std::string_view all) {
    std::vector<std::string_view> out;
    for (std::size_t start = 0; start <= all.size();) {
        const auto end = std::min(all.find(',', start), all.size());
        auto part = all.substr(start, end - start);
        start = end + 1;
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) out.push_back(part);
    }
    return out;
}

Json plain_schema(const Rule& rule) {
    const auto& format = *rule.format;
    Json out = Json::object();
    if (!rule.allowed.empty()) {
        Json words = Json::array();
        for (const auto& allowed : rule.allowed) words.push(bare_word(allowed));
        return out.append("enum", std::move(words));
    }
    out.append("type", format.json_type);
    if (format.json_type != "string") {
        out.append("minimum", Json::of_number(format.number_text(rule.least)));
        return out.append("maximum", Json::of_number(format.number_text(rule.most)));
    }
    if (rule.pattern) return out.append("pattern", rule.pattern->text());
    if (!format.pattern.empty()) return out.append("pattern", format.pattern);
    if (rule.min_length.value_or(0) > 0) out.append("minLength", *rule.min_length);
    return out.append("maxLength", *rule.max_length);
}

}  // namespace stipend::config
