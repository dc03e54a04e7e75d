#include "settings.hpp"

#include "livepeer/runner_wire.hpp"
#include "livepeer/wire.hpp"
#include "stipend/config.hpp"
#include "stipend/url.hpp"

namespace runner {

using stipend::ConfigView;
using stipend::ns_per_s;
using stipend::Result;

namespace {

constexpr std::int64_t most_wei = 1'000'000'000'000'000'000;  // one ETH: a higher price of a call is a typing error
constexpr std::int64_t most_offer_age_ns = 60 * ns_per_s;

Result<void> parse_call(const ConfigView& config, Settings& out) {
    STIPEND_LET(app, config.at("app").string_or(out.app));
    if (auto good = livepeer::check_app(app); !good) return config.at("app").refuse(good.error().message);
    out.app = app;
    STIPEND_LET(path, config.at("path").string_or(""));
    if (auto good = livepeer::check_path(path); !good) return config.at("path").refuse(good.error().message);
    out.path = path.starts_with('/') ? path.substr(1) : path;
    const auto timeout = config.at("timeout");
    STIPEND_LET(timeout_ns, timeout.duration_or(out.timeout_s * ns_per_s, ns_per_s, 3600 * ns_per_s));
    if (timeout_ns % ns_per_s != 0) {
        return timeout.refuse("got ", stipend::duration_text(timeout_ns), ", want whole seconds");
    }
    out.timeout_s = static_cast<std::uint32_t>(timeout_ns / ns_per_s);
    STIPEND_SET(out.retry_after_ns, config.at("retry_after").duration_or(out.retry_after_ns, 0, 600 * ns_per_s));
    STIPEND_SET(out.discovery_age_ns,
                config.at("discovery_age").duration_or(out.discovery_age_ns, 0, most_offer_age_ns));
    const auto evidence = config.at("evidence");
    STIPEND_LET(wanted, evidence.string_or("any"));
    if (wanted != "any" && wanted != "signed") return evidence.refuse("got \"", wanted, "\", want any or signed");
    out.signed_only = wanted == "signed";
    STIPEND_LET(bytes, config.at("max_body").integer_or(1 << 20, 1024, 64 << 20));
    out.max_body = static_cast<std::uint64_t>(bytes);
    return {};
}

Result<void> parse_payment(const ConfigView& config, Settings& out) {
    const auto signer = config.at("signer");
    if (signer.present()) {
        STIPEND_LET(url, signer.string());
        if (auto good = livepeer::check_url(url); !good) return signer.refuse(good.error().message);
        out.signer = livepeer::without_slash(url);
    }
    const auto max_price = config.at("max_price");
    STIPEND_LET(price, max_price.integer_or(0, 0, most_wei));
    out.max_price = static_cast<std::uint64_t>(price);
    if (price > 0 && out.signer.empty()) {
        return max_price.refuse("got ", price, " without a signer, want signer: the URL of what makes the payments");
    }
    const auto max_second = config.at("max_price_per_second");
    STIPEND_LET(second, max_second.integer_or(0, 0, most_wei / livepeer::first_payment_s));
    out.max_second = static_cast<std::uint64_t>(second);
    if (second > 0 && out.signer.empty()) {
        return max_second.refuse("got ", second, " without a signer, want signer: the URL of what makes the payments");
    }
    STIPEND_LET(ticket, config.at("ticket_value").integer_or(0, 0, most_wei));
    out.ticket_value = static_cast<std::uint64_t>(ticket);
    return {};
}

Result<Settings::Witness> parse_witness(const std::string& text) {
    constexpr std::string_view tcp = "tcp://";
    if (!text.starts_with(tcp)) {
        // A query or fragment is sent as it is written; the rest is that of any other address.
        STIPEND_TRY(livepeer::check_url(std::string_view(text).substr(0, text.find_first_of("?#"))));
        return Settings::Witness{text, false};
    }
    auto url = stipend::cat("http://", text.substr(tcp.size()));
    STIPEND_TRY(livepeer::check_url(url));
    const auto parts = stipend::split_url(url);
    if (parts->port.empty() || !parts->rest.empty()) {
        return stipend::fail(STIPEND_E_INVALID, "bad address: got \"", livepeer::printable(text, 120),
                             "\", want tcp://host:port and nothing more");
    }
    return Settings::Witness{std::move(url), true};
}

Result<void> parse_others(const ConfigView& config, Settings& out) {
    for (const auto& view : config.at("witness").items()) {
        STIPEND_LET(text, view.string());
        auto witness = parse_witness(text);
        if (!witness) return view.refuse(witness.error().message);
        out.witnesses.push_back(std::move(*witness));
    }
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

}  // namespace

Result<Settings> parse_settings(const stipend::Json& json, const stipend_terms&) {
    const ConfigView config(json);
    Settings out;
    STIPEND_TRY(parse_call(config, out));
    STIPEND_TRY(parse_payment(config, out));
    STIPEND_TRY(parse_others(config, out));
    return out;
}

}  // namespace runner
