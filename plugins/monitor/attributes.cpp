#include "attributes.hpp"

#include <algorithm>
#include <array>

#include "port.hpp"
#include "stipend/ascii.hpp"
#include "stipend/header_config.hpp"
#include "stipend/headers.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/json_pointer.hpp"
#include "stipend/url.hpp"

namespace monitor {

using stipend::ConfigView;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::int64_t longest_ns = 600 * stipend::ns_per_s;
constexpr std::int64_t longest_expiry_ns = std::int64_t{3650} * 86'400 * stipend::ns_per_s;
constexpr std::size_t longest_text = 4096;
constexpr std::size_t longest_headers = 32 << 10;
constexpr std::size_t longest_body = 64 << 10;
constexpr std::int64_t most_redirects = 20;
constexpr std::int64_t most_retries = 10;

// "200", "200-299" or "200-299,301"; a number is a status as well.
Result<void> parse_status(const ConfigView& config, Attributes& out) {
    if (!config.present()) return {};
    auto text = config.string();
    if (!text) {
        STIPEND_LET(number, config.integer(100, 599));
        text = std::to_string(number);
    }
    const auto code = [](std::string_view digits) -> int {
        const auto number = stipend::Decimal::parse(digits);
        if (!number) return -1;
        const auto value = number->exact_scaled(0);
        return value && *value >= 100 && *value <= 599 ? static_cast<int>(*value) : -1;
    };
    const auto trimmed = [](std::string_view part) {
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        return part;
    };
    out.status.clear();
    for (std::size_t start = 0; start <= text->size();) {
        const auto end = std::min(text->find(',', start), text->size());
        const auto part = trimmed(std::string_view(*text).substr(start, end - start));
        start = end + 1;
        const auto dash = part.find('-');
        const int least = code(part.substr(0, dash));
        const int most = dash == std::string_view::npos ? least : code(part.substr(dash + 1));
        if (least < 0 || most < least) {
            return config.refuse("got \"", stipend::clip(*text, 40),
                                 "\", want a status or a range of them, such as 200-299, or a list of both");
        }
        out.status.emplace_back(least, most);
    }
    out.status_text = *text;
    return {};
}

std::string base64(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8 | (at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= text.size() - at ? digits[bits >> (18 - 6 * k) & 63] : '=';
        }
    }
    return out;
}

Result<void> parse_headers(const ConfigView& config, Attributes& out) {
    if (!config.present()) return {};
    out.headers.clear();
    STIPEND_LET(lines,
                stipend::header_lines(config, {"content-length", "transfer-encoding", "expect", "upgrade", "trailer"},
                                      "the client", longest_headers));
    for (std::string_view rest = lines; !rest.empty();) {
        const auto line = stipend::take_line(rest);
        if (const auto value = stipend::find_header(line, "authorization")) {
            out.authorization = *value;
        } else {
            out.headers += stipend::cat(line, "\r\n");
        }
    }
    return {};
}

// Basic authentication, or a bearer token.
Result<void> parse_authorization(const ConfigView& config, Attributes& out) {
    const auto basic = config.at("basic");
    const auto bearer = config.at("bearer");
    if (basic.present() && bearer.present()) return bearer.refuse("got basic and bearer, want one of them");
    if (bearer.present()) {
        STIPEND_LET(token, bearer.string());
        if (token.empty() || !stipend::is_header_value(token))
            return bearer.refuse("want a token without control characters");
        out.authorization = stipend::cat("Bearer ", token);
    }
    if (basic.present()) {
        STIPEND_LET(user, basic.at("user").string());
        STIPEND_LET(password, basic.at("password").string());
        if (user.find(':') != std::string::npos) return basic.at("user").refuse("want a name without a colon");
        out.authorization = stipend::cat("Basic ", base64(stipend::cat(user, ":", password)));
    }
    return {};
}

Result<void> parse_request(const ConfigView& config, Attributes& out) {
    const auto method = config.at("method");
    STIPEND_SET(out.method, method.string_or(out.method));
    if (!stipend::is_header_token(out.method) || out.method.size() > 32) {
        return method.refuse("got \"", stipend::clip(out.method, 40), "\", want a method such as GET, HEAD or POST");
    }
    STIPEND_TRY(parse_headers(config.at("headers"), out));
    STIPEND_TRY(parse_authorization(config, out));
    STIPEND_SET(out.body, config.at("body").string_or(out.body));
    if (out.body.size() > longest_body)
        return config.at("body").refuse("too long: want at most ", longest_body, " bytes");
    if (out.method == "HEAD" && !out.body.empty()) return config.at("body").refuse("got a body, want none with HEAD");
    STIPEND_LET(redirects, config.at("follow_redirects").integer_or(out.redirects, 0, most_redirects));
    out.redirects = static_cast<std::uint32_t>(redirects);
    return {};
}

Result<void> parse_body_rules(const ConfigView& config, Attributes& out) {
    STIPEND_LET(contains, config.at("contains").string_or(out.contains));
    if (contains.size() > longest_text) return config.at("contains").refuse("too long: want at most ", longest_text);
    out.contains = contains;
    if (config.at("json").present()) out.json.clear();
    for (const auto& [pointer, value] : config.at("json").members()) {
        if (!stipend::is_json_pointer(pointer)) {
            return value.refuse("got \"", stipend::clip(pointer, 60), "\", want a JSON pointer such as /status");
        }
        if (!value.scalar()) return value.refuse("want a text, a number, true, false or null");
        out.json.push_back({pointer, *value.scalar()});
    }
    if ((!out.contains.empty() || !out.json.empty()) && out.method == "HEAD") {
        return config.at("method").refuse("got HEAD, want another method: the answer has no body to be searched");
    }
    return {};
}

