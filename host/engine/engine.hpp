// The payment cycle: send a job to every orchestrator that is due, let the policy decide on the results, commit the
// decisions, schedule the next check.
//
// A state machine on [control]: events come in (tick, job_done, committed, price_done, install), effects go out. The
// same events give the same effects and rows, so the very same code runs under a virtual clock in tests.
//
// Time is the caller's, in UTC nanoseconds that never run backwards while the process lives (see TimeLine).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/alerts.hpp"
#include "host/engine/commit_queue.hpp"
#include "host/engine/effects.hpp"
#include "host/engine/fee_book.hpp"
#include "host/engine/generations.hpp"
#include "host/engine/health.hpp"
#include "host/engine/manual_payment.hpp"
#include "host/engine/optional_time.hpp"
#include "host/engine/paid_networks.hpp"
#include "host/engine/payee_counts.hpp"
#include "host/engine/reporter.hpp"
#include "host/engine/schedule.hpp"
#include "host/engine/sent_jobs.hpp"
#include "host/engine/spend_limits.hpp"
#include "host/engine/stage.hpp"
#include "host/ledger/rows.hpp"
#include "host/registry/payee.hpp"
#include "host/runtime/metric_page.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

struct PardonRequest;

inline constexpr std::int64_t max_window_s = 7 * s_per_day;  // as far back as a worker's history reaches
inline constexpr std::int64_t max_job_ns = 900 * ns_per_s;   // then a job is lost; dispatchers end theirs much earlier
inline constexpr std::size_t max_recorded = 256;             // samples kept to try new code on
inline constexpr std::size_t min_payees_for_all_failed = 2;

// A configuration that is to be applied.
struct ConfigUpdate {
    std::shared_ptr<Generation> generation;               // without `own`
    std::optional<std::vector<registry::Payee>> payees;   // the configured ones; none: unchanged
    std::vector<PayeeTerms> own;                          // of the configured payees, in their order; empty: all common
    std::vector<std::uint8_t> networks;                   // the same: places of `generation->networks`; empty: all 0
    std::set<std::string, std::less<>> dispatchers = {};  // the names that its payees have; empty: `dispatch` alone
};

struct Counters {
    std::uint64_t decisions = 0, paid = 0, held = 0, jobs = 0, unexpected_results = 0, cycles = 0;
    std::uint64_t outcomes = 0;  // jobs whose outcome is known
};

class Engine {
  public:
    static constexpr std::size_t max_own_counts = runtime::MetricPage::max_listed;
    // How much waits, and where.
    struct Queues {
        std::size_t ready = 0;      // due, waiting to be sent
        std::size_t placed = 0;     // jobs under way that hold a place
        std::size_t waiting = 0;    // jobs under way that lost theirs
        std::size_t sampled = 0;    // ended, waiting to be decided
        std::size_t reserving = 0;  // reservations of fees that are not durable yet
    };
    // A sample and what the common policy made of it.
    struct Recorded {
        stipend_sample sample;
        stipend_decision decision;
    };
    // Takes up what the ledger holds. `now` is the first instant of the run; the two others outlive it.
    Engine(Effects& effects, Reporter& reporter, ledger::State state, stipend_unix_ns now);

    // Applies a configuration. BUSY, with nothing changed, where three generations are still needed. A pay period that
    // has begun is decided by the generation it began with. What decides as the newest generation does is no new one;
    // one in which no period began is replaced.
    Result<ledger::GenerationId> install(ConfigUpdate update, stipend_unix_ns now);
    // When a configuration that `install` refuses now is worth another try; nothing where it would be applied.
    [[nodiscard]] std::optional<stipend_unix_ns> waits_until(const ConfigUpdate& update, stipend_unix_ns now);
    // True where the newest generation has the terms of `update`, for each of its payees.
    [[nodiscard]] bool unchanged(const ConfigUpdate& update) const;

