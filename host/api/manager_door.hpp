// What a running manager answers at its control socket.
#pragma once

#include "host/api/control.hpp"
#include "host/api/reload.hpp"
#include "host/engine/runtime.hpp"

namespace stipend::api {

// GET /status; POST /reload; POST /adjust {"orchestrator","from","to","reason","usd","by"}. `runtime` outlives the
// server; `reload` is called on its worker.
Result<void> add_manager_routes(ControlServer& server, engine::Runtime& runtime, Reload reload);

}  // namespace stipend::api
