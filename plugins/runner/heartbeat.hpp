// Keeps a dynamic live runner registered with an orchestrator, which forgets it after some missed heartbeats and when
// it restarts.
//
//   registering --200: id, secret, interval--> registered --401, 404--> registering, at once
//        |  ^                                     |  ^
//        +--+ back-off                            +--+ a heartbeat each interval
//
// Each heartbeat carries the whole registration. The first one is proved by the orchestrator's secret and names no id,
// so a 401 can only mean the wrong secret; the following ones by the secret that was handed out. Nothing of it is
// stored: an instance that replaces another one registers beside it, and each takes back its own.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "beat_wire.hpp"
#include "livepeer/orchestrator_client.hpp"
#include "stipend/host.hpp"
#include "stipend/json.hpp"
#include "worker_settings.hpp"

namespace runner {

class Heartbeat {
  public:
    static constexpr std::int64_t first_pause_ns = stipend::ns_per_s;
    static constexpr std::int64_t longest_pause_ns = 30 * stipend::ns_per_s;
    static constexpr std::int64_t eager_for_ns = 300 * stipend::ns_per_s;  // of an orchestrator that is away
    static constexpr std::uint32_t timeout_ms = 4'000;
    static constexpr std::uint32_t farewell_timeout_ms = 1'500;

    // `settings` outlives this object. Called in the plugin's constructor.
    Heartbeat(const WorkerSettings& settings, stipend::Host host);

    // Registers, and goes on with it. [pool] Once.
    void begin();
    // Stops and takes the registration back. [control] Returns at once; its request is bounded in time.
    void farewell();

    // State for people. [pool]
    [[nodiscard]] stipend::Json report() const;
    // UNAVAILABLE: not registered, as far as known. [any]
    [[nodiscard]] stipend::Result<void> health() const { return orchestrator_.health(); }

  private:
    using Trouble = livepeer::OrchestratorClient::Trouble;

    void beat();
    void answered(const stipend::HttpReply& reply);
    void accept(const stipend::HttpReply& reply);
    // What an answer other than 200 means, and when it is tried again.
    void refused(const stipend::HttpReply& reply);
    void unanswered(const stipend::HttpReply& reply);
    void begin_anew(const std::string& why);
    void unregister();
    void after(std::int64_t ns);
    void back_off();
    [[nodiscard]] bool registered() const { return !secret_.empty(); }
    [[nodiscard]] std::int64_t random_up_to(std::int64_t most);

    const WorkerSettings& settings_;
    const stipend::Host host_;
    livepeer::OrchestratorClient orchestrator_;
    std::minstd_rand random_;
    stipend::Metric registrations_, beats_, beats_failed_;
    // [pool]
    std::unique_ptr<stipend::Timer> timer_;
    bool stopping_ = false;
    std::string runner_id_;
    std::string secret_;  // of the heartbeats; empty: not registered
    std::int64_t interval_ns_ = usual_interval_ns;
    std::int64_t count_ = 0;          // registrations
    std::int64_t failures_ = 0;       // in a row
    stipend_mono_ns sent_at_ = 0;     // the last heartbeat
    stipend_mono_ns away_since_ = 0;  // 0: the last heartbeat was answered
    stipend_unix_ns since_ = 0;
    stipend_unix_ns last_beat_ = 0;  // that was accepted
};

}  // namespace runner
