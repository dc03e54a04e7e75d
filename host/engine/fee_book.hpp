// What jobs cost on one UTC day, against the limits of the day, and what is reserved for the jobs under way. Only
// payees with a fee, or with a refused one, have an entry.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "host/engine/generation.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::engine {

inline constexpr std::uint32_t max_reservations = 8;  // of one job

// 1 wei.
[[nodiscard]] const SignedWei& smallest_fee();

// A job as fees name it.
struct FeeJob {
    registry::PayeeIndex payee = 0;
    ledger::OrchestratorId orchestrator = 0;
    std::uint64_t epoch = 0;
    std::uint32_t attempt = 0;
};

class FeeBook {
  public:
    enum class Verdict : std::uint8_t { within, over_own, over_all, too_often };
    struct Answer {
        Verdict verdict = Verdict::within;
        SignedWei used = {};   // today, of the limit that `verdict` names
        SignedWei limit = {};  // that limit
    };
    // What became of a job's reservations.
    struct Closed {
        std::optional<ledger::Fee> row = {};
        SignedWei reserved = {};
        bool misreported = false;  // more than was reserved, or a fee where nothing was
    };

    explicit FeeBook(stipend_unix_ns now) : day_(ledger_day(now)) {}

    // A new day begins with what is counted on it already: nothing, unless the clock was set back before this run.
    void roll(stipend_unix_ns now);
    // Counts what was counted in earlier runs.
    void restore(registry::PayeeIndex payee, const ledger::FeeState& state);

    // Whether a reservation fits in. A refusal is remembered: of its job, see `refused`, and of the limit of all, see
    // `lifted`. `wei` is above 0.
    [[nodiscard]] Answer check(const FeeJob& job, const SignedWei& wei, const FeeLimits& limits, stipend_unix_ns now);
    // A dispatcher refused the job, since what is left does not cover its price, which it alone knows. Names the limit
    // that leaves less.
    [[nodiscard]] Answer refuse_unreserved(const FeeJob& job, const FeeLimits& limits, stipend_unix_ns now);
    // Counts a reservation that was checked: the row that records it.
    [[nodiscard]] ledger::Fee reserve(const FeeJob& job, const SignedWei& wei, stipend_unix_ns now);
    // The job is over. `cost`: what it cost by its dispatcher; none: unknown, so all that is reserved stays counted.
    [[nodiscard]] Closed close(const FeeJob& job, const std::optional<SignedWei>& cost, stipend_unix_ns now);

    // Distributed calls, each under a number of its own: they leave the job's reservation as it is, and half of both
    // limits to jobs, so that no call keeps a check from being sent.
    // Whether a reservation of a call fits in. `wei` is above 0.
    [[nodiscard]] Answer check_call(const FeeJob& call, const SignedWei& wei, const FeeLimits& limits,
                                    stipend_unix_ns now);
    // Counts one that was checked; reservations of one call add up.
    [[nodiscard]] ledger::Fee reserve_call(const FeeJob& call, const SignedWei& wei, stipend_unix_ns now);
    // The call is over, as a job by `close`. What was reserved on another day stays counted; a cost above what was
    // reserved is counted as well.
    [[nodiscard]] Closed close_call(const FeeJob& call, const std::optional<SignedWei>& cost, stipend_unix_ns now);
    // What is left to calls.
    [[nodiscard]] SignedWei left_for_calls(registry::PayeeIndex payee, const FeeLimits& limits,
                                           stipend_unix_ns now) const;

    // A reservation of that job is refused for another reason than a limit.
    void refuse(const FeeJob& job) { entry_of(job).refused = true; }
    // A reservation of that job was refused, and an alert says why.
    [[nodiscard]] bool refused(registry::PayeeIndex payee, std::uint32_t attempt) const;
    [[nodiscard]] bool knows(registry::PayeeIndex payee) const { return entries_.contains(payee); }
    // True once, when the largest reservation that the limit of all refused would pass.
    [[nodiscard]] bool lifted(const FeeLimits& limits, stipend_unix_ns now);
    // What is left of both limits.
    [[nodiscard]] SignedWei left(registry::PayeeIndex payee, const FeeLimits& limits, stipend_unix_ns now) const;

    [[nodiscard]] SignedWei used(stipend_unix_ns now) const { return day_ == ledger_day(now) ? all_ : SignedWei(); }
    [[nodiscard]] SignedWei used(registry::PayeeIndex payee, stipend_unix_ns now) const;
    // What the jobs that ended in this run cost.
    [[nodiscard]] const SignedWei& ended() const { return ended_; }

  private:
    struct Entry {
        ledger::FeeState state;
        std::uint32_t attempt = 0;  // of the job that the two below are about
        std::uint32_t reservations = 0;
        bool refused = false;
    };

    struct OpenCall {
        SignedWei reserved;
        std::int64_t day = 0;  // of its first reservation
        bool one_day = true;   // all of them are of that day
        std::uint32_t reservations = 0;
    };

    static std::int64_t ledger_day(stipend_unix_ns now);
    Entry& entry_of(const FeeJob& job);
    ledger::Fee take(Entry& entry, const FeeJob& job, ledger::FeeKind kind, const SignedWei& wei, stipend_unix_ns now);

    std::unordered_map<registry::PayeeIndex, Entry> entries_;
    std::unordered_map<std::uint64_t, OpenCall> calls_;  // by number, while they are under way and have reserved
    std::int64_t day_;
    SignedWei all_;              // counted on that day
    SignedWei largest_refused_;  // by the limit of all; 0: none is
    SignedWei ended_;
};

}  // namespace stipend::engine
