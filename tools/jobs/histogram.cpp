#include "tools/jobs/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace stipend::jobs {
namespace {

// Durations below `linear` have a count each. From there on, each power of two is divided into `half` equal steps, the
// smallest number of them that is a power of two and finer than a thousandth.
constexpr std::uint64_t linear = 2048;
constexpr std::uint64_t half = linear / 2;

unsigned shift_of(std::uint64_t us) {
    return us < linear ? 0U
                       : static_cast<unsigned>(std::bit_width(us)) - static_cast<unsigned>(std::bit_width(linear - 1));
}

std::size_t index_of(std::uint64_t us) {
    const auto shift = shift_of(us);
    return static_cast<std::size_t>(shift * half + (us >> shift));
}

// The longest duration that has this count.
std::int64_t longest_of(std::size_t index) {
    if (index < linear) return static_cast<std::int64_t>(index);
    const auto shift = index / half - 1;
    const auto step = index - shift * half;
    return static_cast<std::int64_t>(((step + 1) << shift) - 1);
}

}  // namespace

void Histogram::record(std::int64_t us) {
    us = std::clamp<std::int64_t>(us, 0, max_us);
    const auto index = index_of(static_cast<std::uint64_t>(us));
    if (index >= counts_.size()) counts_.resize(index + 1);
    ++counts_[index];
    ++count_;
    max_ = std::max(max_, us);
}

std::optional<std::int64_t> Histogram::percentile(std::uint32_t permille) const {
    if (count_ == 0) return std::nullopt;
    const auto rank = std::max<std::uint64_t>(1, (count_ * permille + 999) / 1000);
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        seen += counts_[index];
        if (seen >= rank) return std::min(longest_of(index), max_);
    }
    return max_;
}

}  // namespace stipend::jobs
