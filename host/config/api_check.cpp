#include "host/config/api_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "host/base/ip_address.hpp"
#include "host/config/environment.hpp"
#include "host/config/format.hpp"
#include "host/config/url.hpp"
#include "stipend/duration.hpp"

namespace stipend::config {
namespace {

constexpr std::size_t least_secret_bytes = 32;
constexpr std::size_t least_password_bytes = 8;
constexpr std::size_t least_enrollment_bytes = 16;

// What the API has below these paths, or may have.
constexpr std::array<std::string_view, 6> reserved_prefixes{"/api/",    "/health/",  "/healthz/",
                                                            "/readyz/", "/metrics/", "/status/"};

}  // namespace

void check_api(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    const auto report = [&](std::string_view pointer, std::string message) {
        auto place = locate(root, "", pointer);
        diagnostics.add(place.node->pos, std::move(place.path), std::move(message));
    };
    const auto& api = settings.api;
    const auto& listen = settings.api_listen;
    const bool has_tls = !api.tls_certificate.empty();
    if (!listen.empty() && !loopback_listen(listen) && !has_tls && api.plain_http == PlainHttp::refused) {
        report("/listen/api", cat("got ", listen,
                                  ", want an address of this machine, such as 127.0.0.1:8010: without TLS "
                                  "passwords could be read on the way. Set api.tls_certificate and api.tls_key, put a "
                                  "proxy with TLS before it, or accept that by api.plain_http: true"));
    }
    // Without the text itself, which is a secret.
    const auto want_bytes = [&](std::string_view pointer, const std::string& text, std::size_t least) {
        if (text.empty() || text.size() >= least) return;
        report(pointer, cat("got ", text.size(), " bytes, want at least ", least,
                            ", such as this prints: openssl rand -hex 32; or leave it out"));
    };
    want_bytes("/api/jwt_secret", api.jwt_secret, least_secret_bytes);
    if (!api.jwt_secret.empty() && !api.jwt_key.empty()) {
        report("/api/jwt_key", "got a file, want none beside api.jwt_secret: one of the two signs tokens");
    }
    want_bytes("/api/admin_password", api.admin_password, least_password_bytes);
    if (api.refresh_lifetime_ns < api.token_lifetime_ns) {
        report("/api/refresh_lifetime",
               cat("got less than api.token_lifetime: ", duration_text(api.refresh_lifetime_ns), ", want at least ",
                   duration_text(api.token_lifetime_ns)));
    }
    if (!api.origin.empty() && read_origin(api.origin) != api.origin) {
        report("/api/origin", cat("got ", scalar_node(api.origin, true).shown(),
                                  ", want http(s)://host:port without a path, such as https://manager.example"));
    }
    const auto want_ranges = [&](std::string_view pointer, const std::vector<std::string>& ranges) {
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            if (ranges[i].empty() || IpRange::parse(ranges[i])) continue;  // the schema reports an empty one
            report(cat(pointer, i), cat("got ", scalar_node(ranges[i], true).shown(),
                                        ", want an address or a network, such as 10.0.0.0/8"));
        }
    };
    // Without the text itself, which may hold a token.
    if (const std::string_view url = settings.signed_heads.url;
        !url.empty() && !url.starts_with("https://") && !url.starts_with("http://")) {
        report("/signed_heads/url", "want a URL that begins with http:// or https://");
    }
    for (std::size_t i = 0; i < api.plugins.size(); ++i) {
        const auto& prefix = api.plugins[i].prefix;
        const auto pointer = cat("/api/plugins/", i, "/prefix");
        if (std::ranges::find(reserved_prefixes, prefix) != reserved_prefixes.end()) {
            report(pointer,
                   cat("got ", scalar_node(prefix, true).shown(), ", want a prefix that is not the API's own"));
        }
        for (std::size_t k = 0; k < i; ++k) {
            if (prefix.empty() || api.plugins[k].prefix != prefix) continue;
            report(pointer, cat("got ", scalar_node(prefix, true).shown(), ", which api.plugins[", k,
                                "] has already: want it once"));
        }
    }
    want_ranges("/api/trusted_proxies/", api.trusted_proxies);
    want_ranges("/api/gateway_networks/", api.gateway_networks);
}

void check_registration(const Node& root, Settings& settings, Diagnostics& diagnostics) {
    const auto report = [&](std::string_view pointer, std::string message) {
        auto place = locate(root, "", pointer);
        diagnostics.add(place.node->pos, std::move(place.path), std::move(message));
    };
    auto& registration = settings.registration;
    // A published default is reported as such.
    if (const auto& secret = registration.secret;
        !secret.empty() && secret.size() < least_enrollment_bytes && !known_default_secret(secret)) {
        report("/registration/secret", cat("got ", secret.size(), " bytes, want at least ", least_enrollment_bytes,
                                           ", such as this prints: openssl rand -hex 32; or leave it out"));
    }
    const std::string all = std::exchange(registration.allowed_networks_text, {});
    for (const auto one : comma_separated(all)) {
        if (const auto range = IpRange::parse(one); !range)
            report("/registration/allowed_networks", range.error().message);
        registration.allowed_networks.emplace_back(one);
    }
    const auto& name = registration.capability;
    const auto same = [&](const Capability& one) { return one.name == name; };
    if (!name.empty() && std::none_of(settings.capabilities.begin(), settings.capabilities.end(), same)) {
        report("/registration/capability",
               cat("got ", scalar_node(name, true).shown(), ", want a name that `capabilities` has"));
    }
}

}  // namespace stipend::config
