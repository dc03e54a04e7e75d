// GET /metrics for Prometheus.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/engine/runtime.hpp"
#include "host/http/server.hpp"
#include "host/work/metrics.hpp"

namespace stipend::api {

// Serves on `listen` ("127.0.0.1:9108") until it is destroyed. `post` runs something on [control], `refresh` brings
// `metrics` up to date there; all of them outlive the server.
[[nodiscard]] Result<std::unique_ptr<http::Server>> serve_metrics(const std::string& listen, work::Metrics& metrics,
                                                                  std::function<void(Task)> post,
                                                                  std::function<void()> refresh);
// What the engine counts, as it stands at this moment. [control]
void refresh_metrics(engine::Runtime& runtime, work::Metrics& metrics);

}  // namespace stipend::api