Result<void> parse_expiry(const ConfigView& config, Attributes& out) {
    const auto degraded = config.at("expiry_degraded");
    const auto down = config.at("expiry_down");
    STIPEND_SET(out.expiry_degraded_ns,
                degraded.duration_or(out.expiry_degraded_ns, stipend::ns_per_s, longest_expiry_ns));
    STIPEND_SET(out.expiry_down_ns, down.duration_or(out.expiry_down_ns, stipend::ns_per_s, longest_expiry_ns));
    if (out.expiry_degraded_ns != 0 && out.expiry_down_ns > out.expiry_degraded_ns) {
        return down.refuse("got more than expiry_degraded, want less: a certificate is degraded before it is down");
    }
    return {};
}

Result<void> parse_tls(const ConfigView& config, Attributes& out) {
    if (const auto tls = config.at("tls"); tls.present()) {
        STIPEND_LET(mode, tls.string());
        if (mode != "verify" && mode != "none") return tls.refuse("got \"", mode, "\", want verify or none");
        out.verify_tls = mode == "verify";
    }
    const auto pin = config.at("pin_sha256");
    STIPEND_LET(digits, pin.string_or(out.pin_sha256));
    const auto hex = std::count_if(digits.begin(), digits.end(), [](char c) { return stipend::hex_value(c) >= 0; });
    if (!digits.empty() && hex != 64) return pin.refuse("got ", hex, " hex digits, want the 64 of a SHA-256");
    if (!digits.empty() && !out.verify_tls) return pin.refuse("got a pin and tls: none, want one of them");
    out.pin_sha256 = digits;
    return {};
}

Result<void> refuse_unknown(const ConfigView& config) {
    static constexpr std::array<std::string_view, 18> known{
        "timeout",         "slow_after", "status", "contains", "json",     "pin_sha256",       "tls",     "method",
        "headers",         "body",       "basic",  "bearer",   "stranger", "follow_redirects", "retries", "retry_after",
        "expiry_degraded", "expiry_down"};
    for (const auto& [key, value] : config.members()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) return value.refuse("no such attribute: ", key);
    }
    return {};
}

}  // namespace

Result<Attributes> parse_attributes(const ConfigView& config, const Attributes& defaults, bool closed) {
    if (closed) STIPEND_TRY(refuse_unknown(config));
    Attributes out = defaults;
    STIPEND_SET(out.timeout_ns, config.at("timeout").duration_or(out.timeout_ns, stipend::ns_per_ms, longest_ns));
    STIPEND_SET(out.slow_after_ns,
                config.at("slow_after").duration_or(out.slow_after_ns, stipend::ns_per_ms, longest_ns));
    STIPEND_LET(retries, config.at("retries").integer_or(out.retries, 0, most_retries));
    out.retries = static_cast<int>(retries);
    STIPEND_SET(out.retry_after_ns,
                config.at("retry_after").duration_or(out.retry_after_ns, stipend::ns_per_ms, 10 * stipend::ns_per_s));
    STIPEND_TRY(parse_request(config, out));
    STIPEND_TRY(parse_body_rules(config, out));
    STIPEND_TRY(parse_expiry(config, out));
    STIPEND_SET(out.stranger, config.at("stranger").boolean_or(out.stranger));
    STIPEND_TRY(parse_status(config.at("status"), out));
    STIPEND_TRY(parse_tls(config, out));
    return out;
}

Result<Attributes> parse_attributes_json(std::string_view text, const Attributes& defaults) {
    if (text.empty()) return defaults;
    STIPEND_LET(json, stipend::parse_json(text));
    if (!json.is(stipend::Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "attributes: got ", json.kind_name(), ", want an object");
    }
    return parse_attributes(ConfigView(json), defaults, true);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "bad endpoint: \"", stipend::clip(text, 120), "\": ", why);
    };
    const auto url = stipend::split_url(text);
    const auto scheme = url ? stipend::ascii::to_lower(url->scheme) : std::string();
    if (scheme != "http" && scheme != "https" && scheme != "tcp") {
        return bad("want http://, https:// or tcp://host:port");
    }
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
        return bad("it holds a blank or a control character");
    }
    const auto host = url->host;
    if (host.empty()) return bad("no host in it");
    if (url->authority.find('@') != std::string_view::npos) {
        return bad("it carries a user name or password, want the option basic");
    }
    Endpoint out;
    out.way = scheme == "tcp" ? Way::tcp : Way::http;
    if (out.way == Way::tcp && (url->port.empty() || !url->rest.empty())) {
        return bad("want tcp://host:port and nothing more");
    }
    const auto tail = url->authority.substr(host.size());
    if (!tail.empty() && !is_port(url->port)) return bad("want a port from 1 to 65535");
    out.numeric = host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
    out.url = out.way == Way::tcp ? stipend::cat("http://", url->authority, "/")
                                  : stipend::cat(scheme, text.substr(url->scheme.size()));
    return out;
}

}  // namespace monitor
