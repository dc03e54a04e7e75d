// What jobs cost, as the ledger counts it. Times are in UTC nanoseconds.
#pragma once

#include <cstdint>

#include "host/base/signed_wei.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/abi/types.h"

namespace stipend::ledger {

// What the jobs of an orchestrator cost: the state after its last fee. Amounts are 0 or more.
struct FeeState {
    std::int64_t day = 0;         // UTC day number that `day_wei` counts
    SignedWei day_wei = {};       // counted on that day
    SignedWei open_wei = {};      // reserved by the last job, while that is not closed
    SignedWei open_day_wei = {};  // the part of `open_wei` that was reserved on `day`
    SignedWei total_wei = {};     // counted on all days
    friend bool operator==(const FeeState&, const FeeState&) = default;
};
struct OrchestratorFees {
    OrchestratorId orchestrator = 0;
    FeeState state = {};
};

enum class FeeKind : std::uint8_t {
    reserved,    // before a job is sent: the most that it may cost
    added,       // a further attempt of the same job: the reservations add up
    closed,      // the job is over: what it cost, at most what was reserved
    unreserved,  // a job without a reservation reports a cost
    called,      // before a distributed call is sent: the most that it may cost
    returned,    // that call is over, on the same day: what it did not cost
};

// A change of what jobs cost. It moves wei from gateway:prepaid to expense:fees; a closing or a return moves some back.
// A distributed call leaves the reservation of the orchestrator's job as it is: it has a number of its own in `epoch`,
// and `attempt` is 0.
struct Fee {
    [[nodiscard]] bool of_call() const { return kind == FeeKind::called || kind == FeeKind::returned; }

    FeeKind kind = FeeKind::reserved;
    OrchestratorId orchestrator = 0;
    std::uint64_t epoch = 0;  // of the job
    std::uint32_t attempt = 0;
    stipend_unix_ns at = 0;
    SignedWei wei = {};    // what the kind says
    SignedWei moved = {};  // below zero: back to gateway:prepaid
    FeeState after = {};
    friend bool operator==(const Fee&, const Fee&) = default;
};

}  // namespace stipend::ledger
