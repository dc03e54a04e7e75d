// What a plugin may put into a record that it hands to the host: for each record one table of its fields, with their
// ranges and their relations. A record that breaks it is void as a whole. Pure.
#pragma once

#include <string>
#include <string_view>

#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

// Later times than this are a defect: the year 2223. Differences of times do not overflow below it.
inline constexpr stipend_unix_ns max_time_ns = 8'000'000'000 * ns_per_s;
// Longer texts and bytes than this are a defect.
inline constexpr std::uint64_t max_text_bytes = 4 << 20;

// INVALID, with field, got and want, for a record that breaks its table. A record that is shorter than this version's
// is checked as if the rest were zero, which is what the host reads.
[[nodiscard]] Result<void> check(const stipend_job_result& result);
// `base` and `quote` are what was asked for.
[[nodiscard]] Result<void> check(const stipend_quote& record, std::string_view base, std::string_view quote);
[[nodiscard]] Result<void> check(const stipend_observation& observation);
[[nodiscard]] Result<void> check(const stipend_offer& offer);

// A text of a plugin in one printable line of at most `max_bytes`.
[[nodiscard]] std::string line_of(std::string_view text, std::size_t max_bytes);

}  // namespace stipend::plugin
