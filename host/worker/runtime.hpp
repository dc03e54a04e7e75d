// The host beside an orchestrator: it watches services and has a plugin answer for them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/work/metrics.hpp"
#include "host/work/route_book.hpp"
#include "host/work/watcher.hpp"
#include "host/worker/plan.hpp"
#include "host/worker/pulse.hpp"
#include "host/worker/services_view.hpp"

namespace stipend::worker {

struct RuntimeOptions {
    std::string state_folder;
    std::string listen;              // where routes of the listener "worker" are served
    std::function<void()> on_turn;   // after each turn of the control loop, while all is well; may be empty
    std::int64_t turn_every_ns = 0;  // a turn at least this often; 0: only when there is something to do
    std::int64_t patience_ns = 0;    // all is well as long as no plugin, nor the ledger, owes a sign of life for longer
    plugin::LogSink* log = nullptr;  // borrowed, as is the following
    plugin::MetricSink* metrics = nullptr;
};

class Runtime {
  public:
    // Opens the state and the listener. Nothing runs yet.
    static Result<std::unique_ptr<Runtime>> create(const Clock& clock, RuntimeOptions options);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    // Takes a plan over: new instances beside the old. On failure the old ones go on. [control], or before `run`.
    Result<void> apply(Plan plan);
    // Runs until `stop`: then the plugin says goodbye to its network, for a few seconds at most. The calling thread is
    // [control] meanwhile.
    void run();
    void stop();                                                   // [any]
    void post(Task work) { shop_->loop().post(std::move(work)); }  // [any]
    [[nodiscard]] std::string address() const { return routes_.address_of(listener); }
    // What the plugin reports of itself, as JSON. [any thread but control]
    [[nodiscard]] Result<std::string> report();
    [[nodiscard]] Result<Json> services(std::uint32_t window_s);  // [any]
    // Brings the host's own metrics up to date. [control]
    void refresh_metrics(work::Metrics& metrics) const;

    static constexpr const char* listener = "worker";

  private:
    explicit Runtime(RuntimeOptions options) : options_(std::move(options)) {}
    std::optional<stipend_mono_ns> turn();
    void tell_of_turn(stipend_unix_ns now);
    void log(std::int32_t level, const std::string& text) const;
    void found(const work::Discovery& discovery);
    void watch();
    void begin_stop();
    void restore_found();

    const RuntimeOptions options_;
    work::RouteBook routes_;
    ServicesView view_;
    std::optional<Plan> plan_;
    work::Slot service_;
    std::map<std::string, work::Slot> monitors_;
    std::vector<std::pair<std::string, std::string>> found_;  // what is watched because it was found: monitor, name
    bool stopping_ = false;
    stipend_unix_ns stop_by_ = 0;
    std::unique_ptr<work::Workshop> shop_;  // destroyed before the rest: what it ends calls back into it
    std::unique_ptr<work::Watcher> watcher_;
    std::optional<Pulse> pulse_;  // where somebody wants to hear of turns
};

}  // namespace stipend::worker
