// Tries a policy on many samples that are drawn from a seed, under terms from one end of what a host has to the other.
#pragma once

#include <cstdint>

#include "host/plugin/trial/life.hpp"

namespace stipend::plugin {

inline constexpr int drawn_samples = 10'000;  // of all terms together

// The same seed draws the same samples. Refused: a decision that the host would not take or above the policy's own
// bounds; another decision on the same sample; an amount that is none in some asset at some rate.
Result<void> try_drawn(Calls& calls, const Subject& subject, std::uint64_t seed);

}  // namespace stipend::plugin
