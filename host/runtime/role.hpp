// What a role adds to a host: how a configuration becomes a plan, and what the control thread does with it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/settings.hpp"
#include "host/http/route_host.hpp"
#include "host/http/server_tls.hpp"
#include "host/ledger/rows.hpp"
#include "host/plugin/loader.hpp"
#include "host/runtime/instances.hpp"
#include "host/runtime/metric_page.hpp"
#include "host/runtime/metrics.hpp"
#include "host/runtime/reload.hpp"
#include "host/runtime/watcher.hpp"
#include "stipend/json.hpp"

namespace stipend::http {
class ServerThread;
}

namespace stipend::runtime {

class ControlServer;

// A configuration, ready to be put in force: plugins loaded and tried. A role derives from it what it needs beside
// this, and is given back only plans of its own making.
struct Plan {
    virtual ~Plan() = default;

    config::Settings settings;
    stipend_terms terms{};                   // what plugins are created with
    std::vector<PlannedInstance> instances;  // those that do I/O
    std::vector<std::string> plugins;        // every plugin in use, as the configuration names it
    // The same as they were loaded, by what they are for: "policy", or the key of an instance.
    std::vector<std::pair<std::string, plugin::Chosen>> chosen;
};

// What a plan that is in force amounts to.
struct Applied {
    ledger::GenerationId generation = 0;  // 0: the role has none
    std::string text;                     // for the operator who asked for it
    std::string summary;                  // in a line, for the service manager
    std::unique_ptr<Plan> replaced = {};  // what was in force; large, so it is freed on the caller's thread
};

class Role {
  public:
    virtual ~Role() = default;

    // Makes a plan. Whatever is wrong goes to `diagnostics`, and nothing is returned. Blocks. [any thread but control]
    virtual std::unique_ptr<Plan> plan(plugin::Loader& loader, config::Settings settings,
                                       config::Diagnostics& diagnostics) = 0;
    // May `next` replace the plan in force? Returns what the operator is to read beside the outcome, or why not. Raises
    // `pause_ns` to the longest time that it kept the control thread. Blocks. [any thread but control]
    virtual Result<std::string> review(const Plan& next, const ReloadRequest& request, std::int64_t& pause_ns) = 0;

    // The host has opened its state: takes up what the ledger holds. Before the first `apply`.
    virtual void open(ledger::State state) = 0;
    // When a plan that cannot be put in force yet is worth another try; nothing where it can. [control]
    virtual std::optional<stipend_unix_ns> waits_until(const Plan&) { return std::nullopt; }
    // Puts a plan in force; `fresh` are its instances, not yet in use. On failure everything is as it was. Starts what
    // is to be watched by the new instances: they replace the old ones right after. [control]
    virtual Result<Applied> apply(std::unique_ptr<Plan> plan, const InstanceSet& fresh) = 0;

    struct Turn {
        bool over = false;                    // the run is over
        std::optional<stipend_unix_ns> next;  // when `tick` wants to be called again if nothing happens before
    };
    virtual Turn tick(stipend_unix_ns now) = 0;  // [control]
    // Takes on nothing new; `tick` reports when what is under way is complete. At most once. [control]
    virtual void begin_stop() = 0;
    // The watcher and the ledger end: plugins that still read the watched services get nothing, and what they wait for
    // is answered.
    virtual void close() {}
    // Why the run ended, where it ended by itself. When it is over.
    [[nodiscard]] virtual Result<void> outcome() const { return {}; }
    // Whether the watchdog may be fed. [control]
    virtual bool alive(stipend_unix_ns now) = 0;

    // [any thread but control and the ledger's]
    virtual Result<Json> status() = 0;
    // The generations that still decide something, oldest first, each with the number of payees; an empty array where a
    // role has none. [control]
    [[nodiscard]] virtual Json generations() const { return Json::array(); }
    virtual void refresh_metrics(Metrics& metrics) = 0;  // [control]
    // Adds the metrics with labels of its own to an answer; one answer at a time. [any thread but control]
    virtual Result<void> add_metrics(MetricPage& page) = 0;
    // The hashes of plugin files that what is recorded in the state folder refers to, so that it can be computed again
    // by the same code: their private copies are kept. On an error all copies are. Blocks. [any thread but control]
    [[nodiscard]] virtual Result<std::vector<std::string>> recorded_code(const std::filesystem::path&) const {
        return std::vector<std::string>();
    }
    // Adds the role's own routes beside /status and /reload.
    virtual Result<void> add_routes(ControlServer& server) = 0;
    // Opens the role's own listeners, once the host has opened its own. One that does not open is reported, and the
    // host goes on without it. `close` closes them.
    virtual void serve(http::ServerThread&) {}
    // Writes to the log what an operator should know at the start.
    virtual void announce() const = 0;

    [[nodiscard]] virtual Watcher::Hooks watcher_hooks() = 0;
    // The watched services that plugins can read; none by default.
    [[nodiscard]] virtual plugin::ServiceSource* watched() { return nullptr; }
    // The budget of what jobs cost; none by default.
    [[nodiscard]] virtual plugin::FeeAccount* fees() { return nullptr; }
    // Where plugins' alerts go; none by default, and then they are log lines.
    [[nodiscard]] virtual plugin::AlertSink* alerts() { return nullptr; }
    // Where plugins' routes are served; none by default.
    struct Listener {
        std::string name;
        std::string address;
        config::ListenerTls tls;
    };
    // The listener `api` of the role's own, on which plugins may have routes; none by default. Before `open`; it lives
    // as long as the role.
    [[nodiscard]] virtual http::RouteHost* pages(const config::Settings&) { return nullptr; }
    [[nodiscard]] virtual std::vector<Listener> listeners(const config::Settings&) const { return {}; }
};

// What the listener `name` proves itself by, read from its files; null: plain HTTP. CONFIG, with the listener and the
// file. `log` gets what a later reading meets, with the listener, on the server's thread.
[[nodiscard]] Result<std::shared_ptr<http::ServerTls>> load_tls(const std::string& name, const config::ListenerTls& tls,
                                                                std::function<void(const std::string&)> log);

// The first option that differs and cannot change while a host runs: the message for the operator. Of every role.
[[nodiscard]] std::optional<std::string> needs_restart(const config::Settings& now, const config::Settings& next);

// The namespace of the ledger that these settings write to.
[[nodiscard]] ledger::Namespace namespace_of(const config::Settings& settings);

}  // namespace stipend::runtime
