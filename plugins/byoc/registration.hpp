// Keeps a capability registered with an orchestrator. The orchestrator drops it without notice when it restarts, when a
// job cannot reach the worker, and when its count of free slots leaks down to zero.
//
//   registering --ok--> registered --evidence of loss--> registering
//        |  ^                |
//        +--+ back-off       +-- a probe every `probe_every`
//
// Evidence of loss is a token that offers no slot while no job is running. After evidence of a new process (a refused
// or reset connection, another certificate) that counts at once; otherwise at most every 30 s. An orchestrator that
// charges states no price to a sender without a reserve, and then a probe cannot see the capability: there a new
// process alone is evidence, as is the absence of jobs, and the capability is registered again every 5 to 10 minutes.
// In no case is it registered twice within 10 s: that would reset the orchestrator's count of running jobs, and a burst
// of registrations under load ends its process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "livepeer/orchestrator_client.hpp"
#include "livepeer/token.hpp"
#include "stipend/host.hpp"
#include "stipend/json.hpp"
#include "worker_settings.hpp"

namespace byoc {

class Registration {
  public:
    static constexpr std::int64_t first_pause_ns = stipend::ns_per_s;
    static constexpr std::int64_t longest_pause_ns = 30 * stipend::ns_per_s;
    static constexpr std::int64_t spacing_ns = 30 * stipend::ns_per_s;           // between registrations after a loss
    static constexpr std::int64_t least_spacing_ns = 10 * stipend::ns_per_s;     // between any two
    static constexpr std::int64_t most_jitter_ns = stipend::ns_per_s;            // before one
    static constexpr std::int64_t most_haste_jitter_ns = stipend::ns_per_s / 5;  // after evidence of a new process
    static constexpr std::int64_t fast_probe_ns = stipend::ns_per_s;  // while connections are refused or reset
    static constexpr std::int64_t fast_probes_for_ns = 300 * stipend::ns_per_s;
    static constexpr std::int64_t least_refresh_ns = 300 * stipend::ns_per_s;  // of a capability that no probe can see
    static constexpr std::int64_t most_refresh_ns = 600 * stipend::ns_per_s;
    static constexpr std::int64_t silent_gaps = 3;  // a silence of that many times the gap between jobs is evidence
    static constexpr std::uint32_t register_timeout_ms = 5'000;
    static constexpr std::uint32_t probe_timeout_ms = 3'000;
    static constexpr std::uint32_t farewell_timeout_ms = 1'500;  // for each of its two steps

    // `settings` outlives this object. `idle` returns true if no job is running. Called in the plugin's constructor.
    Registration(const WorkerSettings& settings, stipend::Host host, std::string token_header,
                 std::function<bool()> idle);

    // Starts to register and to probe. [pool] Once.
    void begin();
    // Stops and unregisters the capability, unless a later instance of the same name has registered it. [control]
    // Returns at once; its requests are bounded in time.
    void farewell();
    // A job arrived: the orchestrator has the capability. [pool]
    void job_arrived();

    // State for people. [pool]
    [[nodiscard]] stipend::Json report() const;
    // UNAVAILABLE: not registered, as far as known. [any]
    [[nodiscard]] stipend::Result<void> health() const { return orchestrator_.health(); }

  private:
    using Trouble = livepeer::OrchestratorClient::Trouble;
    enum class Haste : std::uint8_t { usual, new_process };

    void register_now();
    void registered(const stipend::HttpReply& reply);
    void probe();
    void probed(const livepeer::Token& token);
    void probe_failed(const livepeer::Token& token);
    // What shows that the capability is lost where no probe can see it, or nothing.
    [[nodiscard]] std::string unseen_loss() const;
    void lost(const std::string& why, Haste haste);
    void note_certificate(std::string_view sha256);
    void unregister();
    void after(std::int64_t ns, void (Registration::*step)());
    stipend::Result<stipend_op> ask_token(std::uint32_t timeout_ms,
                                          stipend::UniqueFunction<void(const livepeer::Token&)> done);
    [[nodiscard]] std::int64_t random_up_to(std::int64_t most);

    const WorkerSettings& settings_;
    const stipend::Host host_;
    livepeer::OrchestratorClient orchestrator_;
    const std::string token_header_;
    const std::function<bool()> idle_;
    const std::string me_;  // identifies this instance among those of its name
    std::minstd_rand random_;
    stipend::Metric registrations_, probes_failed_;
    // [pool]
    std::unique_ptr<stipend::Timer> timer_;
    stipend_op exchange_ = 0;
    bool stopping_ = false;
    std::int64_t count_ = 0;                // registrations
    stipend_mono_ns registered_at_ = 0;     // also where it may have been carried out without a response
    std::int64_t refresh_ns_ = 0;           // until the next one, where no probe sees the capability
    bool new_process_ = false;              // evidence of it since the last registration
    bool unseen_ = false;                   // the last probe was answered, and could not see the capability
    std::string certificate_;               // the last one that was presented; hex SHA-256
    stipend_mono_ns unanswered_since_ = 0;  // 0: the last probe was answered
    stipend_mono_ns last_job_ = 0;
    std::int64_t job_gap_ns_ = 60 * stipend::ns_per_s;
    bool silence_used_ = false;  // the present silence has led to a registration
    stipend_unix_ns since_ = 0;
    std::int64_t failures_ = 0;   // in a row
    std::int64_t capacity_ = -1;  // reported by the last probe; -1: none
};

}  // namespace byoc
