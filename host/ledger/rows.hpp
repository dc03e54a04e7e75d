// The records of the ledger. Times are in UTC nanoseconds. fields.hpp lists their fields.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/signed_wei.hpp"
#include "host/ledger/demand_rows.hpp"
#include "host/ledger/fee_rows.hpp"
#include "host/ledger/network_rows.hpp"
#include "host/ledger/payout_rows.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/abi/policy.h"
#include "stipend/money.hpp"

namespace stipend::ledger {

struct Orchestrator {
    OrchestratorId id = 0;
    std::string key = {};  // configured by the operator: unique in its namespace, never changes
    std::string address = {};
    std::string payout_address = {};
    std::string worker_key = {};
    bool retired = false;
    stipend_unix_ns first_seen_at = 0;
    NetworkId network = 0;  // in whose asset it is owed by the rows that follow
};

// What the engine restores after a restart.
struct EngineState {
    std::uint64_t epoch = 0;              // the last one decided; 0 before the first
    stipend_unix_ns due_at = 0;           // when the next is due
    std::int64_t interval_ns = 0;         // of the current period
    stipend_unix_ns last_decided_at = 0;  // where the next window begins; 0 before the first
    std::uint32_t consecutive_failures = 0;
    bool suspended = false;
    bool known = false;  // the gateway has accepted a job for it before
    std::uint64_t checks_total = 0;
    std::uint64_t checks_ok = 0;
    GenerationId generation = 0;         // decides the current period; 0 before the first update
    GenerationId memory_generation = 0;  // whose policy wrote `memory`; 0 for none
    stipend_memory memory = {};
    std::int64_t day = 0;  // UTC day number that `day_usd` counts
    Usd day_usd = {};      // accrued on that day
};

enum class Job : std::uint8_t { ok = STIPEND_JOB_OK, failed = STIPEND_JOB_FAILED };
enum class Action : std::uint8_t { pay = STIPEND_PAY, skip = STIPEND_SKIP };

// What the decision is based on: the response on the wire.
struct Evidence {
    std::int32_t http_status = 0;  // 0: no response
    std::string served_by = {};
    std::int64_t latency_ns = 0;
    std::uint32_t window_s = 0;  // the window that the response covers; 0: unknown
    Hash body_hash = {};         // Keccak-256 of the whole body; zero for none
    std::string body_head = {};  // its first bytes
    friend bool operator==(const Evidence&, const Evidence&) = default;
};

// The final decision on one period of one orchestrator. A HOLD makes no decision and no row.
struct Decision {
    OrchestratorId orchestrator = 0;
    std::uint64_t epoch = 0;          // one more than the last; (orchestrator, epoch) is the key
    stipend_unix_ns due_at = 0;       // when this one was due
    stipend_unix_ns period_from = 0;  // the period is [period_from, decided_at); periods never overlap
    stipend_unix_ns decided_at = 0;
    Job job = Job::failed;
    std::optional<std::uint32_t> uptime_ppm = {};  // none if nothing was measured
    std::uint32_t coverage_ppm = 0;
    Action action = Action::skip;  // skip owes nothing
    std::string tier = {};
    std::uint32_t multiplier_ppm = 0;
    Usd usd = {};
    Wei wei = {};  // in the smallest unit of the asset of the orchestrator's network
    std::int64_t delay_ns = 0;
    std::int64_t penalty_ns = 0;
    stipend_unix_ns next_at = 0;  // when the next one is due
    std::uint32_t consecutive_failures = 0;
    bool suspended = false;
    std::string reason = {};
    GenerationId generation = 0;
    Evidence evidence = {};
    std::uint32_t demand_ppm = 0;  // of the demand row ahead of it; filled where it is read to be decided again
    friend bool operator==(const Decision&, const Decision&) = default;
};

// A decision and the state after it, written in one transaction. Fields that both have must agree: epoch,
// next_at (due_at), decided_at (last_decided_at), consecutive_failures, suspended.
struct Decided {
    Decision decision;
    EngineState after;
};

struct NewOrchestrator {
    Orchestrator row;
    EngineState state;  // epoch 0; failures may be inherited from an earlier identity
};

// Time in which the payer could not measure. At most one gap is open for each orchestrator.
struct GapOpening {
    OrchestratorId orchestrator = 0;
    stipend_unix_ns from = 0;
    std::string cause = {};
};
struct GapClosing {
    OrchestratorId orchestrator = 0;
    stipend_unix_ns to = 0;  // not before it opened
    Usd usd = {};            // upper bound of what stayed unpaid
};
struct Gap {
    OrchestratorId orchestrator = 0;
    stipend_unix_ns from = 0;
    std::optional<stipend_unix_ns> to = {};  // none while it is open
    std::string cause = {};
    std::optional<Usd> usd = {};
    std::string key = {};  // the orchestrator's; filled by Ledger::unpaid only
};

// Pays, takes back or excuses (with 0) unpaid time. Never changed: a further adjustment corrects an error.
struct Adjustment {
    std::string key = {};  // unique over all namespaces, never reused
    OrchestratorId orchestrator = 0;
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
    SignedWei wei = {};
    Usd usd = {};
    std::string reason = {};
    std::string by = {};
    stipend_unix_ns at = 0;
};

// In what the amount of a manual payment was stated; the other amount is converted. Stored: never renumber.
enum class Stated : std::uint8_t { usd = 1, wei = 2 };

// What an administrator pays beside the decisions. Never changed, and it covers no time.
struct ManualPayment {
    std::string id = {};  // unique over all namespaces, never reused
    OrchestratorId orchestrator = 0;
    Usd usd = {};        // above 0; where wei were stated, what they are worth, rounded up
    SignedWei wei = {};  // above 0; where dollars were stated, what they are worth, rounded down
    Stated stated = Stated::usd;
    std::int64_t usd_per_eth_e8 = 0;  // the rate of the conversion, for one whole unit of the asset
    stipend_unix_ns rate_at = 0;      // when it was observed
    std::string rate_source = {};
    std::string call_type = {};  // what it is for, as its orderer says
    std::string reference = {};  // the orderer's own; empty for none
    std::string metadata = {};   // a JSON object
    std::string by = {};
    stipend_unix_ns at = 0;
    std::uint32_t decimals = coin_decimals;  // of the asset
    friend bool operator==(const ManualPayment&, const ManualPayment&) = default;
};

// A manual payment, as it counts in the limits of one UTC day.
struct ManualDay {
    OrchestratorId orchestrator = 0;
    std::int64_t day = 0;  // UTC day number
    Usd usd = {};
};

// What a payee says against a decision of its own. Never changed; one for each decision.
struct Objection {
    OrchestratorId orchestrator = 0;
    std::uint64_t epoch = 0;  // of the decision
    std::string text = {};    // UTF-8, as the payee wrote it: unfit for a terminal
    std::string by = {};      // by what the payee was known: "secret", or "wallet:0x..."
    stipend_unix_ns at = 0;
    friend bool operator==(const Objection&, const Objection&) = default;
};

// What the payer says to an objection. Never changed; one for each objection.
struct ObjectionAnswer {
    OrchestratorId orchestrator = 0;
    std::uint64_t epoch = 0;
    std::string adjustment = {};  // the key of the adjustment of the same transaction that pays for it; empty: none
    std::string reason = {};
    std::string by = {};
    stipend_unix_ns at = 0;
    friend bool operator==(const ObjectionAnswer&, const ObjectionAnswer&) = default;
};

// Objections of one orchestrator that wait for an answer.
struct OpenObjections {
    OrchestratorId orchestrator = 0;
    std::uint64_t count = 0;  // above 0
    std::uint64_t epoch = 0;  // of the oldest one
};

// A request that was carried out, with its answer: sent again, it is answered by this and changes nothing. Written in
// the transaction of what it did, and kept. Not part of the audit chain.
struct AnsweredRequest {
    std::string principal = {};  // the account or API key that sent it; the key is that principal's own
    std::string route = {};      // "POST /path"
    std::string key = {};
    Hash body_hash = {};  // of the body of the request: another one with the same key differs
    std::string answer = {};
    stipend_unix_ns at = 0;
    friend bool operator==(const AnsweredRequest&, const AnsweredRequest&) = default;
};

// Takes back the waits and counts of checks that failed through the payer's own fault. No decision changes: the state
// after the last one is computed again without these checks.
struct Pardon {
    OrchestratorId orchestrator = 0;
    std::uint64_t epoch = 0;   // the last one decided
    stipend_unix_ns from = 0;  // of the due times of the pardoned checks: [from, to)
    stipend_unix_ns to = 0;
    std::uint32_t checks = 0;  // that are pardoned by this row
    std::uint32_t failures_before = 0;
    std::uint32_t failures_after = 0;
    bool suspended_before = false;
    bool suspended_after = false;
    stipend_unix_ns due_before = 0;  // when the next check was due
    stipend_unix_ns due_after = 0;   // not later than that; not earlier than `at`, unless it was before
    std::string reason = {};
    std::string by = {};
    stipend_unix_ns at = 0;
    friend bool operator==(const Pardon&, const Pardon&) = default;
};
struct Pardoned {
    Pardon row;
    EngineState after;  // fields that both have agree
};

// A decision that a pardon can take back: it counted a failure, or made its orchestrator wait.
[[nodiscard]] inline bool can_be_pardoned(const Decision& d) {
    return d.consecutive_failures > 0 || d.suspended || d.delay_ns > 0 || d.penalty_ns > 0;
}

inline constexpr std::size_t max_pardon_history = 20'000;  // decisions that one pardon computes again

// What a pardon is computed from.
struct PardonHistory {
    // From the first decision that may be pardoned to the last, by epoch; empty where none may be, or all are.
    std::vector<Decision> decisions = {};
    EngineState before = {};         // the first of them
    std::string memory_policy = {};  // the plugin whose policy wrote before.memory; empty for none
    std::uint32_t memory_version = 0;
    std::vector<Pardon> pardons = {};  // earlier ones that bear on these decisions, in the order of the chain
    std::optional<stipend_unix_ns> adjusted_to = {};  // the latest end of an adjustment of this orchestrator

