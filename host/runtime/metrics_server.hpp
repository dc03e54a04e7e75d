// GET /metrics for Prometheus.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "host/base/lane.hpp"
#include "host/http/server.hpp"

namespace stipend::runtime {

class MetricsServer {
  public:
    static constexpr int max_waiting = 8;  // requests; more are refused

    // Serves on `listen` ("127.0.0.1:9108"), on `thread`, until it is destroyed. `text` makes an answer, on `lane`: it
    // may wait, and neither the listener nor the control thread waits for it. Without `tls` by plain HTTP.
    [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> create(const std::string& listen,
                                                                       http::ServerThread& thread,
                                                                       std::function<Result<std::string>()> text,
                                                                       std::shared_ptr<http::ServerTls> tls,
                                                                       std::shared_ptr<Lane> lane);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;
    [[nodiscard]] const std::string& address() const { return server_->address(); }

  private:
    MetricsServer(std::function<Result<std::string>()> text, std::shared_ptr<Lane> lane)
        : text_(std::move(text)), lane_(std::move(lane)) {}
    void accept(http::Responder responder);

    const std::function<Result<std::string>()> text_;
    std::atomic<int> waiting_ = 0;
    const std::shared_ptr<Lane> lane_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace stipend::runtime
