// The uptime in a worker's answer. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace livepeer {

struct Uptime {
    std::uint32_t ppm = 0;
    std::uint32_t window_s = 0;  // 0: not reported
    std::optional<stipend::Json> evidence = {};
    std::optional<stipend::Json> service_list = {};  // set only if there is evidence, which covers it
};
// The first member of overall_uptime_percentage, service_uptime, uptime_percentage and services.uptime_percentage, also
// if it is null. INVALID with the reason if that is not a number in 0..100.
// Without `with_evidence` the evidence and its list are left out.
stipend::Result<Uptime> read_uptime(std::string_view body, bool with_evidence = true);

// The services that lowered `uptime`, which was read from `body`, by the `service_list` of the answer, as
// stipend/services_below.hpp has them. Entries without a name and an uptime in 0..100 are left out. Empty for an uptime
// of 100, whose answer is not read again.
std::string services_below(const Uptime& uptime, std::string_view body);

}  // namespace livepeer