    // Whether one of `pardons` has taken this decision back.
    [[nodiscard]] bool is_pardoned(const Decision& d) const {
        return std::any_of(pardons.begin(), pardons.end(), [&](const Pardon& pardon) {
            return d.epoch <= pardon.epoch && d.due_at >= pardon.from && d.due_at < pardon.to && can_be_pardoned(d);
        });
    }
};

// In the terms of a generation: its decisions' wei are what the host computes of their dollars, exactly, at the last
// price ahead of them in the chain. Without it a policy computed both, each rounded down by itself.
inline constexpr std::string_view amounts_by_host = ",\"asset\":\"";

// The policy and the configuration that decide.
struct Generation {
    GenerationId id = 0;
    stipend_unix_ns at = 0;
    std::string policy = {};  // the plugin's id
    std::string version = {};
    std::uint32_t revision = 0;
    std::uint32_t memory_version = 0;
    std::string so_sha256 = {};  // hex, of the shared object
    std::string config = {};     // JSON
    std::string terms = {};      // JSON
};

// What a monitor observed of one target. A row with the same start replaces the end and the verdict, so that a state
// that lasts is one row. Not part of the audit chain; pruned.
struct Observation {
    OrchestratorId orchestrator = 0;  // 0: a service of this host itself, watched by a worker
    std::string target = {};
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
    std::int32_t verdict = 0;  // STIPEND_UP ...
};

// What the chain records of an archive.
struct ArchiveFacts {
    std::string file = {};  // path as it was given
    Seq first = 0;
    Seq last = 0;
    Hash previous = {};  // the hash before `first`
    Hash head = {};      // the hash at `last`
    Hash closing = {};   // of the balances and epochs at `last`
    Hash signer = {};    // Ed25519 public key; zero: made before archives were signed
};
// Balance and last epoch of one account at the end of the last archive.
struct Carried {
    std::int64_t account = 0;
    std::uint64_t epoch = 0;  // the last one decided; 0: not the account of an orchestrator
    SignedWei balance = {};
};
// An archive file that is complete and durable, but not recorded yet.
struct PreparedArchive {
    ArchiveFacts facts;
    std::uint64_t decisions = 0;
    std::vector<Carried> carried = {};  // by account; includes earlier archives
};

enum class EventKind : std::uint8_t { alert };
struct Event {
    EventKind kind = EventKind::alert;
    std::string body = {};  // text or JSON
};

// What one transaction writes, in this order; all of it or nothing.
struct Batch {
    std::vector<Network> networks = {};
    std::vector<Generation> generations = {};
    std::vector<NewOrchestrator> added = {};
    std::vector<Orchestrator> changed = {};  // by id; the key must not change
    std::vector<Price> prices = {};          // at which these decisions and later ones are converted; of a network one
    std::vector<Demand> demands = {};        // the last one is handed to these decisions and to later ones
    std::vector<Pardoned> pardons = {};      // before the decisions, which build on them
    std::vector<GapClosing> gaps_closed = {};
    std::vector<Decided> decisions = {};
    std::vector<GapOpening> gaps_opened = {};
    std::vector<Adjustment> adjustments = {};
    std::vector<ManualPayment> payments = {};
    std::vector<Objection> objections = {};
    std::vector<ObjectionAnswer> objection_answers = {};  // behind the adjustments that they name
    std::vector<Fee> fees = {};
    std::vector<Observation> observations = {};
    std::optional<stipend_unix_ns> forget_observations_before = {};
    std::vector<Event> events = {};
    std::vector<AnsweredRequest> answered = {};
    PayoutChanges payouts = {};  // behind all that changes what is owed

