// Checks of one orchestrator at the times that a policy asks for, over a history that has them at other times.
#pragma once

#include <cstdint>
#include <optional>

#include "host/ledger/rows.hpp"
#include "host/plugin/policy_instance.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"
#include "stipend/result.hpp"

namespace stipend::engine {

// What is known of the time from the due time of one recorded check to that of the next, (from, to].
struct KnownStretch {
    stipend_unix_ns from = 0;        // the check before was due; ahead of the first: its period began
    stipend_unix_ns next_at = 0;     // that check was to come: in [next_at, to) no policy could decide anything
    stipend_unix_ns known_from = 0;  // [known_from, to) has the check's uptime; `to`: none of it was observed
    stipend_unix_ns to = 0;          // before `from` only where the clock was set back
    std::int64_t interval_ns = 0;    // in force from `from` on
    const ledger::Decision* check = nullptr;  // due at `to`; NULL: there was none, and `to` is not observed either
};
// What is left of a recorded decision once the next one is known.
struct CheckBefore {
    stipend_unix_ns due_at = 0;
    stipend_unix_ns decided_at = 0;
    stipend_unix_ns next_at = 0;
    std::int64_t interval_ns = 0;  // of the period that began with it
    [[nodiscard]] static CheckBefore of(const ledger::Decision& d);
};
// `before`: none: `d` is the first that is looked at. `d` outlives the stretch. [pure]
[[nodiscard]] KnownStretch stretch_of(const std::optional<CheckBefore>& before, const ledger::Decision& d);
// The time that a decision made its orchestrator wait beyond the interval, as far as it lies before `end`: it
// was not observed. None: there is no such time. [pure]
[[nodiscard]] std::optional<KnownStretch> wait_behind(const CheckBefore& last, stipend_unix_ns end);

// Time that was not observed counts as down, or as up.
enum class Unobserved : std::uint8_t { down, up };

// Follows one policy's own schedule. In 64-bit nanoseconds and parts per million; shares are rounded down.
class ScheduleWalk {
  public:
    // More checks than this in one walk are an error: 190 years of one orchestrator each minute.
    static constexpr std::uint64_t max_checks = 100'000'000;

    // `state`: from the last recorded check that was due by this policy too, with the next due time. `from`: since when
    // the next check looks: that check, or the one before where it was held.
    ScheduleWalk(Unobserved unobserved, const ledger::EngineState& state, stipend_unix_ns from)
        : unobserved_(unobserved), state_(state), from_(from), looked_at_(from) {}

    // A check that is due by `stretch.to`: what the policy is to decide, where there is one. Then `settle` is called.
    [[nodiscard]] std::optional<stipend_sample> next(Usd base, const KnownStretch& stretch);
    // Takes the decision on the sample that `next` gave.
    [[nodiscard]] Result<void> settle(const stipend_decision& decision, const KnownStretch& stretch);
    // Makes all the checks that are due in (stretch.from, stretch.to]. Stretches come in the order of time, none left
    // out, the first one at that of the constructor's `from`. LIMIT beyond max_checks, or where time leaves 64 bits;
    // what the policy says otherwise.
    [[nodiscard]] Result<void> advance(const plugin::PolicyInstance& policy, Usd base, const KnownStretch& stretch);
    // As a stretch without anything to look at.
    void look_at(const KnownStretch& stretch) { look_until(stretch, stretch.to); }

    // The payer has taken failures back, and had the next check made at `due_at`.
    void pardon(const ledger::Pardon& pardon, stipend_unix_ns due_at);

    [[nodiscard]] Usd paid() const { return paid_; }
    [[nodiscard]] std::uint64_t checks() const { return checks_; }  // that were decided
    // Time that decided checks asked about and that was not observed.
    [[nodiscard]] std::int64_t unobserved_ns() const { return unobserved_ns_; }

  private:
    struct Look {
        bool answered = false;
        std::uint32_t uptime_ppm = 0;
        std::uint32_t coverage_ppm = 0;  // 0: the host's own view is not known
        std::int64_t unobserved_ns = 0;
    };
    void look_until(const KnownStretch& stretch, stipend_unix_ns to);
    void pass_gap(const KnownStretch& stretch);
    // What the recorded check saw is what this one sees.
    [[nodiscard]] bool sees_the_recorded(const KnownStretch& stretch) const;
    [[nodiscard]] Look look(const KnownStretch& stretch) const;
    [[nodiscard]] stipend_sample sample_of(const Look& look, Usd base) const;

    const Unobserved unobserved_;
    ledger::EngineState state_;
    stipend_unix_ns from_;       // the time since then is what the next check asks about
    stipend_unix_ns looked_at_;  // as far as the sums below go
    std::int64_t known_ns_ = 0;
    uint128 up_ = 0, covered_ = 0;  // of the known time: nanoseconds x parts per million
    std::int64_t latency_ns_ = 0;   // of the last answer
    std::uint32_t demand_ppm_ = 0;  // of the recorded check at the end of the stretch, or of the last one
    Usd paid_ = {};
    std::uint64_t checks_ = 0;
    std::uint64_t steps_ = 0;
    std::int64_t asked_unobserved_ns_ = 0;  // of the check that is to be settled
    std::int64_t unobserved_ns_ = 0;
};

}  // namespace stipend::engine
