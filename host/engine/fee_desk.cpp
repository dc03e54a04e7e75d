#include "host/engine/fee_desk.hpp"

#include <utility>

namespace stipend::engine {
namespace {

Error stopping() {
    return fail(STIPEND_E_UNAVAILABLE, "fee not reserved: the host is stopping");
}

}  // namespace

Result<void> FeeDesk::reserve(std::string_view job_id, const stipend_u256& wei, Answer given) {
    // An amount that does not fit is beyond every limit, as the highest one is.
    const auto fits = SignedWei::of(Wei::from_abi(wei));
    const SignedWei amount = fits ? *fits : SignedWei::highest();
    std::uint64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return stopping();
        if (waiting_.size() >= max_waiting) {
            return fail(STIPEND_E_BUSY, "fee not reserved: ", waiting_.size(), " reservations wait for an answer");
        }
        id = ++last_id_;
        waiting_.emplace(id, std::move(given));
    }
    loop_.post([this, id, job_id = std::string(job_id), amount] {
        reserve_(job_id, amount, [this, id](Result<void> result) { answer(id, std::move(result)); });
    });
    return {};
}

void FeeDesk::answer(std::uint64_t id, Result<void> result) {
    Answer given;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) return;  // answered by `close`
        given = std::move(found->second);
        waiting_.erase(found);
    }
    given(std::move(result));
}

void FeeDesk::close() {
    std::unordered_map<std::uint64_t, Answer> waiting;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting = std::exchange(waiting_, {});
    }
    for (auto& [id, given] : waiting) given(stopping());
}

}  // namespace stipend::engine
