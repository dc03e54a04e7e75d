// Objections at a running manager: recorded and answered on the ledger's thread, read by a connection of its own, and
// raised as alerts while they are open. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "host/api/objection_routes.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/engine/objection.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class ObjectionDesk final : public api::Objections {
  public:
    // All outlive this; no work of it runs once the loop is closed. `changed`: on the control thread, after each
    // objection and answer.
    ObjectionDesk(runtime::Host& host, Engine& engine, const config::Settings& settings, std::function<void()> changed)
        : host_(host),
          engine_(engine),
          ledger_(settings.state, runtime::namespace_of(settings)),
          changed_(std::move(changed)) {}

    Result<std::optional<api::ListPart>> list(const Query& query) override;
    Result<std::optional<Json>> one(std::string_view orchestrator, std::uint64_t epoch) override;
    Result<std::optional<Json>> object(const Json& order) override;
    Result<std::optional<Json>> answer(const Json& order) override;
    [[nodiscard]] Json form() const override;

    // Raises those that are open when the host starts. [control]
    static void raise_open(Engine& engine, const std::vector<ledger::OpenObjections>& open, stipend_unix_ns now);

  private:
    // Nothing: there is none of that key.
    [[nodiscard]] Result<std::optional<ledger::OrchestratorId>> id_of(std::string_view orchestrator);
    // Has the alert follow what is open.
    void follow(ledger::OrchestratorId id, std::optional<ledger::OpenObjections> open);

    runtime::Host& host_;
    Engine& engine_;
    LedgerReader ledger_;
    const std::function<void()> changed_;
};

// What an adjustment to this payee is worked out by now. [control]
[[nodiscard]] AdjustTerms terms_of(const Engine& engine, registry::PayeeIndex payee, stipend_unix_ns now);

}  // namespace stipend::engine
