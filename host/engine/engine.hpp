// The cycle: who is due is asked, what was seen is decided, what was decided is written, and the next due time is set.
//
// A state machine on [control]: events come in (tick, job_done, committed, price_done, publish), effects go out. Given
// the same events it does the same, so the very same code runs under a virtual clock in tests.
//
// Time is the caller's, in UTC nanoseconds that never run backwards while the process lives (see TimeLine).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/account.hpp"
#include "host/engine/alerts.hpp"
#include "host/engine/effects.hpp"
#include "host/engine/generation.hpp"
#include "host/engine/schedule.hpp"
#include "host/ledger/rows.hpp"
#include "host/registry/payee.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_batch = 4096;  // decisions in one transaction
inline constexpr std::size_t max_live_generations = 3;
inline constexpr std::int64_t max_window_s = 7 * s_per_day;  // as far back as a worker's history goes
inline constexpr std::int64_t max_job_ns = 900 * ns_per_s;   // then a job is lost; dispatchers end theirs much earlier
inline constexpr std::size_t max_recorded = 256;             // samples kept to try new code on
inline constexpr std::size_t min_payees_for_all_failed = 2;

// A configuration that is to be taken over.
struct Publication {
    std::shared_ptr<Generation> generation;              // without `own`
    std::optional<std::vector<registry::Payee>> payees;  // the configured ones; none: as they are
    std::vector<PayeeTerms> own;                         // of the configured payees, in their order; empty: all common
};

struct Counters {
    std::uint64_t decisions = 0, paid = 0, held = 0, jobs = 0, stray_answers = 0, cycles = 0;
};

class Engine {
  public:
    // A sample and what the common policy made of it.
    struct Recorded {
        stipend_sample sample;
        stipend_decision decision;
    };
    // Takes up what the ledger holds. `now` is the first instant of the run.
    Engine(Effects& effects, ledger::State state, stipend_unix_ns now);

    // Takes over a configuration. BUSY where three generations are still needed, and then nothing changed. A pay period
    // that has begun is decided by the generation it began with.
    Result<ledger::GenerationId> publish(Publication publication, stipend_unix_ns now);

    void tick(stipend_unix_ns now);
    void job_done(JobToken token, JobResult result, stipend_unix_ns now);
    void committed(const Result<void>& result, stipend_unix_ns now);
    void price_done(Result<Quote> quote, stipend_unix_ns now);
    // An alert of somebody else's: a plugin, the clock, a reload.
    void raise(const Alert& alert);
    void resolve(const std::string& id, stipend_unix_ns now);

    // When `tick` has something to do, if no other event comes before.
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup(stipend_unix_ns now) const;
    // Nobody who is due after `until` is asked: for a single cycle.
    void limit_to(stipend_unix_ns until) { until_ = until; }
    // Stops sending jobs; what is under way is still decided.
    void drain() { draining_ = true; }
    // Nothing is under way, and nothing waits to be written.
    [[nodiscard]] bool idle() const;
    // A transaction is under way, or something waits for one.
    [[nodiscard]] bool writing() const { return committing_ != nullptr || !sampled_.empty() || must_write(); }
    // Nobody who may be asked is due, and nothing is under way.
    [[nodiscard]] bool quiet(stipend_unix_ns now) const;
    // A transaction has been under way for longer than `patience_ns`: the disk hangs.
    [[nodiscard]] bool stuck(stipend_unix_ns now, std::int64_t patience_ns) const {
        return committing_ != nullptr && now - committing_since_ > patience_ns;
    }
    // Set when the ledger failed: nothing is decided any more.
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

