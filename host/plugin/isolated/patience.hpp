// How long what may take in the process of a plugin.
#pragma once

#include <cstdint>

#include "stipend/duration.hpp"

namespace stipend::plugin::isolated {

struct Patience {
    std::int64_t call_ns = 30 * ns_per_s;  // of a call of the plugin, before its process is ended
    std::int64_t life_ns = 4 * ns_per_s;   // of create and start, with the start of the process
    std::int64_t health_ns = 900 * ns_per_ms;
    std::int64_t end_ns = 2 * ns_per_s;      // of destroy
    std::int64_t first_pause_ns = ns_per_s;  // before the second process; doubles with each further one
    std::int64_t longest_pause_ns = 60 * ns_per_s;
    std::int64_t good_after_ns = 60 * ns_per_s;  // a process that ran for so long makes good what was before
};

}  // namespace stipend::plugin::isolated