    void tick(stipend_unix_ns now);
    void job_done(JobToken token, JobResult result, stipend_unix_ns now);
    void committed(const Result<void>& result, stipend_unix_ns now);
    // `network` as it was asked for.
    void price_done(std::size_t network, const Result<Quote>& quote, stipend_unix_ns now);
    // Reserves what a job that is under way may cost. `answer` is called once, now or later: OK when the reservation is
    // durable; INVALID: no such job is under way; LIMIT: by the limits of the day; UNAVAILABLE: the ledger does not
    // take it, or the engine drains.
    using FeeAnswer = std::function<void(Result<void>)>;
    void reserve_fee(JobToken token, const SignedWei& wei, FeeAnswer answer, stipend_unix_ns now);
    // A distributed call is no job of the engine: it changes nothing but the fees. `number` is its own, for ever.
    // As reserve_fee; the caller answers for the call being under way.
    void reserve_call(registry::PayeeIndex payee, std::uint64_t number, const SignedWei& wei, FeeAnswer answer,
                      stipend_unix_ns now);
    // It is over; `cost` as of a job's result.
    void call_done(registry::PayeeIndex payee, std::uint64_t number, const std::optional<SignedWei>& cost,
                   stipend_unix_ns now);
    // What one may cost at most.
    [[nodiscard]] SignedWei max_call_fee(registry::PayeeIndex payee, stipend_unix_ns now) const {
        return std::max(fees_.left_for_calls(payee, current().fees, now), smallest_fee());
    }
    // What a pardon of this payee is, by the newest generation's policy; `history` is the ledger's. BUSY: its decision
    // is being written, or was since `history` was read.
    [[nodiscard]] Result<ledger::Pardoned> plan_pardon(const PardonRequest& request, registry::PayeeIndex payee,
                                                       const ledger::PardonHistory& history, stipend_unix_ns now) const;
    // Carries out what plan_pardon said in the same event. `answer` is called once, when they are durable or cannot be.
    using PardonAnswer = std::function<void(Result<void>)>;
    // `answered`: written in the same transaction.
    void pardon(std::vector<ledger::Pardoned> pardons, std::vector<ledger::AnsweredRequest> answered,
                PardonAnswer answer, stipend_unix_ns now);
    // The row of a manual payment, counted in the limits of the day from now on; the caller has it written, or calls
    // `release_manual`. Nothing: there is no such recipient. INVALID: the request is at fault; LIMIT: by the limits of
    // the day; UNAVAILABLE: nothing can be paid now, for the reason that it says.
    [[nodiscard]] Result<std::optional<ledger::ManualPayment>> reserve_manual(const ManualRequest& request,
                                                                              std::string id, stipend_unix_ns now);
    // It was not written.
    void release_manual(const ledger::ManualPayment& row) { limits_.drop_manual(row.orchestrator, row.usd, row.at); }
    // The job of that epoch and attempt, while it is under way.
    [[nodiscard]] std::optional<JobToken> job_under_way(std::string_view key, std::uint64_t epoch,
                                                        std::uint32_t attempt) const;
    // An alert of another source: a plugin, the clock, a reload.
    void raise(const Alert& alert);
    void resolve(const std::string& id, stipend_unix_ns now);

    // When `tick` has something to do, if no other event comes before.
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup(stipend_unix_ns now) const;
    // Sends no job that is due after `until`: for a single cycle.
    void limit_to(stipend_unix_ns until) { until_ = until; }
    // Sends no more jobs; what is under way is still decided.
    void drain() { draining_ = true; }
    [[nodiscard]] bool draining() const { return draining_; }
    // Nothing is under way, and nothing waits to be written.
    [[nodiscard]] bool idle() const;
    // A transaction is under way, or something waits for one.
    [[nodiscard]] bool writing() const { return commits_.under_way() || !sampled_.empty() || must_write(); }
    // No payee that may be sent a job is due, and nothing is under way.
    [[nodiscard]] bool quiet(stipend_unix_ns now) const;
    // A transaction has been under way for longer than `patience_ns`: the disk hangs.
    [[nodiscard]] bool stuck(stipend_unix_ns now, std::int64_t patience_ns) const {
        return commits_.stuck(now, patience_ns);
    }
    // Set when the ledger failed: nothing is decided any more.
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