    [[nodiscard]] const registry::Table& payees() const { return payees_; }
    [[nodiscard]] ledger::EngineState state_of(registry::PayeeIndex payee) const;
    [[nodiscard]] bool has_open_gap(registry::PayeeIndex payee) const { return slots_[payee].gap_open; }
    [[nodiscard]] const AlertBook& alerts() const { return alerts_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    // The generations that still decide something, oldest first; the last one is the newest.
    [[nodiscard]] std::vector<std::shared_ptr<const Generation>> generations() const;
    [[nodiscard]] std::optional<std::int64_t> rate(stipend_unix_ns now) const { return price_.rate(now); }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    // The last samples that the newest generation's common policy decided, in no particular order.
    [[nodiscard]] const std::vector<Recorded>& recorded() const { return recorded_; }

  private:
    enum class Stage : std::uint8_t { inactive, scheduled, ready, in_flight, sampled, committing };

    static constexpr std::uint32_t no_owner = UINT32_MAX;
    // What is kept for each payee. Small on purpose: there may be 100,000.
    struct Slot {
        Account account;
        stipend_unix_ns last_decided_at = 0;
        stipend_unix_ns gap_from = 0;
        std::int64_t day = 0, day_usd_e8 = 0;
        ledger::GenerationId memory_generation = 0;
        std::uint32_t memory_owner = no_owner;
        TokenBucket bucket;
        std::uint32_t attempt = 0;
        std::uint32_t bound = 0;  // while under way: the publication that decides it
        Stage stage = Stage::inactive;
        bool known = false;
        bool gap_open = false;
        bool retired = false;  // not in the configuration, and recorded so
        bool removed = false;  // left the configuration while something of it was under way
    };
    struct Sampled {
        registry::PayeeIndex payee = 0;
        JobResult result;
        std::optional<Observed> observed = {};  // asked for when it is decided
    };
    struct Live {
        std::shared_ptr<Generation> generation;
        std::uint32_t memory_owner = 0;
        std::size_t users = 0;  // payees under way that it will decide
    };
    struct MemoryOwner {
        std::string policy;
        std::uint32_t version;
        friend bool operator==(const MemoryOwner&, const MemoryOwner&) = default;
    };

    // Setting up: engine_setup.cpp
    void restore(ledger::State& state, stipend_unix_ns now);
    void restore_schedule(registry::PayeeIndex payee, stipend_unix_ns now);
    // The places of the configured payees, in their order. What `configured` holds is moved from.
    std::vector<registry::PayeeIndex> apply_registry(std::vector<registry::Payee>& configured, stipend_unix_ns now);
    void add_payee(registry::Payee payee, const registry::Predecessors& predecessors, stipend_unix_ns now);
    void activate(registry::PayeeIndex payee, stipend_unix_ns now);
    void deactivate(registry::PayeeIndex payee, stipend_unix_ns now);
    void retire_generations();
    // The place of an owner among memory_owners_.
    std::uint32_t owner_of(const std::string& policy, std::uint32_t version);

    // Sending: engine.cpp
    void collect_due(stipend_unix_ns now);
    void send_ready(stipend_unix_ns now);
    [[nodiscard]] bool may_send() const;
    void submit(registry::PayeeIndex payee, stipend_unix_ns now);
    void take_answer(JobToken token, JobResult result, stipend_unix_ns now);
    void give_up_lost_jobs(stipend_unix_ns now);
    [[nodiscard]] std::uint32_t publication_at(stipend_unix_ns period_start) const;
    void watch_outcome(registry::PayeeIndex payee, const JobResult& result, stipend_unix_ns now);

    // Deciding: deciding.cpp
    void flush(stipend_unix_ns now);
    ledger::Batch take_pending();
    std::vector<Sampled> take_samples();
    // Something beside decisions waits to be written.
    [[nodiscard]] bool must_write() const { return has_pending_ || first_unwritten_ < payees_.size(); }
    void decide(std::vector<Sampled> samples, ledger::Batch& batch, stipend_unix_ns now);
    void decide_group(const plugin::PolicyInstance& policy, std::vector<Sampled*>& group, ledger::Batch& batch,
                      stipend_unix_ns now);
    void decide_singly(const plugin::PolicyInstance& policy, std::vector<Sampled*>& group,
                       std::vector<stipend_sample>& in, std::vector<stipend_decision>& out, stipend_unix_ns now);
    void record(const plugin::PolicyInstance& policy, const stipend_sample& sample, const stipend_decision& decision);
    // Where the period begins that is decided at `decided_at`.
    [[nodiscard]] static stipend_unix_ns period_from(const Slot& slot, stipend_unix_ns decided_at);
    [[nodiscard]] stipend_sample sample_of(const Sampled& sampled, stipend_unix_ns now) const;
    void take_decision(const plugin::PolicyInstance& policy, Sampled& sampled, const stipend_decision& decision,
                       ledger::Batch& batch, stipend_unix_ns now);
    // Why a decision must not stand, or nothing.
    [[nodiscard]] std::optional<std::string> objection(const plugin::PolicyInstance& policy, registry::PayeeIndex payee,
                                                       const stipend_decision& decision, stipend_unix_ns now);
    void hold(registry::PayeeIndex payee, const std::string& why, ledger::Batch& batch, stipend_unix_ns now);
    void settle(const ledger::Decided& decided, stipend_unix_ns now);
    void watch_failures(registry::PayeeIndex payee, const Account& before, stipend_unix_ns now);

    void raise(std::string id, std::int32_t severity, std::string text, stipend_unix_ns now);
    void release(Slot& slot);
    void reschedule(registry::PayeeIndex payee);
    [[nodiscard]] const Generation& current() const { return *live_.back().generation; }
    [[nodiscard]] const Live& live_of(const Slot& slot) const { return live_[slot.bound - first_live_]; }
    [[nodiscard]] const Generation& generation_of(const Slot& slot) const { return *live_of(slot).generation; }

    Effects& effects_;
    registry::Table payees_;
    std::vector<Slot> slots_;  // by payee
    Schedule schedule_;
    std::deque<registry::PayeeIndex> ready_;                 // due, waiting for a place
    std::deque<std::pair<stipend_unix_ns, JobToken>> sent_;  // until when each is waited for; the oldest one is open
    std::vector<Sampled> sampled_;                           // answered, waiting to be decided
    std::shared_ptr<const ledger::Batch> committing_;
    ledger::Batch pending_;  // what the next batch carries beside decisions
    bool has_pending_ = false;
    registry::PayeeIndex first_unwritten_ = 0;  // from here on payees are new to the ledger

    std::deque<Live> live_;         // oldest first
    std::uint32_t first_live_ = 0;  // the number of the publication at its front
    ledger::GenerationId next_generation_;
    std::optional<ledger::Generation> last_row_;  // the newest that the ledger holds
    std::vector<MemoryOwner> memory_owners_;      // the distinct ones: generations come and go, these are few
    ledger::OrchestratorId next_orchestrator_;

    PriceGate price_{PriceRules{}};
    stipend_unix_ns price_due_at_ = 0;
    bool price_asked_ = false;
    bool price_answered_ = false;  // at least once in this run
    TokenBucket host_bucket_;
    AlertBook alerts_;
    Counters counters_;
    std::size_t in_flight_ = 0;
    std::size_t active_ = 0, decided_active_ = 0, failing_ = 0;
    std::int64_t day_ = 0, day_usd_e8_ = 0;  // accrued by all on that UTC day
    std::int64_t over_limit_usd_e8_ = 0;     // the largest pay held by the limit of all, while its alert is active
    std::int64_t retry_commit_at_ = 0;
    std::vector<Recorded> recorded_;
    std::size_t next_recorded_ = 0;
    bool draining_ = false;
    std::optional<stipend_unix_ns> until_;
    stipend_unix_ns committing_since_ = 0;
    std::optional<Error> failure_;
};

}  // namespace stipend::engine
