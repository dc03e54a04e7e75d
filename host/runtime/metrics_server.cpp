#include "host/runtime/metrics_server.hpp"

#include "host/runtime/metrics.hpp"

namespace stipend::runtime {

Result<std::unique_ptr<MetricsServer>> MetricsServer::create(const std::string& listen, http::ServerThread& thread,
                                                             std::function<Result<std::string>()> text,
                                                             std::shared_ptr<http::ServerTls> tls,
                                                             std::shared_ptr<Lane> lane) {
    std::unique_ptr<MetricsServer> out(new MetricsServer(std::move(text), std::move(lane)));
    STIPEND_SET(out->server_, http::Server::create({.listen = listen, .tls = std::move(tls)}, &thread));
    STIPEND_TRY(out->server_->add_route(
        {.method = "GET", .path = "/metrics", .handler = [&made = *out](http::ServerRequest&&, http::Responder to) {
             made.accept(std::move(to));
         }}));
    return out;
}

MetricsServer::~MetricsServer() {
    server_.reset();
    lane_->end();
}

void MetricsServer::accept(http::Responder responder) {
    const auto refused = [](http::Responder& to, const std::string& why) {
        static_cast<void>(to.respond({503, "Content-Type: text/plain\r\n", why + "\n"}));
    };
    if (waiting_.fetch_add(1) >= max_waiting) {
        --waiting_;
        return refused(responder, "too many requests for the metrics wait");
    }
    lane_->post([this, refused, responder = std::move(responder)]() mutable {
        auto text = text_();
        --waiting_;
        if (!text) return refused(responder, text.error().message);
        static_cast<void>(
            responder.respond({200, cat("Content-Type: ", Metrics::content_type, "\r\n"), std::move(*text)}));
    });
}

}  // namespace stipend::runtime
