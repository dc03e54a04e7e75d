// `stipend verify`: the whole way, step by step.
#pragma once

#include <string>

#include "tools/jobs/commands.hpp"

namespace stipend::verify {

inline constexpr int exit_good = 0;
inline constexpr int exit_failed = 1;  // a step failed
inline constexpr int exit_usage = 2;   // the command line or the configuration is wrong

struct Options {
    jobs::WayOptions way;
    std::string credential;  // a file; empty: that of the configuration, or a key that is made for it
    std::string max_price;   // wei per second; empty: that of the configuration, or 0
    bool price_unseen = false;
    bool pay = false;
    bool yes = false;
    std::string wait = "10m";  // for a decision, with `pay`
    bool json = false;
};
// Prints what was found, and returns the exit status.
int verify(const Options& options);

}  // namespace stipend::verify
