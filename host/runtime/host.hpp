// One host of any role: owns the threads, the ledger, the HTTP client, the plugin instances, the listeners, and the one
// way of starting, reloading, reporting and stopping.
//
// Threads: the caller of `run` is [control]; two, and one for each instance, run plugins' [pool] calls, three what
// blocks (reloads, control requests), one owns the ledger. docs/architecture.md, "Threads", lists them all.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/thread_pool.hpp"
#include "host/base/timeline.hpp"
#include "host/config/environment.hpp"
#include "host/http/curl_client.hpp"
#include "host/runtime/alert_delivery.hpp"
#include "host/runtime/call_watch.hpp"
#include "host/runtime/control_loop.hpp"
#include "host/runtime/control_server.hpp"
#include "host/runtime/file_watch.hpp"
#include "host/runtime/ledger_writer.hpp"
#include "host/runtime/liveness_probe.hpp"
#include "host/runtime/log.hpp"
#include "host/runtime/metrics_server.hpp"
#include "host/runtime/plugin_router.hpp"
#include "host/runtime/role.hpp"
#include "host/runtime/signals.hpp"
#include "host/runtime/table_file.hpp"

namespace stipend::runtime {

inline constexpr std::size_t max_config_bytes = 64u << 20;

struct HostOptions {
    std::string config_file;
    plugin::LoaderOptions loader;
    bool listens = true;      // false: no control socket, metrics or folder watch
    bool new_ledger = false;  // begins a ledger although there are traces of an earlier one
    // The program `stipend`, for what must not run in this process; empty: there is none.
    std::string program = {};
};

class Host {
  public:
    // Takes over the process's signals. `clock`, `environment` and `log` outlive the host.
    Host(const Clock& clock, const config::Environment& environment, Log& log, HostOptions options);
    // Shuts down in order: listeners, the queue of the control thread, HTTP exchanges, plugins (which get two seconds
    // to complete what they have), threads. Late callbacks are dropped.
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // Puts a configuration in force: plan, state, ledger, instances, listeners. `source` is what `settings` were read
    // from. Where the plan is refused, `diagnostics` says why, and the error is CONFIG. Once, before `run`.
    Result<void> start(std::unique_ptr<Role> role, ConfigSource source, config::Settings settings,
                       config::Diagnostics& diagnostics);
    // Runs until a signal, `stop`, or the role's own end. The calling thread is [control] meanwhile.
    Result<void> run();
    // After the host's end: whether a plugin's call did not return, so that its thread still runs. Then the process has
    // to end without running destructors of what that thread may use.
    [[nodiscard]] static bool left_a_call();
    // [any]
    void stop() {
        loop_.post([this] { begin_stop(); });
    }

    // Has the configuration that is in force planned and applied again, since what a role adds to it has changed; what
    // the file says by now is not read. [any]
    void apply_again();

    // The file of tables that the configuration in force names: CONFLICT where it names none. These block, among
    // reloads. [any thread but control and that of reloads]
    [[nodiscard]] Result<TablesNow> tables_now();
    // The configuration in force; with these tables, unless NULL. What is wrong with them goes to `diagnostics`.
    [[nodiscard]] Result<config::Settings> settings_with(const config::SourceText& tables,
                                                         config::Diagnostics& diagnostics);
    // What a reload with these tables would say; nothing is taken.
    [[nodiscard]] Result<ReloadReport> check_tables(const config::SourceText& tables, bool accept_spend);
    // Puts them in force, as a reload takes a configuration, and with the same refusals: see TablesChange.
    [[nodiscard]] Result<TablesTaken> take_tables(const TablesChange& change);
    // Makes a plugin of the one that is in force, for questions. [any thread but control]
    [[nodiscard]] plugin::Loader& loader() { return loader_; }

    // `stipend ARGUMENTS` with the configuration's file; empty where no program is known. [any]
    [[nodiscard]] std::vector<std::string> command_line(std::vector<std::string> arguments) const;

    // The plugins in force, each with its file, hash and generation, and the generations that decide. [control]
    [[nodiscard]] Json plugins_json();

    // What roles work with, once the host is started.
    [[nodiscard]] ControlLoop& loop() { return loop_; }          // [any]
    [[nodiscard]] LedgerWriter& writer() { return *writer_; }    // [any]
    [[nodiscard]] http::HttpClient& http() { return *client_; }  // [any]
    // For what waits for the disk; it ends before the role does.
    [[nodiscard]] Lane& blocking() { return *blocking_; }  // [any]
    // The threads of what may take long, and a queue of its own on them. What works there ends with the role at the
    // latest.
    [[nodiscard]] ThreadPool& threads() { return *work_pool_; }                          // [any]
    [[nodiscard]] std::shared_ptr<Lane> make_lane() { return work_pool_->make_lane(); }  // [any]
    [[nodiscard]] Watcher& watcher() { return *watcher_; }                               // [control]
    [[nodiscard]] Instances& instances() { return *instances_; }                         // [control]
    [[nodiscard]] LivenessProbe& liveness() { return *liveness_; }                       // [control]
    [[nodiscard]] const PluginRouter& routes() const { return routes_; }
    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] const TimeLine& line() const { return line_; }
    [[nodiscard]] stipend_unix_ns now() const { return line_.now(); }  // [any]
    [[nodiscard]] Log& log() { return log_; }
    // Where alerts go on to receivers; NULL where this host has none to deliver. [any]
    [[nodiscard]] AlertDelivery* alerts() { return alert_delivery_.get(); }
    [[nodiscard]] std::int64_t watchdog_ns() const { return watchdog_ns_; }  // 0: there is none

