#include "signer_turns.hpp"

#include <utility>

#include "stipend/result.hpp"

namespace runner {

void SignerTurns::enter(bool alone, Begin begin) {
    waiting_.push_back({alone, std::move(begin)});
    pump();
}

void SignerTurns::leave() {
    STIPEND_ASSERT(open_ > 0);
    --open_;
    alone_open_ = false;
    pump();
}

// A question may end from inside its beginning, where nothing is sent: the loop outside goes on then.
void SignerTurns::pump() {
    if (std::exchange(pumping_, true)) return;
    while (!waiting_.empty() && !alone_open_ && (open_ == 0 || !waiting_.front().alone)) {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        ++open_;
        alone_open_ = next.alone;
        next.begin();
    }
    pumping_ = false;
}

void SignerTurns::suspect(const std::string& orchestrator_id) {
    if (known_.size() >= max_suspects && !known_.contains(orchestrator_id)) known_.clear();
    known_.try_emplace(orchestrator_id, 0);
}

bool SignerTurns::is_held(const std::string& orchestrator_id, stipend_mono_ns now) const {
    const auto found = known_.find(orchestrator_id);
    return found != known_.end() && now < found->second;
}

}  // namespace runner
