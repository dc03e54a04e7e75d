#include "host/runtime/confirmation.hpp"

#include <algorithm>

#include "stipend/result.hpp"

namespace stipend::runtime {
namespace {

bool failed(const Look& look) {
    return look.verdict == STIPEND_DOWN || look.verdict == STIPEND_DEGRADED;
}

}  // namespace

// Whether the oldest withheld look can still be one of enough failed ones, if all that come next fail.
bool Confirmation::may_count() const {
    const auto looks = static_cast<std::size_t>(rule_.looks);
    for (std::size_t more = 1; withheld_.size() + more <= looks; ++more) {
        const auto kept = std::min(failed_.size(), looks - more);
        const auto so_far = std::count(failed_.end() - static_cast<std::ptrdiff_t>(kept), failed_.end(), true);
        if (so_far + static_cast<std::ptrdiff_t>(more) >= rule_.failed) return true;
    }
    return false;
}

std::vector<Look> Confirmation::take(Look look) {
    failed_.push_back(failed(look));
    while (failed_.size() > static_cast<std::size_t>(rule_.looks)) failed_.pop_front();
    withheld_.push_back(std::move(look));
    std::vector<Look> out;
    const bool confirmed = std::count(failed_.begin(), failed_.end(), true) >= rule_.failed;
    while (!withheld_.empty()) {
        auto& oldest = withheld_.front();
        if (failed(oldest) && !confirmed) {
            if (may_count()) break;
            oldest = {STIPEND_UP, oldest.to, oldest.to,
                      cat("fewer than ", rule_.failed, " of ", rule_.looks, " looks failed: ", oldest.why)};
        }
        out.push_back(std::move(oldest));
        withheld_.pop_front();
    }
    return out;
}

}  // namespace stipend::runtime
