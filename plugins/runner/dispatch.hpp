// Calls the live runner of one orchestrator at its own address, pays for the call through a remote signer where it is
// priced, and decides whose fault a failure is.
//
// No gateway is in between, so nothing but the payer's signer and the payer's network is the payer's. See
// dispatch_verdict.cpp for the rule.
//
// A call is posted without an Idempotency-Key, so the host's client never sends it twice by itself. Rationale: a
// payment is good for one call, and an orchestrator that can break a connection would gain an attempt.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "discovery.hpp"
#include "paid_periods.hpp"
#include "schema.hpp"
#include "session_stops.hpp"
#include "settings.hpp"
#include "signer.hpp"
#include "signer_turns.hpp"
#include "stipend/abi/dispatch.h"
#include "stipend/plugin.hpp"
#include "witness.hpp"

namespace runner {

class Dispatch {
  public:
    using Settings = runner::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.runner",
        .name = "Livepeer live runners",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Calls the live runners of orchestrators, each at its own address",
        .config_schema = config_schema,
    };
    static constexpr std::size_t max_tries = 2;
    // How long the second try waits for an orchestrator that restarts, at most half of the pay period: its runner is
    // back after its next heartbeat or health check, 5 s by default.
    static constexpr std::int64_t restart_wait_ns = 20 * stipend::ns_per_s;
    static constexpr std::int64_t look_every_ns = 2 * stipend::ns_per_s;
    // The time that a reservation gets.
    static constexpr std::uint32_t reserve_timeout_ms = 10'000;
    // A call whose price is by the second ends before the time that its first payment covers.
    static constexpr std::int64_t paid_for_ns =
        static_cast<std::int64_t>(livepeer::first_payment_s - 1) * stipend::ns_per_s;

    Dispatch(Settings settings, stipend::Host host);
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms& terms) {
        return parse_settings(json, terms);
    }
    stipend::Result<void> start();
    stipend::Result<void> health() const;

    // INVALID: an address or app that cannot be. BUSY: the host's HTTP client takes nothing at the moment.
    stipend::Result<void> submit(const stipend_job& job, stipend::Completion<stipend_job_result> done);
    // The price of an offer is that of one call.
    stipend::Result<void> inspect(std::string_view address, std::string_view capability,
                                  stipend::Completion<stipend_offer> done);
    void cancel(stipend_op op);

  private:
    struct Job;
    struct Question;
    using JobPtr = std::shared_ptr<Job>;

    // The way of a job: begin_try -> offered -> accept_offer -> (identified) -> call -> answered -> (demanded ->
    // signed_for -> call -> answered) -> try_over, then `finish`, or second_try -> begin_try. With a persistent runner
    // `call` is reserve_session -> reserved (-> demanded -> signed_for -> reserve_session -> reserved) ->
    // call_in_session -> answered.
    stipend::Result<JobPtr> take(const stipend_job& job, stipend::Completion<stipend_job_result> done) const;
    stipend::Result<void> begin_try(const JobPtr& job);
    void offered(const JobPtr& job, const Look& look);
    void accept_offer(const JobPtr& job, const livepeer::RunnerOffer& offer);
    void call(const JobPtr& job);
    [[nodiscard]] std::string body_of(const JobPtr& job) const;
    [[nodiscard]] std::string payment_headers(const JobPtr& job) const;
    [[nodiscard]] std::string path_of(const JobPtr& job) const;
    using Answered = void (Dispatch::*)(const JobPtr&, const stipend::HttpReply&);
    // Posts to the orchestrator. An error: the host took nothing, and nothing follows.
    stipend::Result<void> send(const JobPtr& job, const std::string& path, const std::string& headers,
                               const std::string& body, std::uint32_t timeout_ms, Answered then);
    stipend::Result<void> send_call(const JobPtr& job);
    // As `send`; an exchange that the host does not take ends the attempt.
    void post(const JobPtr& job, const std::string& path, const std::string& headers, const std::string& body,
              std::uint32_t timeout_ms, Answered then);
    void host_refused(const JobPtr& job, const stipend::Error& error);
    void answered(const JobPtr& job, const stipend::HttpReply& reply);

    // Of dispatch_session.cpp.
    void reserve_session(const JobPtr& job);
    void reserved(const JobPtr& job, const stipend::HttpReply& reply);
    void call_in_session(const JobPtr& job);
    [[nodiscard]] std::uint32_t time_left_ms(const JobPtr& job) const;
    void stop_session(const JobPtr& job);

    // Of dispatch_pay.cpp.
    [[nodiscard]] stipend::Wei cost_of(const livepeer::RunnerOffer& offer) const;
    [[nodiscard]] bool may_pay(const JobPtr& job);
    void reserve(const JobPtr& job);
    void identify(const JobPtr& job);
    void demanded(const JobPtr& job, const stipend::HttpReply& reply);
    // Between `begin` of `turns_` and its `leave`.
    void ask_alone(const JobPtr& job, const std::string& body);
    void ask_payment(const JobPtr& job, const std::string& body);
    void payment_answered(const JobPtr& job, const SignerAnswer& answer);
    void signed_for(const JobPtr& job, const SignerAnswer& answer);
    void send_payment(const JobPtr& job, const livepeer::RunnerPayment& payment);
    void judge_signer(const JobPtr& job, const std::string& why);
    void convict(const JobPtr& job, const std::string& why);

    // Of dispatch_verdict.cpp.
    void try_over(const JobPtr& job, Attempt attempt);
    void second_try(const JobPtr& job);
    [[nodiscard]] bool may_come_back(const JobPtr& job, const Look& look) const;
    void try_now(const JobPtr& job);
    void pause(const JobPtr& job, std::int64_t delay_ns);
    void judge(const JobPtr& job);
    void fail_check(const JobPtr& job);
    void excuse(const JobPtr& job, const std::string& why);
    // The last of a job: `job` is the caller's own pointer, not the one in jobs_.
    void finish(const JobPtr& job, std::int32_t outcome, std::uint32_t flags, const std::string& reason);
    void fail_job(const JobPtr& job, const stipend::Error& error);
    void note_health(const std::string& problem);

    const Settings settings_;
    const stipend::Host host_;
    stipend::Metric jobs_ok_, jobs_failed_, jobs_unknown_, retries_, payments_;
    // [pool]
    Discovery discovery_;
    std::optional<Signer> signer_;  // where one is configured
    SignerTurns turns_;
    PaidPeriods paid_periods_;
    Witness witness_;
    SessionStops stops_;
    std::unordered_map<stipend_op, JobPtr> jobs_;
    std::unordered_map<stipend_op, std::shared_ptr<Question>> questions_;

    mutable std::mutex mutex_;
    std::string problem_;             // guarded by mutex_: of the payer's own side
    stipend_mono_ns problem_at_ = 0;  // guarded by mutex_
};

}  // namespace runner
