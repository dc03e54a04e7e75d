// What a reload is asked for, and what came of it; of a host of any role.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/rows.hpp"
#include "stipend/json.hpp"

namespace stipend::runtime {

struct ReloadRequest {
    bool accept_spend = false;  // take a configuration that more than doubles the largest possible spend
    bool undo = false;          // take the one before the present one
    bool check = false;         // say what would happen, and take nothing
    bool waited = false;        // take the configuration that waits; of the host itself
    bool again = false;  // take the configuration that is in force, for what the role adds to it; of the host too
};

struct ReloadReport {
    bool valid = false;                               // nothing is wrong with it
    bool taken = false;                               // and it is in force
    std::string text;                                 // what an operator reads: what was taken, or why nothing was
    std::string summary;                              // of what was taken, in a line
    std::vector<std::string> warnings;                // of a configuration that was not rejected
    Json diagnostics;                                 // an array where the configuration is wrong; null otherwise
    ledger::GenerationId generation = 0;              // of a manager
    std::optional<stipend_unix_ns> waits_until = {};  // valid, and put in force by the host itself at that time
    std::int64_t pause_ns = 0;                        // the longest that the control thread was kept at a time
};

using Reload = std::function<ReloadReport(const ReloadRequest&)>;

// POST /reload {"accept_spend","undo","check"}, as the control socket takes and answers it.
[[nodiscard]] ReloadRequest reload_request(const Json& body);
[[nodiscard]] Json report_json(const ReloadReport& report);

}  // namespace stipend::runtime
