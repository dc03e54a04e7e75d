#include "host/config/listener_check.hpp"

#include "host/config/url.hpp"

namespace stipend::config {

void check_listeners(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    const auto report = [&](std::string_view pointer, std::string message) {
        auto place = locate(root, "", pointer);
        diagnostics.add(place.node->pos, std::move(place.path), std::move(message));
    };
    // `prefix` begins the names of three options in `section`.
    const auto want_whole = [&](std::string_view section, std::string_view prefix, const ListenerTls& tls) {
        const bool certified = !tls.certificate.empty();
        if (certified == tls.key.empty()) {
            report(cat("/", section, "/", prefix, certified ? "tls_key" : "tls_certificate"),
                   "got nothing, want a file: a certificate and its key are set together");
        }
        if (!certified && !tls.client_ca.empty()) {
            report(cat("/", section, "/", prefix, "tls_client_ca"),
                   cat("got a file, want ", section, ".", prefix, "tls_certificate and ", section, ".", prefix,
                       "tls_key as well"));
        }
    };
    want_whole("api", "", {settings.api.tls_certificate, settings.api.tls_key, settings.api.tls_client_ca});
    want_whole("listen", "worker_", settings.worker_tls);
    want_whole("listen", "metrics_", settings.metrics_tls);
    const bool worker = settings.role == Role::worker;
    const auto& first = worker ? settings.worker_listen : settings.api_listen;
    if (!same_listener(first, settings.metrics_listen)) return;
    report(worker ? "/listen/worker" : "/listen/api",
           cat("got ", first, ", which listen.metrics has already: want another port"));
}

}  // namespace stipend::config
