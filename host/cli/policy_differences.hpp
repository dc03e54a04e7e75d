// `stipend policy eval --from-ledger`.
#pragma once

#include <string>

#include "host/cli/commands.hpp"

namespace stipend::cli {

struct DifferenceOptions {
    bool from_ledger = false;  // recorded history instead of standard input
    std::string from, to;      // times, or how long ago; empty: all
    std::string orchestrator;  // empty: all
};

// Decides recorded history again, by the same way as `policy replay`, and prints each decision that comes out
// otherwise. Exit status 3: there is one, or one that its own policy does not reproduce.
int policy_differences(const Common& common, const DifferenceOptions& options);

}  // namespace stipend::cli
