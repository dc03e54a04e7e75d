// Rules of the factor of demand as a request names them, to be tried over what was recorded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::api {

// Shares and factors in parts per million, `every_ns` in nanoseconds; none: as the configuration in force has it.
struct DemandDraft {
    bool recorded = true;  // the factors that were recorded; the others are none then
    std::optional<std::int64_t> target_ppm = {};
    std::optional<std::int64_t> every_ns = {};
    std::optional<std::int64_t> floor_ppm = {};
    std::optional<std::int64_t> ceiling_ppm = {};
    std::optional<std::int64_t> damping_ppm = {};
    std::optional<std::int64_t> step_ppm = {};
};

// One member of the rules: the bounds are those of `payment.demand` in the configuration, as texts.
struct DemandRuleMember {
    std::string_view name, least, most;
    std::optional<std::int64_t> DemandDraft::*value;
    bool is_duration = false;
};
[[nodiscard]] const std::vector<DemandRuleMember>& demand_rule_members();

// Of a member `rules`: NULL or null, the recorded factors; else an object of texts, such as
// {"target":"2","every":"5m"}. INVALID names the member.
[[nodiscard]] Result<DemandDraft> demand_draft_of(const Json* rules);

}  // namespace stipend::api
