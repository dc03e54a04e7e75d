// Analyses for the API, made of the ledger by a connection of its own. Thread-safe.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/api/analytics_routes.hpp"
#include "host/config/settings.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class AnalyticsReads final : public api::Analytics {
  public:
    static constexpr std::uint64_t max_checks = 5'000'000;  // of one question

    // All outlive this; no work of it runs once the loop is closed. `targets` gives those in force, on the control
    // thread.
    AnalyticsReads(runtime::Host& host, const Engine& engine, const config::Settings& settings,
                   std::function<std::vector<config::Sla>()> targets);

    Result<Made> report(const Query& query) override;

  private:
    using Capabilities = std::unordered_map<std::string, std::string>;
    // Of all orchestrators by key, asked for on the control thread.
    [[nodiscard]] Result<Capabilities> capabilities();

    runtime::Host& host_;
    const Engine& engine_;
    const std::function<std::vector<config::Sla>()> targets_;
    const std::filesystem::path database_;
    const ledger::Namespace ns_;
    LedgerReader ledger_;
};

}  // namespace stipend::engine
