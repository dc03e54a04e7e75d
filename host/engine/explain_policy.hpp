// The code of a generation, found again by its hash.
#pragma once

#include <filesystem>
#include <string>

#include "host/config/settings.hpp"
#include "host/engine/explain.hpp"
#include "host/plugin/loader.hpp"

namespace stipend::engine {

// How a configuration lists an orchestrator; as a newcomer, where it does not.
[[nodiscard]] config::Orchestrator entry_of(const config::Settings& settings, const std::string& orchestrator);
// The terms of one orchestrator by a configuration; one that it does not list has those of newcomers.
[[nodiscard]] PresentTerms present_terms(const config::Settings& settings, const std::string& orchestrator);

// By which the factor of demand is computed; none: there is none.
[[nodiscard]] std::optional<ledger::DemandRules> demand_rules_of(const config::Settings& settings);

// An instance of the chosen policy, for questions alone. Its calls are guarded, as those of a host's own policies.
[[nodiscard]] Result<PolicyInUse> make_guarded_policy(const plugin::Chosen& chosen, const std::string& config_json,
                                                      const stipend_terms& terms);

class PolicyCode {
  public:
    // `plugin`: the file that the configuration names. `copies`: the folder of the private copies of a host, of which
    // those that were in force stay. `any_version`: where neither is the very code, that of the configuration is taken.
    // `loader` outlives this.
    PolicyCode(plugin::Loader& loader, std::string plugin, std::filesystem::path copies, bool any_version)
        : loader_(loader), plugin_(std::move(plugin)), copies_(std::move(copies)), any_version_(any_version) {}

    // UNAVAILABLE: the code is not at hand. [any]
    [[nodiscard]] Result<PolicyInUse> make(const ledger::Generation& row, const std::string& config_json,
                                           const stipend_terms& terms) const;

  private:
    [[nodiscard]] Result<plugin::Chosen> find(const ledger::Generation& row) const;

    plugin::Loader& loader_;
    const std::string plugin_;
    const std::filesystem::path copies_;
    const bool any_version_;
};

}  // namespace stipend::engine
