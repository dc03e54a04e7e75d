// In which order payments are asked for, and which orchestrators' questions end the signer. All of it is [pool].
//
// Rationale: a signer that fails at everything is the payer's trouble, but what it was asked last came from a payee,
// and may have ended it. With many questions under way nothing shows which. So each orchestrator whose question met
// such a failure is a suspect, and its next question is asked alone: with the signer well right before it, and gone
// after it, it is proven. Two failures of the signer by themselves would have to fall into two questions of one
// orchestrator to look like it. A conviction is forgotten when the host ends.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

#include "stipend/abi/types.h"
#include "stipend/duration.hpp"
#include "stipend/unique_function.hpp"

namespace runner {

class SignerTurns {
  public:
    // How long nothing is asked for an orchestrator whose question ended the signer.
    static constexpr std::int64_t hold_ns = 3'600 * stipend::ns_per_s;
    static constexpr std::size_t max_suspects = 10'000;
    using Begin = stipend::UniqueFunction<void()>;

    // Calls `begin` when a question may be asked: at once, or from inside a later `leave`. With `alone` no other one is
    // open from then until `leave`. Those that wait keep their order.
    void enter(bool alone, Begin begin);
    // A question that has begun is over.
    void leave();

    // The signer failed at a question of that orchestrator, and at one that carries nothing of any payee's after it.
    void suspect(const std::string& orchestrator_id);
    [[nodiscard]] bool is_suspect(const std::string& orchestrator_id) const { return known_.contains(orchestrator_id); }
    // The signer was asked alone, and survived.
    void clear(const std::string& orchestrator_id) { known_.erase(orchestrator_id); }
    // It did not. Nothing is to be asked for it before `now` + `hold_ns`.
    void convict(const std::string& orchestrator_id, stipend_mono_ns now) { known_[orchestrator_id] = now + hold_ns; }
    [[nodiscard]] bool is_held(const std::string& orchestrator_id, stipend_mono_ns now) const;

  private:
    struct Waiting {
        bool alone = false;
        Begin begin;
    };
    void pump();

    std::size_t open_ = 0;
    bool alone_open_ = false;
    bool pumping_ = false;
    std::deque<Waiting> waiting_;
    std::unordered_map<std::string, stipend_mono_ns> known_;  // suspects, and until when they are held; 0: not
};

}  // namespace runner
