// The manager: pays orchestrators for the uptime that they deliver. The engine's role on a host.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "host/engine/call_desk.hpp"
#include "host/engine/dispatch_desk.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/fee_desk.hpp"
#include "host/engine/head_signer.hpp"
#include "host/engine/manager_api.hpp"
#include "host/engine/manager_events.hpp"
#include "host/engine/manager_metrics.hpp"
#include "host/engine/manager_plan.hpp"
#include "host/engine/objection_desk.hpp"
#include "host/engine/offer_book.hpp"
#include "host/engine/payout_desks.hpp"
#include "host/engine/proof_book.hpp"
#include "host/engine/registrar.hpp"
#include "host/engine/reporter.hpp"
#include "host/engine/sla_watch.hpp"
#include "host/engine/status.hpp"
#include "host/engine/target_desk.hpp"
#include "host/runtime/host.hpp"
#include "host/runtime/outage.hpp"

namespace stipend::engine {

struct CallChoice;  // manager_calls.cpp
struct CallPeers;

class Manager final : public runtime::Role, public Effects, public plugin::AlertSink {
  public:
    // `host` and `reporter` outlive this. `once`: one cycle of what is due, then the run is over.
    Manager(runtime::Host& host, Reporter& reporter, bool once)
        : host_(host),
          reporter_(*this, reporter),
          once_(once),
          dispatch_(host),
          desk_(host.loop(),
                [this](const std::string& job_id, const SignedWei& wei, plugin::FeeAccount::Answer answer) {
                    reserve_fee(job_id, wei, std::move(answer));
                }),
          calls_([this](std::uint64_t number, const CallDesk::Call& call) { send_call(number, call); },
                 [this](const CallText& text, const CallDesk::Summary& summary) { calls_over(text, summary); }) {}

    std::unique_ptr<runtime::Plan> plan(plugin::Loader& loader, config::Settings settings,
                                        config::Diagnostics& diagnostics) override;
    // The largest possible spend, old -> new; refused where it more than doubles, unless the request accepts that, and
    // where new policy code decides recorded samples otherwise without a raised revision.
    Result<std::string> review(const runtime::Plan& next, const runtime::ReloadRequest& request,
                               std::int64_t& pause_ns) override;
    void open(ledger::State state) override;
    std::optional<stipend_unix_ns> waits_until(const runtime::Plan& plan) override;
    Result<runtime::Applied> apply(std::unique_ptr<runtime::Plan> plan, const runtime::InstanceSet& fresh) override;
    Turn tick(stipend_unix_ns now) override;
    void begin_stop() override;
    [[nodiscard]] Result<void> outcome() const override;
    bool alive(stipend_unix_ns now) override;
    Result<Json> status() override;
    // What the API says of the manager as a whole. [any thread but control and the ledger's]
    Result<Json> overview(RecentTotals& totals);
    // What an orchestrator offers, asked for now; blocks for some seconds. Nothing: there is no such orchestrator in
    // force. UNAVAILABLE: the dispatch plugin has no answer. [any thread but control and the ledger's]
    Result<std::optional<Json>> offer(std::string_view id);
    [[nodiscard]] Json generations() const override;
    [[nodiscard]] Result<std::vector<std::string>> recorded_code(
        const std::filesystem::path& state_folder) const override;
    void refresh_metrics(runtime::Metrics& metrics) override;
    Result<void> add_metrics(runtime::MetricPage& page) override;
    Result<void> add_routes(runtime::ControlServer& server) override;
    void announce() const override;
    [[nodiscard]] runtime::Watcher::Hooks watcher_hooks() override;
    [[nodiscard]] plugin::FeeAccount* fees() override { return &desk_; }
    void close() override {
        api_.reset();
        if (targets_) targets_->close();
        targets_.reset();
        objections_.reset();
        registrar_.reset();
        // Readers of the ledger end before its writer: a connection that closes last and may not write leaves the WAL.
        events_.reset();
        event_source_.reset();
        metrics_.reset();
        heads_.reset();
        sla_.reset();
        desk_.close();
    }
    [[nodiscard]] http::RouteHost* pages(const config::Settings& settings) override;
    void serve(http::ServerThread& thread) override;
    [[nodiscard]] plugin::AlertSink* alerts() override { return this; }

    void raise_for(std::string_view instance, std::string_view id, std::int32_t severity,
                   std::string_view text) override;
    void resolve_for(std::string_view instance, std::string_view id) override;

  private:
    // Passes what the engine reports on, and its alerts to the host's receivers as well.
    class AlertingReporter final : public Reporter {
      public:
        AlertingReporter(Manager& manager, Reporter& next) : manager_(manager), next_(next) {}
        void decided(const registry::Payee& payee, const ledger::Decision& decision, const ledger::Network& network,
                     stipend_unix_ns now) override;
        void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
                  stipend_unix_ns next_at) override {
            next_.held(payee, epoch, why, next_at);
        }
        void alert(const Alert& alert) override;
        void no_alert(const std::string& id) override;

      private:
        Manager& manager_;
        Reporter& next_;
    };

