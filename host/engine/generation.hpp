// What pay periods are decided by: one generation for each configuration that was taken. Immutable once published.
#pragma once

#include <memory>
#include <vector>

#include "host/engine/price_gate.hpp"
#include "host/engine/token_bucket.hpp"
#include "host/ledger/rows.hpp"
#include "host/plugin/policy_instance.hpp"

namespace stipend::engine {

// What one payee is paid by.
struct PayeeTerms {
    std::int64_t base_usd_e8 = 0;
    std::uint32_t policy = 0;  // index into Generation::policies
};

struct DispatchRules {
    std::size_t max_in_flight = 256;
    Rate host;              // all jobs of this host
    Rate per_orchestrator;  // jobs of one orchestrator
};

struct AccrualLimits {
    std::int64_t per_orchestrator_day_usd_e8 = 0;
    std::int64_t per_day_usd_e8 = 0;
};

struct Generation {
    ledger::Generation row;  // `id` and `at` are given when it is published
    std::int64_t interval_ns = 0;
    PayeeTerms common;            // of every payee without terms of its own
    std::vector<PayeeTerms> own;  // by payee; empty, or shorter than the table: the rest has the common ones
    std::vector<std::shared_ptr<const plugin::PolicyInstance>> policies;
    PriceRules price;
    std::int64_t price_every_ns = 0;
    DispatchRules dispatch;
    AccrualLimits limits;

    [[nodiscard]] stipend_unix_ns published_at() const { return row.at; }
    [[nodiscard]] const PayeeTerms& terms_of(registry::PayeeIndex payee) const {
        return payee < own.size() ? own[payee] : common;
    }
};

}  // namespace stipend::engine
