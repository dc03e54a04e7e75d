// What a policy may decide on a sample: a table of the fields of a decision, with their ranges and their relations. A
// decision that breaks it is void. Pure.
#pragma once

#include <span>

#include "stipend/abi/policy.h"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

// Longer waits than this are a defect: 366 days.
inline constexpr std::int64_t max_wait_ns = 366 * ns_per_day;

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

}  // namespace stipend::plugin
