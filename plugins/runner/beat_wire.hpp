// What a live runner sends to its orchestrator, and what that answers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/duration.hpp"
#include "worker_settings.hpp"

namespace runner {

// Whole each time: a heartbeat replaces all that the one before said. `runner_id`: empty in the first one.
std::string beat_body(const WorkerSettings& settings, std::string_view runner_id);

struct BeatAnswer {
    std::string runner_id;
    std::string secret;  // of the following heartbeats; empty: the one before stays
    std::int64_t interval_ns = 0;
};
inline constexpr std::int64_t usual_interval_ns = 5 * stipend::ns_per_s;
inline constexpr std::int64_t least_interval_ns = 100 * stipend::ns_per_ms;
inline constexpr std::int64_t longest_interval_ns = 60 * stipend::ns_per_s;

// Reads the body of a 200. The interval is at most half of the time that the registration lives without a heartbeat;
// the usual one where the answer has none. INVALID: no such object, or an id or secret that no path or header may
// carry.
stipend::Result<BeatAnswer> read_beat_answer(std::string_view body);

// Nanoseconds of a duration as Go writes it: "5s", "1m30s", "1h0m0s", "500ms". INVALID: none, or below zero.
stipend::Result<std::int64_t> read_go_duration(std::string_view text);

}  // namespace runner
