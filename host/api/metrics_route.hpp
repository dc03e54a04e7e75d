// GET /metrics for Prometheus.
#pragma once

#include <memory>

#include "host/engine/runtime.hpp"
#include "host/http/server.hpp"
#include "host/work/metrics.hpp"

namespace stipend::api {

// Serves on `listen` ("127.0.0.1:9108") until it is destroyed; `runtime` and `metrics` outlive it.
[[nodiscard]] Result<std::unique_ptr<http::Server>> serve_metrics(const std::string& listen, engine::Runtime& runtime,
                                                                  work::Metrics& metrics);

}  // namespace stipend::api