    // Runs `work` on the control thread and waits. Raises `pause_ns` to the time that it took there. STATE: the host is
    // stopping. [any but control]
    template <class Work>
    auto on_control(std::int64_t& pause_ns, Work work) -> Result<decltype(work())> {
        std::int64_t took_ns = 0;
        auto answer = loop_.ask([&] {
            const auto begun = clock_.monotonic();
            auto result = work();
            took_ns = clock_.monotonic() - begun;
            return result;
        });
        pause_ns = std::max(pause_ns, took_ns);
        return answer;
    }

  private:
    Result<void> check_lost_ledger(const std::filesystem::path& file);
    Result<void> open_state(const config::Settings& settings);
    Result<void> listen(const config::Settings& settings);
    Result<void> listen_metrics(const config::Settings& settings);
    // Takes what a listener's files meet while it serves.
    [[nodiscard]] std::function<void(const std::string&)> tls_log();
    Result<void> add_alert_routes();
    Result<Applied> apply(std::unique_ptr<Plan> plan);  // [control]
    Result<void> read_plugin_ends(const config::Settings& settings);
    void forget_plugin_ends();
    using NamedPlugins = std::vector<std::pair<std::string, plugin::Chosen>>;
    void note_applied(const NamedPlugins& chosen, ledger::GenerationId generation);
    void report_put_aside();
    void remove_unused_copies();
    [[nodiscard]] Result<std::string> metrics_text();
    void add_host_metrics(MetricPage& page);
    [[nodiscard]] bool serves(const std::filesystem::path& file, const std::string& sha256);
    std::optional<stipend_mono_ns> turn();
    void begin_stop();
    void end_lanes();
    void end_pool(std::unique_ptr<ThreadPool>& pool);
    void report_calls_left();

    // On the serial lane, or before it runs anything:
    ReloadReport reload(const ReloadRequest& request, const config::TablesText* tables = nullptr);
    // With `tables`: the configuration in force with these.
    ReloadReport try_reload(const ReloadRequest& request, const config::TablesText* tables = nullptr);
    std::optional<ConfigSource> reload_source(const ReloadRequest& request, ReloadReport& report) const;
    Result<TablesTaken> change_tables(const TablesChange& change);
    Result<void> put_tables_back(const TableFile& file, const config::SourceText& before);
    void tables_written();
    // Runs `work` on the serial lane and waits. STATE: the host is stopping. TIMEOUT: it has not run yet, or still
    // runs, and may do so later; what it refers to has to outlive it.
    template <class Work>
    auto among_reloads(std::int64_t patience_ns, Work work) -> decltype(work());
    ReloadReport withdraw_waiting();
    void retry_waiting();
    void log_reload(const ReloadReport& report);
    void watch_files();
    void file_changed(const std::filesystem::path& file);
    // Raises or resolves the alert about a file that is not what serves; `why` says why not.
    void compare_with_disk(const std::string& why);
    // An alert of the host about plugins; a log line where the role has no alerts. Nothing where it is raised already.
    void raise_about_plugins(const std::string& id, const std::string& text);
    void resolve_about_plugins(const std::string& id);

    const Clock& clock_;
    const config::Environment& environment_;
    Log& log_;
    const HostOptions options_;
    const TimeLine line_;
    const std::int64_t watchdog_ns_;
    plugin::Loader loader_;
    Metrics metrics_;
    std::unique_ptr<http::ServerThread> server_thread_;  // outlives all listeners
    PluginRouter routes_;
    ControlLoop loop_;
    std::optional<Signals> signals_;
    std::unique_ptr<Role> role_;               // what ends below calls back into it
    bool stopping_ = false;                    // [control]
    std::filesystem::path state_folder_;       // set before any thread begins; no reload changes it
    std::optional<stipend_unix_ns> retry_at_;  // [control] when `waiting_` is tried again
    std::optional<stipend_unix_ns> again_at_;  // [control] when the configuration in force is applied again
    std::atomic<bool> again_asked_ = false;

    // Only on the serial lane:
    ConfigSource source_;                   // the configuration in force, as it was read
    std::optional<ConfigSource> previous_;  // the one before
    struct Waiting {
        ConfigSource source;
        bool accept_spend = false;
    };
    std::optional<Waiting> waiting_;                    // valid, and cannot be put in force yet; the newest such one
    config::Settings settings_;                         // in force
    std::vector<std::string> plugins_;                  // in use, as the configuration names them
    std::map<std::string, std::string> plugin_alerts_;  // that are raised, by id
    std::map<std::filesystem::path, std::string> on_disk_;  // hashes; empty: there is no such file

    std::unique_ptr<ThreadPool> work_pool_;
    std::unique_ptr<ThreadPool> plugin_pool_;
    std::unique_ptr<LedgerWriter> writer_;
    std::unique_ptr<http::CurlClient> client_;
    std::shared_ptr<AlertDelivery> alert_delivery_;
    std::optional<Instances> instances_;
    std::optional<LivenessProbe> liveness_;
    std::optional<Watcher> watcher_;
    std::optional<ProcessWatch> process_watch_;
    std::optional<CallWatch> call_watch_;

    std::shared_ptr<Lane> serial_, blocking_;
    ControlServer::Lanes control_lanes_;
    std::unique_ptr<ControlServer> control_;
    std::unique_ptr<MetricsServer> metrics_server_;
    std::unique_ptr<FileWatch> file_watch_;

    struct Serving {
        std::string key;
        plugin::Chosen chosen;
        ledger::GenerationId generation = 0;
        stipend_unix_ns since = 0;
    };
    stipend_unix_ns started_at_ = 0;
    std::array<std::atomic<std::uint64_t>, 3> reloads_{};  // applied, waiting, rejected
    std::mutex serving_mutex_;
    std::vector<Serving> serving_;  // guarded by serving_mutex_
};

}  // namespace stipend::runtime
