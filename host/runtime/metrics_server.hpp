// GET /metrics for Prometheus.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/http/server.hpp"
#include "host/runtime/control_loop.hpp"
#include "host/runtime/metrics.hpp"

namespace stipend::runtime {

// Serves on `listen` ("127.0.0.1:9108"), on `thread`, until it is destroyed. `refresh` brings `metrics` up to date on
// [control] before each answer; all of them outlive the server.
[[nodiscard]] Result<std::unique_ptr<http::Server>> serve_metrics(const std::string& listen, http::ServerThread& thread,
                                                                  ControlLoop& loop, const Metrics& metrics,
                                                                  std::function<void()> refresh);

}  // namespace stipend::runtime
