// Calls of a policy, with every record between guarding pages, and what its decisions are held to.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/plugin/policy_instance.hpp"
#include "host/plugin/trial/life.hpp"
#include "stipend/abi/policy.h"

namespace stipend::plugin {

using Decisions = std::vector<stipend_decision>;

// How samples are handed over.
struct Manner {
    const char* shown;
    std::size_t batch;
    bool backwards;
    Guard guard;
    bool later;  // the clocks are ahead
};
inline constexpr Manner in_one_batch{"decide", 1'000, false, Guard::behind, false};
inline constexpr Manner one_by_one{"decide (one at a time, in reverse order)", 1, true, Guard::behind, true};
inline constexpr Manner in_sevens{"decide (in batches of 7, while quiesced)", 7, false, Guard::before, false};

struct Policy {
    Life life;
    const stipend_policy_v1* table = nullptr;
};

class PolicyCalls {
  public:
    // Both outlive this object.
    PolicyCalls(Calls& calls, const Subject& subject) : calls_(calls), subject_(subject) {}

    // An instance that was started.
    Result<Policy> begin(Guard guard);
    static Result<void> end(Policy& policy);
    Result<PolicyBounds> bounds_of(Policy& policy);
    // The decisions in the order of the samples, whatever the manner.
    Result<Decisions> decide(Policy& policy, std::span<const stipend_sample> samples, const Manner& manner);
    // An error where they are not the same bytes.
    [[nodiscard]] Result<void> compare(std::span<const stipend_sample> samples, const Decisions& one,
                                       const Decisions& other) const;
    [[nodiscard]] Result<void> check_bounds(std::span<const stipend_sample> samples, const Decisions& decisions,
                                            const PolicyBounds& bounds) const;
    [[nodiscard]] static std::string text_of(const stipend_sample& sample);
    // The next period of each sample, after its decision.
    static void go_on(std::vector<stipend_sample>& samples, const Decisions& decisions);

  private:
    Result<void> decide_batch(Policy& policy, std::span<const stipend_sample> samples,
                              std::span<const std::size_t> order, const Manner& manner, Decisions& out);
    [[nodiscard]] Result<void> check_gap(const char* name, const char* record, std::size_t bytes) const;
    [[nodiscard]] Error differ(const stipend_sample& sample, std::string_view field, std::string_view one,
                               std::string_view other) const;

    Calls& calls_;
    const Subject& subject_;
};

}  // namespace stipend::plugin