    // Opens the registrations; with `make`, also where there is no file yet.
    void open_registrations(const config::Settings& settings, bool make);
    [[nodiscard]] std::unique_ptr<Registrar> make_registrar();
    void report_registrations();
    // Messages to orchestrators about themselves.
    void open_targets();
    void targets_stored(const std::string& fault);
    void tell(const std::string& alert_id, bool is_so);
    // Why no job is sent to an orchestrator that owes a proof; nothing where one is.
    [[nodiscard]] std::optional<JobResult> without_proof(const std::string& key) const;
    void confirm_suspensions();
    void resolve_alerts_of_removed(const config::Settings& before);
    Result<std::vector<std::string>> unwell_plugins();
    // What a status has of the parts of the manager that not every one has. [control]
    void add_parts(Json& out);
    void watch_clock(stipend_unix_ns now);
    void watch_wal(stipend_unix_ns now);
    void sign_heads();
    void watch_targets();
    void watch_offers();
    void announce_settlement(const config::Settings& settings) const;
    void pay_out(const runtime::InstanceSet& fresh);
    Result<void> add_payout_routes(runtime::ControlServer& server);
    void watch_changes(stipend_unix_ns now);
    void changes_seen(const std::vector<registry::Outcome>& applied,
                      const std::vector<registry::PendingChange>& waiting);
    void watch_outage(stipend_unix_ns now);
    void report_unseen();
    void report_outage(const std::string& outcome);
    void look_at_witnesses(stipend_unix_ns now);
    void watch_checks(const std::vector<PlannedCheck>& checks, const runtime::InstanceSet& fresh);
    void reserve_fee(const std::string& job_id, const SignedWei& wei, plugin::FeeAccount::Answer answer);
    Result<std::shared_ptr<http::BodyStream>> open_events(const Json& body);
    Result<Json> adjust(const Json& body, const api::OrderKey& key);
    Result<Json> pardon(const Json& body, const api::OrderKey& key);
    Result<std::optional<Json>> pay(const Json& body, const api::OrderKey& key);
    Result<api::Distributed> distribute(const api::CallOrder& order, const api::OrderKey& key);
    [[nodiscard]] CallChoice choose(const api::CallOrder& order, const CallPeers& among);
    // Active, its last check did not fail, its endpoint is reached, and it owes no proof.
    [[nodiscard]] bool is_connected(registry::PayeeIndex at, const std::set<std::string, std::less<>>& unreached) const;
    void send_call(std::uint64_t number, const CallDesk::Call& call);
    void calls_over(const CallText& text, const CallDesk::Summary& summary);
    Result<Json> archive(const runtime::ControlServer& server, const Json& body);

    void submit(const JobSpec& job, const registry::Payee& payee) override;
    void commit(std::shared_ptr<const ledger::Batch> batch) override;
    [[nodiscard]] std::optional<uptime::Observed> observed(const registry::Payee& payee, stipend_unix_ns from,
                                                           stipend_unix_ns to) const override;
    [[nodiscard]] PayerJobs payer_jobs(stipend_unix_ns now) const override;
    void fetch_price(std::size_t network) override;

    runtime::Host& host_;
    AlertingReporter reporter_;
    const bool once_;
    DispatchDesk dispatch_;
    FeeDesk desk_;
    CallDesk calls_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<ManagerPlan> plan_;                           // in force
    std::shared_ptr<registry::RegistrationStore> registrations_;  // none: there is no file, or it cannot be used
    std::string registrations_fault_;                             // why it cannot
    std::vector<registry::Registration> approved_;                // as they were read last; of the thread of `plan`
    ProofBook proofs_;
    std::shared_ptr<ConnectBack> connect_back_;  // as is `registrar_`
    std::mutex configured_mutex_;
    std::shared_ptr<const registry::ConfiguredMarks> configured_;  // guarded by configured_mutex_
    std::unique_ptr<Registrar> registrar_;                         // none: without a control socket
    std::unique_ptr<ManagerEvents> event_source_;
    std::unique_ptr<api::EventFeed> events_;     // none: the ledger could not be read at the start
    std::unique_ptr<ObjectionDesk> objections_;  // none: without a control socket
    std::shared_ptr<TargetDesk> targets_;        // the same, or its file cannot be used
    std::unique_ptr<api::PluginPages> pages_;    // none: the API is not served
    std::unique_ptr<ManagerApi> api_;            // none: it is not served
    std::unique_ptr<ManagerMetrics> metrics_;
    std::unique_ptr<HeadSigner> heads_;              // none: nothing is served
    std::unique_ptr<SlaWatch> sla_;                  // the same
    std::shared_ptr<OfferBook> offers_;              // none: the API is not served
    std::vector<ledger::OpenPayouts> open_payouts_;  // of the runs before, by network
    Restoration restoration_;
    std::unique_ptr<PayoutDesks> payouts_;                // none: settlement is not on
    std::map<std::string, std::string> changes_alerted_;  // texts of alerts about changes that wait, by id
    stipend_unix_ns next_change_look_ = 0;
    std::set<std::string> fired_before_;  // alerts of the run before that are neither raised nor resolved yet
    stipend_unix_ns next_wal_look_ = 0;
    runtime::Outage outage_;
    std::uint64_t refused_observations_ = 0;  // of own checks, that could not be
    bool checks_changed_ = false;             // a verdict of an own check
    std::size_t witnesses_awaited_ = 0;       // looks at witnesses under way
    bool stopping_ = false;
};

}  // namespace stipend::engine
