// Wei with twelve decimals: what an orchestrator charges may be a fraction of a wei a second.
#pragma once

#include <cstdint>
#include <string>

namespace stipend::devnet {

using FineWei = __int128;
inline constexpr FineWei fine_per_wei = 1'000'000'000'000;

// The next integer below, clamped to what an int64 holds.
[[nodiscard]] std::int64_t floor_wei(FineWei amount);
// With `decimals` (at most 12) behind the point, rounded half away from zero.
[[nodiscard]] std::string wei_text(FineWei amount, int decimals);

// A price as a token states it: a reduced fraction.
struct Fraction {
    std::int64_t numerator = 0;
    std::int64_t denominator = 1;
};
[[nodiscard]] Fraction reduced(FineWei price);

}  // namespace stipend::devnet
