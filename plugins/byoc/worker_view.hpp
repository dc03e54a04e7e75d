// What the host knows of the services that it watches: its view "services", read. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace byoc {

struct ServiceSeen {
    std::string name;
    std::string verdict;       // up, down, unknown: at present
    std::uint32_t up_ppm = 0;  // of the window
    std::uint32_t seen_ppm = 0;
    std::int64_t looks = 0;
    std::optional<stipend_unix_ns> not_up_since;  // the last time that it ceased to be up, where it did in the window
    std::int64_t not_up_ns = 0;                   // within the window
    std::string why;                              // what was seen last: a monitor's evidence, text or JSON

    [[nodiscard]] bool up() const { return verdict == "up"; }
};

struct ServicesSeen {
    stipend_unix_ns now = 0;
    std::int64_t window_s = 0;
    std::uint32_t overall_ppm = 0;   // mean over the services of time up / window; 0 where there is none
    std::uint32_t coverage_ppm = 0;  // the same, of the time that was watched
    std::vector<ServiceSeen> services;
    std::vector<std::pair<std::string, std::string>> found;  // discoveries: name, why
    std::string error;                                       // nothing could be looked at: why

    [[nodiscard]] std::int64_t count_up() const;
};

// The name of the view for a window.
std::string services_view(std::int64_t window_s);
// INVALID, with the place, where that is not the view's shape.
stipend::Result<ServicesSeen> read_services(std::string_view text);

}  // namespace byoc
