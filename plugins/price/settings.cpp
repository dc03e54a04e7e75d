#include "settings.hpp"

#include <algorithm>

#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "stipend/header_config.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_pointer.hpp"
#include "stipend/url_config.hpp"

namespace price {

using stipend::cat;
using stipend::clip;
using stipend::ConfigView;
using stipend::Result;

namespace {

constexpr std::size_t longest_name = 32;
constexpr std::size_t longest_pointer = 256;
constexpr std::int64_t usual_age_ns = 3600 * stipend::ns_per_s;
constexpr std::int64_t most_age_ns = 7 * 86'400 * stipend::ns_per_s;
constexpr std::int64_t usual_timeout_ns = 5 * stipend::ns_per_s;
constexpr std::uint32_t usual_deviation_ppm = 20'000;

bool is_word(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

Result<void> parse_name(const ConfigView& config, const std::vector<Source>& before, Source& out) {
    STIPEND_SET(out.name, config.string());
    if (out.name.empty() || out.name.size() > longest_name || !is_word(out.name)) {
        return config.refuse("want 1 to ", longest_name, " printable ASCII characters without blanks");
    }
    const bool taken =
        std::any_of(before.begin(), before.end(), [&](const Source& other) { return other.name == out.name; });
    if (taken) return config.refuse("got \"", out.name, "\" a second time, want a name of its own");
    return {};
}

Result<void> parse_url(const ConfigView& config, Source& out) {
    STIPEND_LET(server, stipend::server_url(config));
    out.url = std::move(server.url);
    out.shown_url = std::move(server.shown);
    return {};
}

Result<std::string> parse_pointer(const ConfigView& config) {
    if (!config.present()) return std::string();
    STIPEND_LET(text, config.string());
    if (text.empty() || text.size() > longest_pointer || !stipend::is_json_pointer(text)) {
        return config.refuse("got \"", clip(text, 60), "\", want a JSON pointer such as /data/amount");
    }
    return text;
}

Result<void> parse_feed(const ConfigView& config, Source& out) {
    const auto feed = config.at("feed");
    const auto chain = config.at("chain_id");
    if (!feed.present()) {
        if (chain.present()) return chain.refuse("got a chain, which only a `feed` is on");
        if (out.value.empty())
            return config.at("value").refuse("missing, want the JSON pointer of the rate, or `feed`");
        return {};
    }
    if (!out.value.empty() || !out.time.empty()) {
        return feed.refuse("got a feed beside `value` or `time`, want one way to read the rate");
    }
    STIPEND_LET(text, feed.string());
    const std::string_view digits = std::string_view(text).substr(std::min<std::size_t>(2, text.size()));
    if (!text.starts_with("0x") || digits.size() != 40 || !stipend::is_hex(digits)) {
        return feed.refuse("got \"", clip(text, 60), "\", want the address of a contract: 0x and 40 hex digits");
    }
    out.feed = stipend::ascii::to_lower(text);
    STIPEND_SET(out.chain_id, chain.integer(1));
    return {};
}

Result<Source> parse_source(const ConfigView& config, const std::vector<Source>& before) {
    Source out;
    STIPEND_TRY(parse_name(config.at("name"), before, out));
    STIPEND_TRY(parse_url(config.at("url"), out));
    STIPEND_SET(out.headers, stipend::header_lines(config.at("headers"),
                                                   {"content-length", "content-type", "transfer-encoding", "expect",
                                                    "upgrade", "trailer", "host"},
                                                   "the plugin"));
    STIPEND_SET(out.value, parse_pointer(config.at("value")));
    STIPEND_SET(out.time, parse_pointer(config.at("time")));
    STIPEND_TRY(parse_feed(config, out));
    STIPEND_SET(out.max_age_ns, config.at("max_age").duration_or(usual_age_ns, stipend::ns_per_s, most_age_ns));
    return out;
}

}  // namespace

Result<Settings> parse_settings(const stipend::Json& json) {
    const ConfigView config(json);
    Settings out;
    STIPEND_SET(out.asset, config.at("asset").string_or(out.asset));
    const auto fixed = config.at("usd_per_eth");
    const auto sources = config.at("sources");
    if (!sources.present()) {
        for (const auto* name : {"quorum", "max_deviation", "timeout"}) {
            if (config.at(name).present()) return config.at(name).refuse("got it without `sources`, which it is about");
        }
        STIPEND_SET(out.usd_per_eth_e8, fixed.scaled(places, 1, most_e8));
        return out;
    }
    if (fixed.present()) return fixed.refuse("got a fixed rate beside `sources`, want one of them");
    for (const auto& one : sources.items()) {
        STIPEND_LET(source, parse_source(one, out.sources));
        out.sources.push_back(std::move(source));
    }
    if (out.sources.empty() || out.sources.size() > most_sources) {
        return sources.refuse("got ", out.sources.size(), " sources, want 1 to ", most_sources);
    }
    const auto count = static_cast<std::int64_t>(out.sources.size());
    STIPEND_LET(quorum, config.at("quorum").integer_or(count / 2 + 1, 1, count));
    out.quorum = static_cast<std::size_t>(quorum);
    out.max_deviation_ppm = usual_deviation_ppm;
    if (config.at("max_deviation").present()) STIPEND_SET(out.max_deviation_ppm, config.at("max_deviation").percent());
    STIPEND_SET(out.timeout_ns,
                config.at("timeout").duration_or(usual_timeout_ns, 100 * stipend::ns_per_ms, 30 * stipend::ns_per_s));
    return out;
}

}  // namespace price
