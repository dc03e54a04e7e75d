// The worker: runs beside an orchestrator, watches services, and has a plugin answer for them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/runtime/host.hpp"
#include "host/worker/membership.hpp"
#include "host/worker/services_view.hpp"
#include "host/worker/worker_alerts.hpp"
#include "host/worker/worker_plan.hpp"
#include "host/worker/worker_services.hpp"

namespace stipend::worker {

class Worker final : public runtime::Role, public plugin::AlertSink {
  public:
    // `host` outlives this.
    explicit Worker(runtime::Host& host)
        : host_(host),
          services_(host),
          alerts_([this](alert::Notice one) { deliver(std::move(one)); },
                  [this](std::int32_t level, const std::string& text) {
                      if (host_.log().enabled(level)) host_.log().write(level, "alerts", text);
                  }) {}

    std::unique_ptr<runtime::Plan> plan(plugin::Loader& loader, config::Settings settings,
                                        config::Diagnostics& diagnostics) override;
    Result<std::string> review(const runtime::Plan& next, const runtime::ReloadRequest& request,
                               std::int64_t& pause_ns) override;
    void open(ledger::State state) override;
    Result<runtime::Applied> apply(std::unique_ptr<runtime::Plan> plan, const runtime::InstanceSet& fresh) override;
    Turn tick(stipend_unix_ns now) override;
    // The plugins leave their networks; the run is over when they have, after a few seconds at most.
    void begin_stop() override;
    void close() override {
        if (membership_) membership_->stop();
        view_.set_watcher(nullptr, nullptr);
    }
    bool alive(stipend_unix_ns now) override;
    Result<Json> status() override;
    void refresh_metrics(runtime::Metrics& metrics) override;
    Result<void> add_metrics(runtime::MetricPage& page) override;
    Result<void> add_routes(runtime::ControlServer& server) override;
    void announce() const override;
    [[nodiscard]] runtime::Watcher::Hooks watcher_hooks() override;
    [[nodiscard]] plugin::ServiceSource* watched() override { return &view_; }
    [[nodiscard]] std::vector<Listener> listeners(const config::Settings& settings) const override;
    [[nodiscard]] plugin::AlertSink* alerts() override { return this; }
    // [any]
    void raise_for(std::string_view instance, std::string_view id, std::int32_t severity,
                   std::string_view text) override;
    void resolve_for(std::string_view instance, std::string_view id) override;

  private:
    void log(std::int32_t level, const std::string& text) const;
    void on_discovery(const runtime::Discovery& discovery);
    void on_change(const runtime::TargetHistory& one, std::int32_t before);
    void watch(const runtime::InstanceSet& instances);
    void deliver(alert::Notice notice);
    // Raises and resolves what is wrong now.
    void look_for_trouble(stipend_unix_ns now);
    void restore_found();
    // Resolves what instances raised that are not in `fresh`.
    void resolve_of_ended(const runtime::InstanceSet& fresh);
    [[nodiscard]] MembershipParts membership_parts();
    Result<void> add_membership_metrics(runtime::MetricPage& page);

    runtime::Host& host_;
    WorkerServices services_;
    ServicesView view_;
    std::unique_ptr<Membership> membership_;                  // none before `open`
    std::unique_ptr<WorkerPlan> plan_;                        // in force
    std::vector<std::pair<std::string, std::string>> found_;  // discovered and watched: monitor, name
    std::map<std::string, std::uint64_t> outages_;            // by service, since the start
    bool service_over_ = false;                               // the plugins have left their networks
    WorkerAlerts alerts_;
    stipend_unix_ns next_look_ = 0;
    stipend_unix_ns stop_by_ = 0;  // 0: not stopping
};

}  // namespace stipend::worker
