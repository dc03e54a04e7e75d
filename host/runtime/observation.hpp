// What a monitor reports, checked and in this host's time. Pure but for the clock of the line.
#pragma once

#include <string>

#include "host/base/timeline.hpp"
#include "host/uptime/series.hpp"
#include "stipend/abi/monitor.h"

namespace stipend::runtime {

// Clocks of one machine, read one after the other, may differ by so much.
inline constexpr std::int64_t observation_tolerance_ns = 2 * ns_per_s;

enum class LookKind {
    probe,            // nothing is believed of time before it began
    watch,            // its part of an observation that began before it is cut off
    watch_with_past,  // reports on time before it as well, as an engine knows since when a container runs
};

// An observation that outlives the plugin's call.
struct ObservationReport {
    std::int32_t verdict = STIPEND_UNKNOWN;
    stipend_unix_ns from = 0, to = 0;
    std::string id, why;  // printable, in one line
    std::string defect;   // why it is refused; the verdict is UNKNOWN then, and the time that of the call

    [[nodiscard]] uptime::Observation observation() const { return {verdict, from, to, why}; }
};

// `begun`: when the monitor was asked to look. Refused: a record that breaks its table, and times of the future or of
// before `begun`. [any]
[[nodiscard]] ObservationReport read_observation(const stipend_observation& given, const TimeLine& line,
                                                 stipend_unix_ns begun, LookKind look);

}  // namespace stipend::runtime
