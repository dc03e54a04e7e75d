// The configuration of a worker.
#pragma once

#include <cstdint>
#include <string>

#include "livepeer/worker_settings.hpp"
#include "stipend/json.hpp"

namespace byoc {

struct WorkerSettings : livepeer::WorkerSettings {
    std::string description = "Watches services and reports their uptime";
    std::int64_t capacity_announced = 10'000;  // slots that are registered
    std::int64_t price_per_unit = 0;
    std::int64_t price_scaling = 1;
    std::int64_t probe_every_ns = 10 * stipend::ns_per_s;
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<WorkerSettings> parse_worker_settings(const stipend::Json& config);

}  // namespace byoc