    [[nodiscard]] bool empty() const {
        // A structured binding, so that a new member does not compile until it is listed here.
        const auto& [b_networks, b_generations, b_added, b_changed, b_prices, b_demands, b_pardons, b_closed,
                     b_decisions, b_opened, b_adjustments, b_payments, b_objections, b_objection_answers, b_fees,
                     b_observations, b_forget, b_events, b_answered, b_payouts] = *this;
        return b_networks.empty() && b_generations.empty() && b_added.empty() && b_changed.empty() &&
               b_pardons.empty() && b_closed.empty() && b_decisions.empty() && b_opened.empty() &&
               b_adjustments.empty() && b_payments.empty() && b_objections.empty() && b_objection_answers.empty() &&
               b_fees.empty() && b_prices.empty() && b_demands.empty() && b_observations.empty() && !b_forget &&
               b_events.empty() && b_answered.empty() && b_payouts.empty();
    }
};

// The end of the audit chain. A copy kept elsewhere reveals a truncation, which the chain alone cannot.
struct Head {
    Seq seq = 0;
    Hash hash = {};
    friend bool operator==(const Head&, const Head&) = default;
};

// What is signed of a stretch of the chain: see signed_head.hpp.
struct TreeHead {
    std::uint64_t chain_id = 0;  // of the network
    Seq first = 0;
    Seq last = 0;
    stipend_unix_ns at = 0;  // when it was made; whole milliseconds
    Hash hash = {};          // of the chain at `last`
    Hash root = {};
    Hash previous = {};  // digest of the head before; zero: there is none
    friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

// That a ledger comes from a backup.
struct Restored {
    stipend_unix_ns at = 0;
    Seq last = 0;                   // the last row that the backup held
    stipend_unix_ns backup_at = 0;  // when the backup was made; 0: not known, it is a copy of another kind
    friend bool operator==(const Restored&, const Restored&) = default;
};

// That a person, or a comparison with the chain that found no difference, lets a restored ledger pay again.
struct RestoredAccepted {
    stipend_unix_ns restored_at = 0;  // of the restoration: Restored::at
    std::string by = {};              // never empty
    bool compared = false;            // the ledger and the chain agreed; false: a person answers for it
    stipend_unix_ns at = 0;
    friend bool operator==(const RestoredAccepted&, const RestoredAccepted&) = default;
};

struct OrchestratorRecord {
    Orchestrator row;
    EngineState state;
    std::string memory_policy = {};  // the plugin whose policy wrote state.memory; empty for none
    std::uint32_t memory_version = 0;
    SignedWei owed = {};  // on its network
    std::optional<Gap> open_gap = {};
};

// All that a host needs to resume, of one namespace.
struct State {
    std::vector<OrchestratorRecord> orchestrators = {};  // by id
    std::vector<OrchestratorFees> fees = {};             // by id; only those with a fee
    std::vector<ManualDay> manual = {};                  // of the last day with a manual payment, and some before
    std::vector<OpenObjections> objections = {};         // by id
    std::vector<Network> networks = {};                  // by id
    std::vector<OpenPayouts> payouts = {};               // by network, with 0, whether something is open there or not
    OrchestratorId next_orchestrator = 1;                // the id of the next new one
    GenerationId next_generation = 1;
    std::optional<Generation> generation = {};  // the last one installed
    std::vector<Price> prices = {};             // by network
    std::vector<Demand> demands = {};           // those that bound the next one, in the order of the chain
    Head head = {};
    std::optional<Restored> restored = {};                   // the last time
    std::optional<RestoredAccepted> restored_accepted = {};  // of that time
};

}  // namespace stipend::ledger
