// What may be owed on one UTC day: by one payee, and by all. A decision beyond a limit is held, so no debt arises.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "host/engine/generation.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

class SpendLimits {
  public:
    enum class Verdict : std::uint8_t { within, over_own, over_all };
    struct Answer {
        Verdict verdict = Verdict::within;
        Usd used;  // today, of the limit that `verdict` names; of all where it is within
    };

    explicit SpendLimits(stipend_unix_ns now) : day_(now / ns_per_day) {}

    // Counts what a payee accrued in earlier runs.
    void restore(const ledger::EngineState& state) {
        if (state.day == day_) accrued_ = accrued_.plus_saturating(state.day_usd);
    }
    void restore(const ledger::ManualDay& payment) {
        if (payment.day == day_) add_manual(payment.orchestrator, payment.usd, day_ * ns_per_day);
    }
    // `own` with what was paid by hand to that payee today, for `check` and `look`.
    [[nodiscard]] ledger::EngineState with_manual(ledger::OrchestratorId id, ledger::EngineState own,
                                                  stipend_unix_ns now) const;
    // Whether `pay` fits in; remembers nothing.
    [[nodiscard]] Answer look(Usd pay, const ledger::EngineState& own, const AccrualLimits& limits,
                              stipend_unix_ns now) const;
    // Counts a manual payment, which `look` let pass.
    void add_manual(ledger::OrchestratorId id, Usd pay, stipend_unix_ns now);
    // That one was not recorded; `now`: when it was counted.
    void drop_manual(ledger::OrchestratorId id, Usd pay, stipend_unix_ns now);
    // Whether `pay` fits in. What is held by the limit of all is remembered, see `lifted`.
    [[nodiscard]] Answer check(Usd pay, const ledger::EngineState& own, const AccrualLimits& limits,
                               stipend_unix_ns now);
    // True once, when the largest pay that was held by the limit of all would pass: on another day, or by other terms.
    // That a smaller one passes means nothing.
    [[nodiscard]] bool lifted(const AccrualLimits& limits, stipend_unix_ns now);
    // A decision of that amount was made: what `own` has accrued today, this one included. It was checked before.
    [[nodiscard]] Usd accrue(Usd pay, const ledger::EngineState& own, stipend_unix_ns now);

    // By all, on this day.
    [[nodiscard]] Usd used_by_all(stipend_unix_ns now) const { return day_ == now / ns_per_day ? accrued_ : Usd(); }

  private:
    void begin_day(stipend_unix_ns now);
    static Usd own_used(const ledger::EngineState& own, stipend_unix_ns now) {
        return own.day == now / ns_per_day ? own.day_usd : Usd();
    }
    static bool fits(Usd pay, Usd used, Usd limit) { return used.plus_saturating(pay) <= limit; }

    std::int64_t day_;
    Usd accrued_;                                             // by all on that day
    std::unordered_map<ledger::OrchestratorId, Usd> manual_;  // of it: paid by hand
    Usd largest_held_;                                        // by the limit of all; 0: nothing is
};

}  // namespace stipend::engine
