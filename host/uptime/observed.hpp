// What the host's own monitors measured of an owner's targets over a window, as the mean over them.
#pragma once

#include <cstdint>

namespace stipend::uptime {

struct Observed {
    std::uint32_t up_ppm = 0;        // of the time that was seen; meaningless where coverage is 0
    std::uint32_t coverage_ppm = 0;  // the part of the window that was seen
};

}  // namespace stipend::uptime
