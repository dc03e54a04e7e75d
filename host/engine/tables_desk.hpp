// The policy's tables for the API: what they are, what others would pay, and taking others. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "host/api/table_routes.hpp"
#include "host/engine/demand_replay.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/explain.hpp"
#include "host/engine/history_run.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/plugin/loader.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class TablesDesk final : public api::PolicyTables {
  public:
    // What the newest generation is decided by; called on the control thread. Its library is never unmapped.
    using InForce = std::function<plugin::Chosen()>;

    // All outlive this; no work of it runs once the loop is closed.
    TablesDesk(runtime::Host& host, const Engine& engine, const config::Settings& settings, InForce in_force);

    Result<Shown> now() override;
    Result<Json> check(const Draft& draft) override;
    // LIMIT after some 10 s.
    Result<Json> replay(const std::string& text, Span span) override;
    // The same; by `payment-dynamic` with the configuration in force, but for its ceiling.
    Result<Json> replay_demand(const api::DemandDraft& draft, Span span) override;
    // Its row of the audit chain is an alert "policy-tables", written before the file is.
    Result<Changed> change(const Change& change) override;

  private:
    // The terms of one that is decided at present. Nothing: there is no such one, or the host is stopping.
    [[nodiscard]] std::optional<PresentTerms> present_terms_of(const std::string& orchestrator);
    [[nodiscard]] Result<plugin::Chosen> chosen();
    // LIMIT after `until`; STATE: the host is stopping.
    [[nodiscard]] Result<void> may_go_on(stipend_mono_ns until);
    // Factors that take the place of the recorded ones.
    using Factors =
        std::function<Result<DemandReplay>(ledger::Ledger& book, const std::function<Result<void>()>& proceed)>;
    [[nodiscard]] Result<Json> replay_by(OtherPolicies& others, Span span, const plugin::Chosen& in_force,
                                         const Factors& factors);
    [[nodiscard]] Result<Json> answered(Result<Json> found, Span span, const config::Diagnostics& diagnostics);
    // As ExplanationReads makes them: no code is loaded into this process for a question.
    [[nodiscard]] static Result<PolicyInUse> in_use(const plugin::Chosen& chosen, const ledger::Generation& row,
                                                    const std::string& config_json, const stipend_terms& terms);
    [[nodiscard]] Result<void> record(const Change& change, const std::string& from, const std::string& to);

    runtime::Host& host_;
    const Engine& engine_;
    const InForce in_force_;
    LedgerReader decisions_, states_;
};

}  // namespace stipend::engine
