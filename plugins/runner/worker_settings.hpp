// The configuration of a worker.
#pragma once

#include <string>

#include "livepeer/worker_settings.hpp"
#include "stipend/json.hpp"

namespace runner {

// `capability` is the app.
struct WorkerSettings : livepeer::WorkerSettings {
    std::string label;
    std::string version;
    std::string metadata;
    std::string mode = "single-shot";
    std::string price;  // USD as an exact decimal; empty: none
    std::string price_unit = "fixed";
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<WorkerSettings> parse_worker_settings(const stipend::Json& config);

}  // namespace runner
