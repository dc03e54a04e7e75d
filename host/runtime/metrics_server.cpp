#include "host/runtime/metrics_server.hpp"

namespace stipend::runtime {

Result<std::unique_ptr<http::Server>> serve_metrics(const std::string& listen, http::ServerThread& thread,
                                                    ControlLoop& loop, const Metrics& metrics,
                                                    std::function<void()> refresh) {
    STIPEND_LET(server, http::Server::create({.listen = listen}, &thread));
    auto handler = [&loop, &metrics, refresh = std::move(refresh)](http::ServerRequest&&, http::Responder responder) {
        loop.post([&metrics, refresh, responder = std::move(responder)]() mutable {
            refresh();
            static_cast<void>(
                responder.respond({200, cat("Content-Type: ", Metrics::content_type, "\r\n"), metrics.text()}));
        });
    };
    STIPEND_TRY(server->add_route({.method = "GET", .path = "/metrics", .handler = std::move(handler)}));
    return std::move(server);
}

}  // namespace stipend::runtime
