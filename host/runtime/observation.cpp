#include "host/runtime/observation.hpp"

#include <algorithm>

#include "host/ledger/rows.hpp"
#include "host/plugin/record_check.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"

namespace stipend::runtime {
namespace {

std::string in_seconds(std::int64_t ns) {
    return duration_text((ns + ns_per_s / 2) / ns_per_s * ns_per_s);
}

}  // namespace

ObservationReport read_observation(const stipend_observation& given, const TimeLine& line, stipend_unix_ns begun,
                                   LookKind look) {
    ObservationReport out;
    const auto now = line.now();
    out.from = out.to = now;
    const auto refused = [&](std::string what) {
        out.defect = std::move(what);
        out.why = clip(out.defect, uptime::Series::max_why_bytes);
        return out;
    };
    if (const auto sound = plugin::check(given); !sound) return refused(sound.error().message);
    stipend_observation scratch{};
    const auto& record = stipend::detail::record_view(&given, scratch);
    out.id = plugin::line_of(view(record.target_id), ledger::max_key_bytes);
    // Monitors report the wall clock's time, which may have been set since the host's own began.
    const auto skew_ns = line.skew_ns();
    const auto started = record.started_at - skew_ns;
    const auto ended = record.ended_at - skew_ns;
    if (ended > now + observation_tolerance_ns) {
        return refused(cat("ended_at: got a time ", in_seconds(ended - now), " ahead, want none of the future"));
    }
    const auto earliest = begun - observation_tolerance_ns;
    const bool is_past = look == LookKind::probe ? started < earliest : look == LookKind::watch && ended < earliest;
    if (is_past) {
        return refused(cat("started_at: got a time ", in_seconds(begun - started), " before the look began"));
    }
    out.verdict = record.verdict;
    out.why = plugin::line_of(view(record.evidence), uptime::Series::max_why_bytes);
    out.from = std::min(look == LookKind::watch_with_past ? started : std::max(started, begun), now);
    out.to = std::max(out.from, std::min(ended, now));
    return out;
}

}  // namespace stipend::runtime
