// Recorded history decided again by another configuration or plugin: for the command line and the API alike.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"
#include "host/engine/policy_history.hpp"
#include "host/plugin/loader.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

// Makes the other policy, once for each configuration and base. One thread at a time.
class OtherPolicies {
  public:
    struct Plugin {
        std::string file = {};             // empty: the one that the configuration names
        bool keeps_configuration = false;  // one of another id gets that of the configuration as well
        std::string place = "--plugin";    // where it was named, for errors
    };
    // `over` is laid over the configuration; NULL: nothing. `patience_ns`: for a batch of its decisions; 0: its calls
    // are not guarded. All outlive this.
    OtherPolicies(plugin::Loader& loader, const config::Settings& settings, Plugin plugin, config::Tree over,
                  config::Diagnostics& diagnostics, std::int64_t patience_ns = 0);

    // Loads it, and tries it with the terms of an orchestrator that has none of its own. What is wrong is a diagnostic.
    [[nodiscard]] bool load();
    // CONFIG, with a diagnostic: the plugin does not take that configuration.
    [[nodiscard]] Result<PolicyHistory::Other> of(const std::string& orchestrator, Usd base);
    // {"id","version","file","sha256","configured"}
    [[nodiscard]] Json described() const;

  private:
    [[nodiscard]] bool choose_configuration();
    [[nodiscard]] Result<std::shared_ptr<const plugin::PolicyInstance>> make(const config::Tree& tree, Usd base);

    plugin::Loader& loader_;
    const config::Settings& settings_;
    const config::Tree over_;
    config::PluginRef reference_;
    std::string path_;
    bool keeps_configuration_ = true;
    bool is_configured_ = true;  // what decides is the plugin that the configuration names, maybe another version
    plugin::Chosen chosen_ = {};
    config::Diagnostics& diagnostics_;
    const std::int64_t patience_ns_;
    std::map<std::pair<std::string, std::int64_t>, std::shared_ptr<const plugin::PolicyInstance>> made_;
};

// Decides what the filter finds again, of one orchestrator or, where that is empty, of all. `proceed` is asked now and
// then; an error of it ends the run. `read` is not the ledger that `history` asks.
[[nodiscard]] Result<void> run_history(ledger::Ledger& read, const ledger::DecisionFilter& filter,
                                       const std::string& orchestrator, PolicyHistory& history,
                                       const std::function<Result<void>()>& proceed = {});

[[nodiscard]] Json to_json(const HistorySum& sum);
// {"decisions","not_reproduced","problems","policy","orchestrators","total"}; without sums where a decision is not
// reproduced.
[[nodiscard]] Json to_json(const PolicyHistory& history, Json policy);

}  // namespace stipend::engine
