// What a plugin may put into a record that it hands to the host: for each record one table of its fields, with their
// ranges and their relations. A record that breaks it is void as a whole. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/policy.h"
#include "stipend/abi/price.h"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

// Longer waits than this are a defect: 366 days.
inline constexpr std::int64_t max_wait_ns = 366 * ns_per_day;
// Later times than this are a defect: the year 2223. Differences of times do not overflow below it.
inline constexpr stipend_unix_ns max_time_ns = 8'000'000'000 * ns_per_s;
// Longer texts and bytes than this are a defect.
inline constexpr std::uint64_t max_text_bytes = 4 << 20;

// Whether the decision is one that may follow from the sample. Without branches that the outcome of a single check
// would steer, since those of a batch are in no order.
[[nodiscard]] bool is_sound(const stipend_sample& sample, const stipend_decision& decision);
// Whether `is_sound` is true for each of them, and their texts are printable ASCII, which `make_printable` leaves as it
// is. Many at once: every decision passes here, and nearly every one is.
[[nodiscard]] bool all_sound_and_printable(std::span<const stipend_sample> samples,
                                           std::span<const stipend_decision> decisions);
// Which rule `is_sound` found broken: "delay_ns: got -1, want 0 .. 31622400000000000".
[[nodiscard]] Error explain(const stipend_sample& sample, const stipend_decision& decision);
// Names every character of the two texts that a terminal obeys and every byte that is no UTF-8, cut to the fields.
void make_printable(stipend_decision& decision);

// INVALID, with field, got and want, for a record that breaks its table. A record that is shorter than this version's
// is checked as if the rest were zero, which is what the host reads.
[[nodiscard]] Result<void> check(const stipend_job_result& result);
// `base` and `quote` are what was asked for.
[[nodiscard]] Result<void> check(const stipend_quote& record, std::string_view base, std::string_view quote);
[[nodiscard]] Result<void> check(const stipend_observation& observation);

// A text of a plugin in one printable line of at most `max_bytes`.
[[nodiscard]] std::string line_of(std::string_view text, std::size_t max_bytes);

}  // namespace stipend::plugin
