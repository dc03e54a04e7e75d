// Sends jobs through a Livepeer gateway, each to one orchestrator, and decides whose fault a failure is.
//
// A job is posted without an Idempotency-Key, so the host's client never sends it twice by itself. Rationale: a gateway
// does not forward that header, so a worker could still run the job twice, and an orchestrator that can make the
// gateway drop a connection would gain an attempt. The plugin makes the one retry itself and counts it; the id of the
// job is in the body. The sentinel, which reaches no orchestrator, has the header.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "funds_watch.hpp"
#include "gateway_cli.hpp"
#include "livepeer/token.hpp"
#include "price.hpp"
#include "quarantine.hpp"
#include "schema.hpp"
#include "sentinel.hpp"
#include "settings.hpp"
#include "stipend/abi/dispatch.h"
#include "stipend/plugin.hpp"
#include "token_client.hpp"

namespace byoc {

class Dispatch {
  public:
    using Settings = byoc::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.byoc",
        .name = "Livepeer BYOC gateway",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Sends jobs through a Livepeer gateway, each to one orchestrator",
        .config_schema = config_schema,
    };
    static constexpr std::uint32_t grace_s = 10;  // a gateway itself gives a job timeout_seconds + 5
    static constexpr std::size_t max_capabilities = 64;
    // How long the second try waits for an orchestrator that restarts, at most half of the pay period: its worker
    // notices within its `probe_every`, 10 s by default, and registers at once.
    static constexpr std::int64_t restart_wait_ns = 20 * stipend::ns_per_s;
    static constexpr std::int64_t look_every_ns = 2 * stipend::ns_per_s;

    Dispatch(Settings settings, stipend::Host host);
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms& terms) {
        return parse_settings(json, terms);
    }
    stipend::Result<void> start();
    stipend::Result<void> health() { return health_.health(host_.monotonic()); }

    // INVALID: an address or capability that cannot be. BUSY: the host's HTTP client takes nothing at the moment.
    stipend::Result<void> submit(const stipend_job& job, stipend::Completion<stipend_job_result> done);
    stipend::Result<void> inspect(std::string_view address, std::string_view capability,
                                  stipend::Completion<stipend_offer> done);
    void cancel(stipend_op op);

  private:
    struct Job;
    struct Look;
    using JobPtr = std::shared_ptr<Job>;

    // The way of a job: begin_try -> price_stated -> reserve_and_send -> answered -> try_over -> judged, then `finish`,
    // or second_try -> looked -> begin_try. `fail_check` is the end of one whose failure is the orchestrator's, unless
    // the gateway's funds say otherwise.
    stipend::Result<JobPtr> take(const stipend_job& job, stipend::Completion<stipend_job_result> done) const;
    stipend::Result<void> begin_try(const JobPtr& job);
    void price_stated(const JobPtr& job, const livepeer::Token& token);
    stipend::Result<void> reserve_and_send(const JobPtr& job);
    stipend::Result<void> send(const JobPtr& job);
    void answered(const JobPtr& job, const stipend::HttpReply& reply);
    void try_over(const JobPtr& job, Attempt attempt);
    void judged(const JobPtr& job, const GatewayState& gateway);
    void second_try(const JobPtr& job);
    void set_wait(const JobPtr& job, std::int64_t least_ns) const;
    [[nodiscard]] bool may_look(const JobPtr& job) const;
    [[nodiscard]] bool may_come_back(const JobPtr& job, const livepeer::Token& token) const;
    void look_for_restart(const JobPtr& job, const Verdict& verdict);
    void look_at(const JobPtr& job);
    static void explain(const JobPtr& job);
    void looked(const JobPtr& job, const livepeer::Token& token);
    void pause(const JobPtr& job, std::int64_t delay_ns, void (Dispatch::*then)(const JobPtr&));
    void retry(const JobPtr& job);
    void try_now(const JobPtr& job);
    void refuse_quarantined(const JobPtr& job, const std::string& why);
    void fail_check(const JobPtr& job, const Verdict& verdict);
    // The last of a job: `job` is the caller's own pointer, not the one in jobs_.
    void finish(const JobPtr& job, std::int32_t outcome, std::uint32_t flags, const std::string& reason);
    void fail_job(const JobPtr& job, const stipend::Error& error);
    Sentinel& sentinel_for(const std::string& capability);
    [[nodiscard]] std::string job_url(const std::string& capability) const;
    [[nodiscard]] std::string job_headers(std::string_view address, const std::string& capability) const;

    const Settings settings_;
    const stipend::Host host_;
    GatewayHealth health_;
    stipend::Metric jobs_ok_, jobs_failed_, jobs_unknown_, retries_, sentinels_;
    // [pool]
    CredentialSource credential_;
    TokenClient tokens_;
    Quarantine quarantine_;
    std::optional<FundsWatch> funds_;  // where the gateway's CLI port is configured
    std::unordered_map<stipend_op, JobPtr> jobs_;
    std::unordered_map<stipend_op, std::shared_ptr<Look>> looks_;
    std::map<std::string, std::unique_ptr<Sentinel>> sentinels_by_capability_;
};

}  // namespace byoc
