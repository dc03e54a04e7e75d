// What the engine asks for; what it reports is the Reporter's. The engine itself does no I/O and reads no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "host/engine/demand_meter.hpp"
#include "host/ledger/rows.hpp"
#include "host/registry/payee.hpp"
#include "host/uptime/observed.hpp"
#include "stipend/abi/dispatch.h"

namespace stipend::engine {

// One attempt at one payee's open epoch. A result counts once, and only while the payee waits for this very attempt.
struct JobToken {
    registry::PayeeIndex payee = 0;
    std::uint32_t attempt = 0;
    friend bool operator==(const JobToken&, const JobToken&) = default;
};

// What an account has orchestrators do.
struct CallText {
    std::string type;
    std::string payload;  // a JSON object
};

struct JobSpec {
    JobToken token;
    std::uint64_t epoch = 0;
    stipend_unix_ns period_from = 0;
    stipend_unix_ns period_to = 0;
    std::uint32_t window_s = 0;                 // how far back the worker's report reaches
    bool known = false;                         // the gateway has answered for it before
    bool registered = false;                    // its address comes from a registration
    SignedWei max_fee = {};                     // what the job may cost at most; 0: no limit
    std::shared_ptr<const CallText> call = {};  // a distributed call: `epoch` is its number; none: a check
};

// How the job of a period ended.
struct JobResult {
    std::int32_t outcome = STIPEND_JOB_UNKNOWN;  // STIPEND_JOB_*
    std::uint32_t flags = 0;                     // STIPEND_RESULT_*
    std::optional<std::uint32_t> reported_ppm = {};
    std::string reason = {};            // why the job is not good; where it is, the services below 100 %, or empty
    std::optional<SignedWei> fee = {};  // what it cost at most; none: unknown
    std::string defect = {};            // what the dispatch plugin did wrong, with which the job is UNKNOWN
    bool lost = false;                  // the dispatch plugin never answered
    std::string dispatch = {};          // the dispatcher that had it, as of a registry::Payee
    ledger::Evidence evidence = {};
};

class Effects {
  public:
    virtual ~Effects() = default;
    // Sends a job; Engine::job_done follows once, later.
    virtual void submit(const JobSpec& job, const registry::Payee& payee) = 0;
    // Makes a batch durable; Engine::committed follows once, later. One at a time.
    virtual void commit(std::shared_ptr<const ledger::Batch> batch) = 0;
    // What this host's own monitors measured of a payee over [from, to); none where no check is configured. Answered at
    // once, from memory.
    [[nodiscard]] virtual std::optional<uptime::Observed> observed(const registry::Payee& payee, stipend_unix_ns from,
                                                                   stipend_unix_ns to) const = 0;
    // What this payer itself asks for, beside the checks. Answered at once, from memory. Without calls: nothing.
    [[nodiscard]] virtual PayerJobs payer_jobs(stipend_unix_ns) const { return {}; }
    // Asks for the rate of the network at that place of the configuration; Engine::price_done follows once, later.
    virtual void fetch_price(std::size_t network) = 0;
};

}  // namespace stipend::engine
