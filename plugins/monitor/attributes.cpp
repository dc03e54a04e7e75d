#include "attributes.hpp"

#include <algorithm>
#include <array>

#include "stipend/hex.hpp"
#include "stipend/url.hpp"

namespace monitor {

using stipend::ConfigView;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::int64_t longest_ns = 600 * stipend::ns_per_s;
constexpr std::size_t longest_text = 4096;

// "200" or "200-299".
Result<void> parse_status(const ConfigView& config, Attributes& out) {
    if (!config.present()) return {};
    STIPEND_LET(text, config.string());
    const auto dash = text.find('-');
    const auto code = [](std::string_view digits) -> int {
        const auto number = stipend::Decimal::parse(digits);
        if (!number) return -1;
        const auto value = number->exact_scaled(0);
        return value && *value >= 100 && *value <= 599 ? static_cast<int>(*value) : -1;
    };
    out.least_status = code(std::string_view(text).substr(0, dash));
    out.most_status = dash == std::string::npos ? out.least_status : code(std::string_view(text).substr(dash + 1));
    if (out.least_status < 0 || out.most_status < out.least_status) {
        return config.refuse("got \"", text.substr(0, 40), "\", want a status or a range of them, such as 200-299");
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
    static constexpr std::array<std::string_view, 7> known{"timeout",    "slow_after", "status",  "contains",
                                                           "pin_sha256", "tls",        "stranger"};
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
    STIPEND_LET(contains, config.at("contains").string_or(out.contains));
    if (contains.size() > longest_text) return config.at("contains").refuse("too long: want at most ", longest_text);
    out.contains = contains;
    STIPEND_SET(out.stranger, config.at("stranger").boolean_or(out.stranger));
    STIPEND_TRY(parse_status(config.at("status"), out));
    STIPEND_TRY(parse_tls(config, out));
    return out;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "bad endpoint: \"", text.substr(0, 120), "\": ", why);
    };
    const auto url = stipend::split_url(text);
    if (!url || (url->scheme != "http" && url->scheme != "https" && url->scheme != "tcp")) {
        return bad("want http://, https:// or tcp://host:port");
    }
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
        return bad("it holds a blank or a control character");
    }
    const auto host = url->host;
    if (host.empty()) return bad("no host in it");
    Endpoint out;
    out.way = url->scheme == "tcp" ? Way::tcp : Way::http;
    if (out.way == Way::tcp && (url->port.empty() || !url->rest.empty())) {
        return bad("want tcp://host:port and nothing more");
    }
    out.numeric = host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
    out.url = out.way == Way::tcp ? stipend::cat("http://", url->authority, "/") : std::string(text);
    return out;
}

}  // namespace monitor
