#include "host/config/type.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "host/config/url.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"

namespace stipend::config {
namespace {

constexpr int usd_places = 8;
constexpr int factor_places = 6;

bool equal_without_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool hex_digits(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// Digits with at most one point: no exponent, since "1e3 USD" is more often a slip than a wish.
bool plain_number(std::string_view text) {
    return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::optional<std::int64_t> scaled_number(std::string_view text, int places) {
    if (!plain_number(text)) return std::nullopt;
    const auto number = Decimal::parse(text);
    if (!number) return std::nullopt;
    const auto scaled = number->exact_scaled(places);
    return scaled ? std::optional(*scaled) : std::nullopt;
}

std::optional<std::int64_t> read_usd(std::string_view text) {
    constexpr std::string_view unit = " USD";
    if (!text.ends_with(unit)) return std::nullopt;
    text.remove_suffix(unit.size());
    return scaled_number(text, usd_places);
}

std::optional<std::int64_t> read_integer(const Node& node) {
    if (node.quoted && !node.secret) return std::nullopt;
    const auto number = Decimal::parse(node.text);
    if (!number) return std::nullopt;
    const auto whole = number->exact_scaled(0);
    return whole ? std::optional(*whole) : std::nullopt;
}

std::optional<std::int64_t> read_choice(const Type& type, std::string_view text) {
    for (std::size_t i = 0; i < type.choices.size(); ++i) {
        if (equal_without_case(text, type.choices[i])) return static_cast<std::int64_t>(i);
    }
    return std::nullopt;
}

std::optional<std::int64_t> read_duration(std::string_view text) {
    const auto ns = parse_duration(text);
    return ns ? std::optional(*ns) : std::nullopt;
}

bool fits_length(const Type& type, std::size_t size) {
    return size >= static_cast<std::size_t>(type.min) && size <= static_cast<std::size_t>(type.max);
}

bool good_id(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '`'; });
}

std::optional<std::string> read_text(const Type& type, std::string_view text) {
    switch (type.kind) {
        case Type::Kind::listen:
            return valid_listen(text) ? std::optional(std::string(text)) : std::nullopt;
        case Type::Kind::url:
            return parse_url(text) ? std::optional(std::string(text)) : std::nullopt;
        case Type::Kind::origin:
            return read_origin(text);
        case Type::Kind::hex: {
            const bool good = text.starts_with(type.prefix) && hex_digits(text.substr(type.prefix.size())) &&
                              fits_length(type, text.size() - type.prefix.size());
            return good ? std::optional(std::string(text)) : std::nullopt;
        }
        case Type::Kind::id:
            return fits_length(type, text.size()) && good_id(text) ? std::optional(std::string(text)) : std::nullopt;
        default:
            return fits_length(type, text.size()) ? std::optional(std::string(text)) : std::nullopt;
    }
}

std::optional<Value> read_scalar(const Type& type, const Node& node) {
    std::optional<std::int64_t> number;
    switch (type.kind) {
        case Type::Kind::boolean:
            if (json_kind(node) != Json::Kind::boolean) return std::nullopt;
            return Value(node.text == "true");
        case Type::Kind::choice:
            number = read_choice(type, node.text);
            return number ? std::optional<Value>(*number) : std::nullopt;
        case Type::Kind::integer:
            number = read_integer(node);
            break;
        case Type::Kind::factor:
            number = scaled_number(node.text, factor_places);
            break;
        case Type::Kind::duration:
            number = read_duration(node.text);
            break;
        case Type::Kind::usd:
            number = read_usd(node.text);
            break;
        default: {
            auto text = read_text(type, node.text);
            return text ? std::optional<Value>(std::move(*text)) : std::nullopt;
        }
    }
    if (!number || *number < type.min || *number > type.max || *number % type.step != 0) return std::nullopt;
    return Value(*number);
}

std::string quantity(const Type& type, std::int64_t value) {
    switch (type.kind) {
        case Type::Kind::duration:
            return duration_text(value);
        case Type::Kind::usd:
            return scaled_text(value, usd_places) + " USD";
        case Type::Kind::factor:
            return scaled_text(value, factor_places);
        default:
            return std::to_string(value);
    }
}

// A number without its unit is the one mistake that has a message of its own: a range would only hide it.
bool lacks_unit(const Type& type, const Node& node) {
    return (type.kind == Type::Kind::duration || type.kind == Type::Kind::usd) && plain_number(node.text);
}

Json string_schema(std::string_view pattern) {
    Json out = Json::object();
    out.append("type", Json::of_string("string"));
    if (!pattern.empty()) out.append("pattern", Json::of_string(pattern));
    return out;
}

}  // namespace

Type text_type(std::int64_t min_bytes, std::int64_t max_bytes) {
    return {.kind = Type::Kind::text, .min = min_bytes, .max = max_bytes};
}
Type path_type() {
    return {.kind = Type::Kind::text, .min = 1, .max = 4096, .noun = "a path"};
}
Type optional_path_type() {
    return {.kind = Type::Kind::text, .min = 0, .max = 4096, .noun = "a path"};
}
Type boolean_type() {
    return {.kind = Type::Kind::boolean};
}
Type integer_type(std::int64_t min, std::int64_t max) {
    return {.kind = Type::Kind::integer, .min = min, .max = max};
}
Type factor_type(std::int64_t min_ppm, std::int64_t max_ppm) {
    return {.kind = Type::Kind::factor, .min = min_ppm, .max = max_ppm};
}
Type duration_type(std::int64_t min_ns, std::int64_t max_ns, std::int64_t step_ns) {
    return {.kind = Type::Kind::duration, .min = min_ns, .max = max_ns, .step = step_ns};
}
Type usd_type(std::int64_t min_e8, std::int64_t max_e8) {
    return {.kind = Type::Kind::usd, .min = min_e8, .max = max_e8};
}
Type choice_type(std::vector<std::string_view> choices) {
    return {.kind = Type::Kind::choice, .choices = std::move(choices)};
}
Type listen_type() {
    return {.kind = Type::Kind::listen};
}
Type url_type() {
    return {.kind = Type::Kind::url};
}
Type origin_type() {
    return {.kind = Type::Kind::origin};
}
Type hex_type(std::string_view noun, std::string_view prefix, std::int64_t digits) {
    return {.kind = Type::Kind::hex, .min = digits, .max = digits, .prefix = prefix, .noun = noun};
}
Type id_type() {
    return {.kind = Type::Kind::id, .min = 1, .max = 128};
}

std::string wanted(const Type& type) {
    const auto range = [&] { return cat("from ", quantity(type, type.min), " to ", quantity(type, type.max)); };
    switch (type.kind) {
        case Type::Kind::boolean:
            return "true or false";
        case Type::Kind::integer:
            return cat("an integer ", range());
        case Type::Kind::factor:
            return cat("a factor ", range(), " with at most ", factor_places, " decimals");
        case Type::Kind::duration:
            return cat("a duration ", range(), type.step == ns_per_s ? " in whole seconds" : "", ", such as 60s");
        case Type::Kind::usd:
            return cat("an amount ", range(), " with at most ", usd_places, " decimals, such as 10.00 USD");
        case Type::Kind::choice: {
            std::string out;
            for (const auto choice : type.choices) out += cat(out.empty() ? "one of " : ", ", choice);
            return out;
        }
        case Type::Kind::listen:
            return "an address to listen on, such as 127.0.0.1:9108 or [::1]:9108";
        case Type::Kind::url:
            return "a URL, such as http://127.0.0.1:8935";
        case Type::Kind::origin:
            return "an address without path, user and password, such as https://172.23.0.7:9995";
        case Type::Kind::hex:
            return cat(type.noun, ": ", type.prefix, type.prefix.empty() ? "" : " and ", type.max, " hex digits");
        case Type::Kind::id:
            return cat(type.min, " to ", type.max, " ASCII characters without blanks and quotes");
        case Type::Kind::text:
            break;
    }
    if (type.min == 0) return cat(type.noun, " of at most ", type.max, " bytes");
    return cat(type.noun, " of ", type.min, " to ", type.max, " bytes");
}

Result<Value> read_value(const Type& type, const Node& node) {
    if (node.is(Node::Kind::scalar)) {
        if (auto value = read_scalar(type, node)) return std::move(*value);
        if (lacks_unit(type, node)) {
            return fail(STIPEND_E_CONFIG, "got ", node.shown(), ", want ",
                        type.kind == Type::Kind::usd ? "an amount with its unit, such as 10.00 USD"
                                                     : "a duration with its unit, such as 60s");
        }
    }
    const bool quoted_number = type.kind == Type::Kind::integer && node.quoted && !node.secret;
    return fail(STIPEND_E_CONFIG, "got ", node.shown(), quoted_number ? " in quotes" : "", ", want ", wanted(type));
}

Node write_value(const Type& type, const Value& value) {
    switch (type.kind) {
        case Type::Kind::boolean:
            return scalar_node(std::get<bool>(value) ? "true" : "false", false);
        case Type::Kind::choice:
            return scalar_node(type.choices[static_cast<std::size_t>(std::get<std::int64_t>(value))], true);
        case Type::Kind::integer:
        case Type::Kind::factor:
            return scalar_node(quantity(type, std::get<std::int64_t>(value)), false);
        case Type::Kind::duration:
        case Type::Kind::usd:
            return scalar_node(quantity(type, std::get<std::int64_t>(value)), true);
        default:
            return scalar_node(std::get<std::string>(value), true);
    }
}

Json schema_of(const Type& type) {
    Json out = Json::object();
    switch (type.kind) {
        case Type::Kind::boolean:
            return out.append("type", Json::of_string("boolean"));
        case Type::Kind::integer:
        case Type::Kind::factor:
            out.append("type", Json::of_string(type.kind == Type::Kind::integer ? "integer" : "number"));
            out.append("minimum", Json::of_number(quantity(type, type.min)));
            return out.append("maximum", Json::of_number(quantity(type, type.max)));
        case Type::Kind::duration:
            return string_schema("^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$");
        case Type::Kind::usd:
            return string_schema("^[0-9]+(\\.[0-9]{1,8})? USD$");
        case Type::Kind::choice: {
            Json choices = Json::array();
            for (const auto choice : type.choices) choices.push(Json::of_string(choice));
            return out.append("enum", std::move(choices));
        }
        case Type::Kind::listen:
            return string_schema(":[0-9]{1,5}$");
        case Type::Kind::url:
        case Type::Kind::origin:
            return string_schema("^https?://[^/ ]+");
        case Type::Kind::hex:
            return string_schema(cat("^", type.prefix, "[0-9a-fA-F]{", type.max, "}$"));
        case Type::Kind::id:
            return string_schema(cat("^[!#-&(-_a-~]{", type.min, ",", type.max, "}$"));
        case Type::Kind::text:
            break;
    }
    out = string_schema({});
    if (type.min > 0) out.append("minLength", Json::of_int(type.min));
    return out.append("maxLength", Json::of_int(type.max));
}

std::string host_and_port(std::string_view origin) {
    const auto url = parse_url(origin);
    STIPEND_ASSERT(url.has_value());
    return cat(url->host, ":", url->port.empty() ? (url->scheme == "https" ? "443" : "80") : url->port);
}

}  // namespace stipend::config
