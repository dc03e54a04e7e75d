// What a policy makes of each uptime that there is.
#pragma once

#include <cstdint>
#include <functional>

#include "host/plugin/policy_instance.hpp"

namespace stipend::engine {

// The sample with a good check, and without any history of failures: what is decided of it hangs on its uptime alone.
[[nodiscard]] stipend_sample without_history(stipend_sample sample);

// Decides `sample` with each uptime from 0 to 1,000,000 parts per million as what was reported (and observed, where it
// has that), and passes the decisions in this order. Takes some 0.1 s.
using UptimeSink = std::function<void(std::uint32_t ppm, const stipend_decision& decision)>;
[[nodiscard]] Result<void> scan_uptimes(const plugin::PolicyInstance& policy, const stipend_sample& sample,
                                        const UptimeSink& sink);

// Whether two decisions pay and delay alike, in the same tier. [pure]
[[nodiscard]] bool same_terms(const stipend_decision& a, const stipend_decision& b);

// The uptimes around `ppm` that are decided alike, both ends included.
struct UptimeRange {
    std::uint32_t from_ppm = 0;
    std::uint32_t to_ppm = 0;
    stipend_decision decision = {};  // of all of them
};
[[nodiscard]] Result<UptimeRange> range_around(const plugin::PolicyInstance& policy, const stipend_sample& sample,
                                               std::uint32_t ppm);

}  // namespace stipend::engine
