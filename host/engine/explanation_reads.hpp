// Explanations of decisions for the API: by the code that the host decides with, and by code that is not in force any
// more in a process of its own. Thread-safe.
#pragma once

#include <functional>

#include "host/api/explain_routes.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/explain.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/plugin/loader.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class ExplanationReads final : public api::Explanations {
  public:
    // What the newest generation is decided by; called on the control thread. Its library is never unmapped.
    using InForce = std::function<plugin::Chosen()>;

    // All outlive this; no work of it runs once the loop is closed.
    ExplanationReads(runtime::Host& host, const Engine& engine, const config::Settings& settings, InForce in_force);

    Result<std::optional<Json>> explanation(std::string_view orchestrator, std::uint64_t epoch) override;

  private:
    struct Present {
        plugin::Chosen chosen;
        std::optional<PresentTerms> terms;  // of the orchestrator; none: the engine does not know it
    };
    [[nodiscard]] Result<Present> present(const std::string& orchestrator);
    // `stipend explain`, which finds the code among the copies that are kept. UNAVAILABLE: it gives no explanation.
    [[nodiscard]] Result<Json> elsewhere(const std::string& orchestrator, std::uint64_t epoch) const;

    runtime::Host& host_;
    const Engine& engine_;
    const InForce in_force_;
    LedgerReader ledger_;
};

}  // namespace stipend::engine
