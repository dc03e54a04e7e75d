// What pay periods are decided by: one generation for each configuration that was applied. Immutable once installed.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/paid_networks.hpp"
#include "host/engine/token_bucket.hpp"
#include "host/ledger/rows.hpp"
#include "host/plugin/policy_instance.hpp"
#include "host/registry/payee.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {

// The terms of one payee.
struct PayeeTerms {
    Usd base;
    std::uint32_t policy = 0;  // index into Generation::policies
    friend bool operator==(const PayeeTerms&, const PayeeTerms&) = default;
};

// Rationale: a job whose orchestrator is silent takes until its time-out, some thousand times as long as others. Were
// it to hold its place until then, a tenth of the orchestrators could stop the rest. So a job gives its place back
// after `place_ns`, as long as no more than `max_waiting` wait like that; and those whose last check failed hold an
// eighth of the places at most.
struct DispatchRules {
    std::size_t max_in_flight = 256;  // places
    Rate host;                        // all jobs of this host
    Rate per_orchestrator;            // jobs of one orchestrator
    std::size_t max_waiting = 0;      // 0: each job holds its place until it ends

    friend bool operator==(const DispatchRules&, const DispatchRules&) = default;

    static constexpr std::int64_t place_ns = 2 * ns_per_s;
    static constexpr std::size_t most_waiting = 512;  // the gateway's connections, less those of the places

    [[nodiscard]] std::size_t places_of_failing() const {
        return max_waiting == 0 ? max_in_flight : std::max<std::size_t>(max_in_flight / 8, 1);
    }
};

struct AccrualLimits {
    Usd per_orchestrator_day;
    Usd per_day;
    friend bool operator==(const AccrualLimits&, const AccrualLimits&) = default;
};

// What jobs may cost on a UTC day. Those of the newest generation count.
struct FeeLimits {
    SignedWei per_orchestrator_day;
    SignedWei per_day;
    friend bool operator==(const FeeLimits&, const FeeLimits&) = default;
};

struct Generation {
    ledger::Generation row;  // `id` and `at` are given when it is installed
    std::int64_t interval_ns = 0;
    PayeeTerms common;            // of every payee without terms of its own
    std::vector<PayeeTerms> own;  // by payee; empty, or shorter than the table: the rest has the common ones
    std::vector<std::shared_ptr<const plugin::PolicyInstance>> policies;
    std::vector<std::string> policy_configs;  // what each of them was made with, as JSON
    DispatchRules dispatch;
    AccrualLimits limits;
    FeeLimits fees;
    std::optional<ledger::DemandRules> demand = {};         // none: policies are handed no factor
    std::vector<NetworkTerms> networks = {NetworkTerms()};  // on which payees are paid, the first one by default

    [[nodiscard]] stipend_unix_ns installed_at() const { return row.at; }
    [[nodiscard]] const PayeeTerms& terms_of(registry::PayeeIndex payee) const {
        return payee < own.size() ? own[payee] : common;
    }
};

}  // namespace stipend::engine
