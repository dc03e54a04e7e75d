#include "settings.hpp"

#include "livepeer/wire.hpp"
#include "stipend/config.hpp"
#include "stipend/url.hpp"

namespace byoc {

using stipend::ConfigView;
using stipend::ns_per_s;
using stipend::Result;

namespace {

constexpr std::int64_t most_wei_per_s = 1'000'000'000'000'000'000;  // one ETH: a higher price is a typing error
constexpr std::uint32_t paid_timeout_s = 120;
// An orchestrator requires credit for 60 s, and a gateway buys it for the job's timeout: with a shorter one, the first
// job of a new balance is rejected.
constexpr std::int64_t least_paid_timeout_s = 60;
// The cap on a price holds only as long as the price that was seen.
constexpr std::int64_t most_price_age_ns = 60 * ns_per_s;
constexpr std::int64_t most_quarantine_ns = 365 * stipend::s_per_day * ns_per_s;

Result<std::int64_t> whole_seconds(const ConfigView& config, std::int64_t otherwise_s, std::int64_t most_s) {
    STIPEND_LET(ns, config.duration_or(otherwise_s * ns_per_s, ns_per_s, most_s * ns_per_s));
    if (ns % ns_per_s != 0) return config.refuse("got ", stipend::duration_text(ns), ", want whole seconds");
    return ns / ns_per_s;
}

Result<void> parse_job(const ConfigView& config, Settings& out) {
    STIPEND_LET(gateway, config.at("gateway").string());
    if (auto good = livepeer::check_url(gateway); !good) return config.at("gateway").refuse(good.error().message);
    out.gateway = gateway.ends_with('/') ? gateway.substr(0, gateway.size() - 1) : gateway;
    STIPEND_LET(capability, config.at("capability").string_or(out.capability));
    if (auto good = livepeer::check_capability(capability); !good)
        return config.at("capability").refuse(good.error().message);
    out.capability = capability;
    STIPEND_LET(path, config.at("path").string_or(""));
    if (auto good = livepeer::check_path(path); !good) return config.at("path").refuse(good.error().message);
    out.path = path.starts_with('/') ? path.substr(1) : path;
    STIPEND_SET(out.retry_after_ns, config.at("retry_after").duration_or(out.retry_after_ns, 0, 600 * ns_per_s));
    const auto evidence = config.at("evidence");
    STIPEND_LET(wanted, evidence.string_or("any"));
    if (wanted != "any" && wanted != "signed") return evidence.refuse("got \"", wanted, "\", want any or signed");
    out.signed_only = wanted == "signed";
    STIPEND_LET(bytes, config.at("max_body").integer_or(1 << 20, 1024, 64 << 20));
    out.max_body = static_cast<std::uint64_t>(bytes);
    return {};
}

Result<void> parse_price(const ConfigView& config, Settings& out) {
    STIPEND_LET(price, config.at("max_price_per_second").integer_or(0, 0, most_wei_per_s));
    out.max_price = static_cast<std::uint64_t>(price);
    const auto timeout = config.at("timeout");
    STIPEND_LET(seconds, whole_seconds(timeout, price > 0 ? paid_timeout_s : 20, 3600));
    if (price > 0 && seconds < least_paid_timeout_s) {
        return timeout.refuse("got ", seconds, "s, want at least ", least_paid_timeout_s,
                              "s where max_price_per_second is not 0: orchestrators want credit for that long");
    }
    out.timeout_s = static_cast<std::uint32_t>(seconds);
    const auto check = config.at("price_check");
    STIPEND_LET(every, check.string_or("60s"));
    if (every != "off") {
        STIPEND_SET(out.price_check_ns, check.duration_or(most_price_age_ns, ns_per_s, most_price_age_ns));
    }
    const auto unseen = config.at("price_unseen");
    STIPEND_LET(action, unseen.string_or("refuse"));
    if (action != "allow" && action != "refuse") return unseen.refuse("got \"", action, "\", want refuse or allow");
    out.allow_unseen_price = action == "allow";
    if (out.price_check_ns == 0 && !out.allow_unseen_price) {
        return check.refuse("got off, want a duration (or price_unseen: allow, which says that nothing caps a price)");
    }
    STIPEND_SET(out.quarantine_ns, config.at("quarantine").duration_or(out.quarantine_ns, 0, most_quarantine_ns));
    return {};
}

Result<void> parse_orchestrators(const ConfigView& config, Settings& out) {
    for (const auto& [address, view] : config.at("orchestrator_pins").members()) {
        STIPEND_LET(text, view.string());
        auto trust = livepeer::ServerTrust::parse(text);
        if (!trust) return view.refuse(trust.error().message);
        const auto bare = livepeer::without_slash(address);
        if (!bare.starts_with("https://"))
            return view.refuse("got a certificate for ", bare, ", want an https address");
        if (!out.trust.emplace(stipend::address_key(address), std::move(*trust)).second) {
            return view.refuse("got a certificate for ", bare, ", which has one under another spelling: want it once");
        }
    }
    return {};
}

// What the gateway itself shows and owns.
Result<void> parse_gateway_side(const ConfigView& config, Settings& out) {
    if (const auto view = config.at("gateway_credential"); view.present()) {
        STIPEND_LET(text, view.string());
        auto credential = livepeer::parse_credential(text);
        if (!credential) return view.refuse(credential.error().message);
        out.credential = std::move(*credential);
    }
    if (const auto view = config.at("gateway_cli"); view.present()) {
        STIPEND_LET(text, view.string());
        auto endpoint = CliEndpoint::parse(text);
        if (!endpoint) return view.refuse(endpoint.error().message);
        out.cli = std::move(*endpoint);
    }
    if (const auto view = config.at("remote_signer"); view.present()) {
        STIPEND_LET(url, view.string());
        if (auto good = livepeer::check_url(url); !good) return view.refuse(good.error().message);
        out.remote_signer = livepeer::without_slash(url);
    }
    return {};
}

}  // namespace

Result<Settings> parse_settings(const stipend::Json& json, const stipend_terms&) {
    const ConfigView config(json);
    Settings out;
    STIPEND_TRY(parse_job(config, out));
    STIPEND_TRY(parse_price(config, out));
    STIPEND_TRY(parse_orchestrators(config, out));
    STIPEND_TRY(parse_gateway_side(config, out));
    return out;
}

}  // namespace byoc
