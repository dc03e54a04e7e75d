// Announced maintenance, as the configuration has it. Immutable, thread-safe.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/recurring.hpp"
#include "host/config/settings.hpp"
#include "stipend/json.hpp"

namespace stipend::runtime {

class Maintenance {
  public:
    Maintenance() = default;
    // Of settings that were loaded without an error.
    explicit Maintenance(const std::vector<config::Maintenance>& windows);

    // The windows of an orchestrator within [from, to), in no order; they may overlap.
    [[nodiscard]] std::vector<Window> within(std::string_view orchestrator, stipend_unix_ns from,
                                             stipend_unix_ns to) const;
    // Each with its present window, or its next one: [{name, schedule, zone, duration, orchestrators, active, from,
    // to}].
    [[nodiscard]] Json status(stipend_unix_ns now) const;

  private:
    struct Entry {
        config::Maintenance configured;
        std::set<std::string, std::less<>> orchestrators;
        Recurring windows;
    };
    std::vector<Entry> entries_;
};

}  // namespace stipend::runtime
