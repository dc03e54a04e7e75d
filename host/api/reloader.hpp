// Takes another configuration, or another build of a plugin, over into a running host: all of it, or nothing.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "host/api/reload.hpp"
#include "host/config/environment.hpp"
#include "host/engine/runtime.hpp"
#include "host/plugin/loader.hpp"

namespace stipend::api {

// "generation 2 is in force, 16 orchestrators"
[[nodiscard]] std::string in_force(ledger::GenerationId generation, std::size_t orchestrators);

// Calls are taken one after the other. Everything that can fail or take long happens before the control thread is
// asked, so an invalid file or plugin leaves the old generation serving.
class Reloader {
  public:
    // `text`: the configuration that is in force, as it was read. All references outlive this.
    Reloader(engine::Runtime& runtime, plugin::Loader& loader, const config::Environment& environment, std::string file,
             std::string text, config::Settings settings, engine::Spend spend);

    // [any thread but control]
    ReloadReport reload(const ReloadRequest& request);
    // Is a file of that name in the plugin folder one of an active plugin? [any thread but control]
    [[nodiscard]] bool uses(const std::string& file);

  private:
    [[nodiscard]] std::optional<std::string> source(const ReloadRequest& request, ReloadReport& report) const;
    // What cannot change while the host runs, or nothing.
    [[nodiscard]] std::optional<std::string> needs_restart(const config::Settings& next) const;
    // Would the new code, under the configuration in force, have decided otherwise than the old?
    [[nodiscard]] Result<void> replay(const engine::Plan& plan, std::int64_t& pause_ns);
    [[nodiscard]] Result<ledger::GenerationId> apply(engine::Plan plan, std::int64_t& pause_ns);

    engine::Runtime& runtime_;
    plugin::Loader& loader_;
    const config::Environment& environment_;
    const std::string file_;

    std::mutex mutex_;
    std::string text_;                     // in force
    std::optional<std::string> previous_;  // what was in force before
    config::Settings settings_;
    engine::Spend spend_;
};

}  // namespace stipend::api
