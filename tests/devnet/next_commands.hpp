// What to type beside a devnet that runs.
#pragma once

#include <cstdint>
#include <string>

namespace stipend::devnet {

struct Running {
    std::string addresses;  // of the pool, with commas between
    std::uint32_t orchestrators = 0;
    std::string gateway;  // URLs; empty: not served
    std::string control;
    std::string capability;
};

// Lines for a shell in another terminal: jobs, faults, and a host with its configuration by environment.
[[nodiscard]] std::string next_commands(const Running& running);

}  // namespace stipend::devnet
