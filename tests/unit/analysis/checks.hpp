// Checks for analyses, each of one hour.
#pragma once

#include <string>
#include <vector>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace analysis_test {

using namespace stipend;
using namespace stipend::analysis;

inline constexpr stipend_unix_ns begin_ns = 1'799'971'200 * ns_per_s;  // 2027-01-15T00:00:00Z, a Friday

// The check number `hour` of an orchestrator, over the hour before its decision.
inline ledger::Decision hourly(ledger::OrchestratorId id, std::int64_t hour, std::uint32_t ppm, std::int64_t usd_e8) {
    ledger::Decision out{.orchestrator = id, .epoch = static_cast<std::uint64_t>(hour + 1)};
    out.period_from = begin_ns + hour * ns_per_hour;
    out.decided_at = out.due_at = out.period_from + ns_per_hour;
    out.job = ledger::Job::ok;
    out.uptime_ppm = ppm;
    out.action = usd_e8 > 0 ? ledger::Action::pay : ledger::Action::skip;
    out.tier = ppm >= 950'000 ? "gold" : "tin";
    out.usd = Usd::of_e8(usd_e8);
    out.evidence.http_status = 200;
    return out;
}

inline ledger::Decision failed(ledger::OrchestratorId id, std::int64_t hour, std::int32_t status = 0) {
    auto out = hourly(id, hour, 0, 0);
    out.job = ledger::Job::failed;
    out.uptime_ppm.reset();
    out.tier = "none";
    out.consecutive_failures = 1;
    out.evidence.http_status = status;
    out.reason = "connection refused after 120 ms";
    return out;
}

// Two orchestrators, "a" of capability "x" and "b" of the default one, over 24 hours.
struct Scene {
    ledger::SpanFacts facts = {};
    Context context;

    explicit Scene(By by)
        : context{.from = begin_ns,
                  .to = begin_ns + 24 * ns_per_hour,
                  .now = begin_ns + 24 * ns_per_hour,
                  .by = by,
                  .facts = facts,
                  .capability_of = [](std::string_view key) { return std::string(key == "a" ? "x" : ""); }} {
        facts.accounts = {{.id = 1, .key = "a", .first_seen_at = begin_ns - ns_per_hour},
                          {.id = 2, .key = "b", .first_seen_at = begin_ns + 12 * ns_per_hour}};
    }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    [[nodiscard]] Report of(Analysis& analysis, const std::vector<ledger::Decision>& decisions,
                            bool excused = false) const {
        for (const auto& one : decisions) {
            const bool taken_back = excused && one.job == ledger::Job::failed;
            STIPEND_ASSERT(
                analysis.take({.key = one.orchestrator == 1 ? "a" : "b", .decision = one, .excused = taken_back}));
        }
        auto out = analysis.finish();
        STIPEND_ASSERT(out);
        return std::move(*out);
    }
};

// A row's values, separated by blanks; null is "-".
inline std::string line(const Json& row) {
    std::string out;
    for (const auto& [name, value] : row.members()) {
        out += cat(out.empty() ? "" : " ", value.is(Json::Kind::null) ? "-" : value.text());
    }
    return out;
}

}  // namespace analysis_test