    [[nodiscard]] const registry::Table& payees() const { return payees_; }
    [[nodiscard]] bool is_active(registry::PayeeIndex payee) const { return slots_[payee].life.active(); }
    [[nodiscard]] ledger::EngineState state_of(registry::PayeeIndex payee) const;
    [[nodiscard]] bool has_open_gap(registry::PayeeIndex payee) const { return slots_[payee].gap_from.has_value(); }
    [[nodiscard]] const FeeBook& fees() const { return fees_; }
    [[nodiscard]] const AlertBook& alerts() const { return alerts_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    // What works, and since when.
    [[nodiscard]] api::HealthReport health(stipend_unix_ns now) const {
        return health_.dated(present_health(now), now);
    }
    [[nodiscard]] const PayeeCounts& payee_counts() const { return payee_counts_; }
    [[nodiscard]] Queues queues() const {
        return {ready_.size() + ready_failing_.size(), in_place_, waiting_, sampled_.size(), reserving_.size()};
    }
    // What all payees accrued on this UTC day.
    [[nodiscard]] Usd accrued_today(stipend_unix_ns now) const { return limits_.used_by_all(now); }
    // The generations that still decide something, oldest first; the last one is the newest.
    [[nodiscard]] std::vector<std::shared_ptr<const Generation>> generations() const { return generations_.all(); }
    // The number of payees whose present period each of them decides, in the same order.
    [[nodiscard]] std::vector<std::size_t> payees_by_generation() const;
    // On which the configuration pays, and their rates; the first one by default.
    [[nodiscard]] const PaidNetworks& networks() const { return networks_; }
    // On which the payee is to be paid; of one that is not in the configuration, it may be NULL.
    [[nodiscard]] const PaidNetworks::One* network_of(registry::PayeeIndex payee) const {
        return networks_.find(slots_[payee].paid_on);
    }
    // On which the payee is owed, by the ledger; NULL before there are terms.
    [[nodiscard]] const ledger::Network* owed_on(registry::PayeeIndex payee) const {
        return networks_.known(slots_[payee].network);
    }
    // Whether the ledger has it that the payee is owed there.
    [[nodiscard]] bool is_on_network(registry::PayeeIndex payee) const {
        return slots_[payee].network == slots_[payee].paid_on;
    }
    // Those by which the jobs of configured payees are sent, by name; one at least. An empty name: `dispatch`.
    [[nodiscard]] const std::set<std::string, std::less<>>& dispatchers() const { return dispatchers_; }
    // Payees to which the last `install` gave another dispatcher.
    [[nodiscard]] std::size_t moved() const { return moved_; }
    [[nodiscard]] const DemandMeter& demand() const { return demand_; }
    // Payees in the configuration, and those of them whose last check failed.
    [[nodiscard]] std::size_t active() const { return active_; }
    [[nodiscard]] std::size_t failing() const { return failing_; }
    [[nodiscard]] std::size_t in_flight() const { return in_place_ + waiting_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    // The last samples that the newest generation's common policy decided, in no particular order.
    [[nodiscard]] const std::vector<Recorded>& recorded() const { return recorded_; }

  private:
    static constexpr std::uint32_t no_owner = UINT32_MAX;
    struct Slot {
        ledger::EngineState state;
        OptionalTime gap_from;  // of the open gap
        TokenBucket bucket;
        std::uint32_t memory_owner = no_owner;  // of state.memory
        std::uint32_t attempt = 0;              // of the last job
        Generations::Number bound = 0;          // from in_flight to committing: the generation that decides
        Life life;
        std::uint8_t network = 0;  // the id of the one on which it is owed, by the ledger
        std::uint8_t paid_on = 0;  // and by the configuration
    };
    static_assert(ledger::max_networks <= UINT8_MAX);
    static_assert(sizeof(Slot) <= 248, "there may be 100,000 of them");

    struct Sampled {
        registry::PayeeIndex payee = 0;
        JobResult result;
        stipend_unix_ns period_from = 0;  // filled when it is decided
    };

    // Setting up: engine_setup.cpp
    void restore(ledger::State& state);
    void restore_schedule(registry::PayeeIndex payee, stipend_unix_ns now);
    // The places of the configured payees, in their order. What their list holds is moved from.
    std::vector<registry::PayeeIndex> apply_registry(ConfigUpdate& update, stipend_unix_ns now);
    [[nodiscard]] ledger::Orchestrator row_of(registry::PayeeIndex payee, bool retired) const;
    void update_payee(registry::PayeeIndex at, registry::Payee payee, ledger::NetworkId paid_on, stipend_unix_ns now);
    void add_payee(registry::Payee payee, ledger::NetworkId paid_on, const registry::IdentityIndex& identities,
                   stipend_unix_ns now);
    void activate(registry::PayeeIndex payee, stipend_unix_ns now);
    void deactivate(registry::PayeeIndex payee, stipend_unix_ns now);
    void retire_generations();
    void retire_generations_exactly();
    [[nodiscard]] bool newest_is_unused(stipend_unix_ns now) const;

    [[nodiscard]] Result<std::optional<registry::PayeeIndex>> recipient_of(const ManualRequest& request) const;
    // The same without since when. Its cost does not grow with payees or alerts. engine_health.cpp
    [[nodiscard]] api::HealthReport present_health(stipend_unix_ns now) const;

    // The factor of demand: engine_demand.cpp
    void set_demand_rules(const std::optional<ledger::DemandRules>& rules, stipend_unix_ns now);
    void measure_demand(stipend_unix_ns now);
    [[nodiscard]] std::uint64_t count_up() const;

    // Sending: engine.cpp
    void collect_due(stipend_unix_ns now);
    void send_ready(stipend_unix_ns now);
    [[nodiscard]] bool may_send() const;
    [[nodiscard]] bool has_place_for_failing() const {
        return failing_in_place_ < current().dispatch.places_of_failing();
    }
    // Sends what is due in one of the two lines, while `has_place` is true.
    template <class HasPlace>
    void send_from(std::deque<registry::PayeeIndex>& line, stipend_unix_ns now, HasPlace&& has_place);
    // False where the payee has to wait for its own rate: it is scheduled anew.
    [[nodiscard]] bool within_own_rate(registry::PayeeIndex payee, stipend_unix_ns now);
    void submit(registry::PayeeIndex payee, stipend_unix_ns now);
    void on_job_result(JobToken token, JobResult result, stipend_unix_ns now);
    [[nodiscard]] bool awaits(JobToken token) const;
    void expire_lost_jobs(stipend_unix_ns now);
    // Takes their places from jobs that hold them for too long.
    void free_places(stipend_unix_ns now);
    void leave_place(Slot& slot);
    void watch_outcome(registry::PayeeIndex payee, const JobResult& result, stipend_unix_ns now);
    // "payments are on hold", or those by this dispatcher are.
    [[nodiscard]] std::string on_hold(const std::string& dispatcher) const;
    // Resolves the alerts about dispatchers that no payee has any more.
    void set_dispatchers(std::set<std::string, std::less<>> names, stipend_unix_ns now);

    // Fees: engine_fees.cpp
    [[nodiscard]] FeeJob fee_job(JobToken token) const;
    // Why a reservation is refused, with its alert raised; none if it fits in.
    [[nodiscard]] std::optional<Error> over_budget(const FeeJob& job, const SignedWei& wei, stipend_unix_ns now);
    // The text of the alert, without the orchestrator.
    std::string raise_over_budget(const FeeJob& job, const FeeBook::Answer& answer, std::string_view wanted,
                                  stipend_unix_ns now);
    void close_fee(JobToken token, const JobResult& result, stipend_unix_ns now);
    // Has what was closed written, and says so where the dispatcher reported too much.
    void take_closed(registry::PayeeIndex payee, const FeeBook::Closed& closed, const std::optional<SignedWei>& cost,
                     stipend_unix_ns now);
    // Why no reservation is taken now.
    [[nodiscard]] std::optional<std::string> takes_no_fees(stipend_unix_ns now) const;
    [[nodiscard]] FeeJob fee_call(registry::PayeeIndex payee, std::uint64_t number) const {
        return {.payee = payee, .orchestrator = payees_.id(payee), .epoch = number, .attempt = 0};
    }
    // Answers the reservations of a transaction that is durable.
    void answer_reservations(const ledger::Batch& batch);
    // Answers all reservations that wait, since the ledger does not take them now.
    void refuse_reservations(const Error& why);

    static void answer_pardons(std::vector<PardonAnswer>& answers, const Result<void>& result);

    // Deciding: deciding.cpp
    void flush(stipend_unix_ns now);
    ledger::Batch take_waiting();
    std::vector<Sampled> take_samples();
    // Something beside decisions waits to be written.
    [[nodiscard]] bool must_write() const { return !commits_.empty() || first_unwritten_ < payees_.size(); }
    void decide(std::vector<Sampled> samples, ledger::Batch& batch, stipend_unix_ns now);
    void decide_group(const plugin::PolicyInstance& policy, std::span<Sampled* const> group, ledger::Batch& batch,
                      stipend_unix_ns now);
    void decide_singly(const plugin::PolicyInstance& policy, std::span<Sampled* const> group,
                       std::span<const stipend_sample> in, std::span<stipend_decision> out, stipend_unix_ns now);
    void record(const plugin::PolicyInstance& policy, const stipend_sample& sample, const stipend_decision& decision);
    [[nodiscard]] stipend_sample sample_of(Sampled& sampled, stipend_unix_ns now) const;
    void take_decision(const plugin::PolicyInstance& policy, Sampled& sampled, const stipend_sample& sample,
                       const stipend_decision& decision, ledger::Batch& batch, stipend_unix_ns now);
    // Why a decision is not applied, or nothing.
    [[nodiscard]] std::optional<std::string> objection(const plugin::PolicyInstance& policy, registry::PayeeIndex payee,
                                                       const stipend_decision& decision, stipend_unix_ns now);
    [[nodiscard]] std::optional<std::string> over_limit(registry::PayeeIndex payee, Usd pay, stipend_unix_ns now);
    void close_gap(registry::PayeeIndex payee, ledger::Batch& batch) const;
    void hold(registry::PayeeIndex payee, const std::string& why, ledger::Batch& batch, stipend_unix_ns now);
    void on_decision_durable(const ledger::Decided& decided, stipend_unix_ns now);
    void watch_failures(registry::PayeeIndex payee, const ledger::EngineState& before, stipend_unix_ns now);

    void raise(std::string id, std::int32_t severity, std::string text, stipend_unix_ns now);
    // Retires a payee that is leaving, since what referred to it came up; false for any other.
    [[nodiscard]] static bool retired(Slot& slot);
    void reschedule(registry::PayeeIndex payee);
    [[nodiscard]] const Generation& current() const { return generations_.current(); }

    Effects& effects_;
    Reporter& reporter_;
    registry::Table payees_;
    std::vector<Slot> slots_;  // by payee
    Schedule schedule_;
    std::deque<registry::PayeeIndex> ready_;          // due, waiting for a place
    std::deque<registry::PayeeIndex> ready_failing_;  // the same, of those whose last check failed
    SentJobs sent_;                                   // all under way
    SentJobs placed_;                                 // those that hold a place
    std::vector<Sampled> sampled_;                    // ended, waiting to be decided
    CommitQueue commits_;
    registry::PayeeIndex first_unwritten_ = 0;  // from here on payees are new to the ledger
    ledger::OrchestratorId next_orchestrator_;
    Generations generations_;
    PaidNetworks networks_;
    std::set<std::string, std::less<>> dispatchers_ = {std::string()};
    std::size_t moved_ = 0;
    SpendLimits limits_;
    FeeBook fees_;
    DemandMeter demand_;
    struct Reserving {
        FeeJob job;
        FeeAnswer answer;  // empty once it was called
    };
    std::deque<Reserving> reserving_;            // in the order of their rows, which are not durable yet
    std::vector<PardonAnswer> pardons_waiting_;  // of the next transaction ...
    std::vector<PardonAnswer> pardons_written_;  // ... and of the one under way
    TokenBucket host_bucket_;
    AlertBook alerts_;
    Counters counters_;
    HealthBook health_;
    PayeeCounts payee_counts_{max_own_counts};
    std::size_t in_place_ = 0, failing_in_place_ = 0, waiting_ = 0;  // jobs under way
    std::size_t active_ = 0, failing_ = 0;  // payees in the configuration, and those of them whose last check failed
    std::vector<Recorded> recorded_;
    std::size_t next_recorded_ = 0;
    bool draining_ = false;
    std::optional<stipend_unix_ns> until_;
    std::optional<Error> failure_;
};

}  // namespace stipend::engine
