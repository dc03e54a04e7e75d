#include "dispatch.hpp"

#include <algorithm>
#include <stdexcept>

#include "dispatch_job.hpp"
#include "livepeer/credential.hpp"
#include "livepeer/eth_key.hpp"
#include "livepeer/wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::Completion;
using stipend::fail;
using stipend::HttpReply;
using stipend::ns_per_s;
using stipend::Result;
using stipend::Wei;

namespace {

CredentialSource::From credential_of(const Settings& settings) {
    if (settings.credential) return {settings.credential->header(), true, {}, {}};
    auto key = livepeer::EthKey::generate();
    // Becomes the error of `create`: there is no instance without a key.
    if (!key) throw std::runtime_error(key.error().message);
    return {livepeer::credential_of(*key).header(), false, settings.cli, settings.remote_signer};
}

// Of all attempts but those for which the gateway found no orchestrator, and so paid none. A lost or broken response
// may have been charged.
Wei total_fee(const std::vector<Attempt>& attempts) {
    stipend::CheckedU256 sum;
    for (const auto& one : attempts) sum += one.unlisted ? stipend::CheckedU256() : one.fee.value();
    return Wei(std::move(sum));
}

// The most that one job may cost.
Wei most_fee(const Settings& settings) {
    return Wei(stipend::CheckedU256(settings.max_price) * settings.timeout_s);
}

// An orchestrator charges each second that was begun, at least one. Our clock saw the way there and back as well, so
// this is the most that it can have charged.
Wei most_charged(const Wei& price_per_s, std::int64_t latency_ns) {
    const auto seconds = std::max<std::int64_t>((latency_ns + ns_per_s - 1) / ns_per_s, 1);
    return Wei(stipend::CheckedU256(price_per_s.value() * seconds));
}

}  // namespace

Dispatch::Dispatch(Settings settings, stipend::Host host)
    : settings_(std::move(settings)),
      host_(host),
      jobs_ok_(stipend::Metric::counter(host, "jobs_ok_total", "Jobs with a valid answer")),
      jobs_failed_(stipend::Metric::counter(host, "jobs_failed_total", "Jobs that failed by their orchestrator")),
      jobs_unknown_(stipend::Metric::counter(host, "jobs_unknown_total", "Jobs that say nothing of an orchestrator")),
      retries_(stipend::Metric::counter(host, "retries_total", "Second tries of jobs")),
      sentinels_(stipend::Metric::counter(host, "sentinel_questions_total", "Failures whose gateway was looked at")),
      credential_(host, credential_of(settings_)),
      tokens_(host, settings_, credential_),
      quarantine_(host, settings_.quarantine_ns, settings_.max_price) {
    if (!settings_.cli.url.empty()) funds_.emplace(host, settings_.cli, most_fee(settings_));
}

Result<void> Dispatch::start() {
    if (host_.service<stipend_host_http_v1>(STIPEND_HOST_HTTP) == nullptr) {
        return fail(STIPEND_E_UNSUPPORTED, "this host offers no HTTP client");
    }
    if (settings_.price_check_ns != 0 && settings_.trust.empty()) {
        host_.log(STIPEND_LOG_INFO,
                  "orchestrators' certificates are not verified when their prices are asked for: they sign their own; "
                  "orchestrator_pins names the ones to require");
    }
    if (settings_.max_price != 0 && !credential_.own()) {
        host_.log(
            STIPEND_LOG_WARN,
            "orchestrators that charge state no price to a sender without a reserve: want gateway_credential, which "
            "`stipend gateway-credential` writes, or gateway_cli");
    }
    if (funds_ && !host_.post([this] { funds_->begin(); })) return fail(STIPEND_E_BUSY, "the host takes no work");
    return {};
}

Result<void> Dispatch::submit(const stipend_job& raw, Completion<stipend_job_result> done) {
    STIPEND_LET(job, take(raw, std::move(done)));
    const auto op = job->done.op();
    if (auto begun = begin_try(job); !begun) {
        return fail(STIPEND_E_BUSY, begun.error().message);
    }
    jobs_.emplace(op, job);
    return {};
}

// An error: the host took nothing, and nothing follows. Otherwise the rest comes later, never from inside this call.
Result<void> Dispatch::begin_try(const JobPtr& job) {
    job->token.reset();
    job->asked_at.reset();
    job->price_too_high = false;
    const auto& address = job->expected.address;
    if (const auto why = quarantine_.refusal(address)) {
        const auto op = job->done.op();
        const bool posted = host_.post([this, op, why = *why] {
            if (const auto found = jobs_.find(op); found != jobs_.end()) refuse_quarantined(JobPtr(found->second), why);
        });
        if (!posted) return fail(STIPEND_E_BUSY, "the host takes no work");
        return {};
    }
    if (settings_.price_check_ns == 0) return send(job);
    const auto* known = tokens_.price(address, job->capability);
    if (known != nullptr && judge_price(*known, job->rule).is == PriceVerdict::Is::good) {
        job->token = *known;
        return reserve_and_send(job);
    }
    job->asked_at = host_.monotonic();
    STIPEND_SET(job->ask, tokens_.ask(address, job->capability, job->registered,
                                      [this, job](const livepeer::Token& token) { price_stated(job, token); }));
    return {};
}

void Dispatch::refuse_quarantined(const JobPtr& job, const std::string& why) {
    auto attempt = not_sent(why);
    attempt.orchestrator_responded = true;
    job->facts.attempts.push_back(std::move(attempt));
    finish(job, STIPEND_JOB_FAILED, 0, why);
}

void Dispatch::price_stated(const JobPtr& job, const livepeer::Token& token) {
    if (!job->done.pending()) return;
    if (token.cancelled) return fail_job(job, fail(STIPEND_E_CANCELLED, token.why));
    const auto price = judge_price(token, job->rule);
    if (price.is == PriceVerdict::Is::good) {
        job->token = token;
        if (auto sent = reserve_and_send(job); !sent) try_over(job, not_sent(sent.error().message));
        return;
    }
    auto attempt = not_sent(price.why);
    attempt.latency_ns = token.latency_ns;
    if (price.is == PriceVerdict::Is::over_budget) {
        job->facts.attempts.push_back(std::move(attempt));
        return finish(job, STIPEND_JOB_UNKNOWN, STIPEND_RESULT_OVER_FEE, price.why);
    }
    job->price_too_high = price.is == PriceVerdict::Is::too_high;
    attempt.price_unseen = !job->price_too_high;
    attempt.local = token.cause == STIPEND_HTTP_CAUSE_LOCAL;
    attempt.sent = true;  // the orchestrator was asked instead of the gateway: that it is not reached counts
    // The address of one that the gateway may not even know can be wrong in our own configuration.
    attempt.orchestrator_responded =
        job->price_too_high || (token.said == livepeer::Token::Said::nothing && job->facts.known);
    if (token.no_reserve || token.none_free())
        attempt.reason = cat(price.why, "; ", explanation(token, job->capability, false));
    job->look = token;
    try_over(job, std::move(attempt));
}

// A job that costs something is sent when the host has the most that it may cost on its books. As above.
Result<void> Dispatch::reserve_and_send(const JobPtr& job) {
    if (!job->token || job->token->price.zero()) return send(job);
    const Wei most(stipend::CheckedU256(job->token->price.value() * settings_.timeout_s));
    return host_.reserve_fee(job->id, most.to_abi(), [this, job](const Result<void>& answer) {
        if (!job->done.pending()) return;
        if (answer) {
            if (auto sent = send(job); !sent) try_over(job, not_sent(sent.error().message));
            return;
        }
        job->facts.attempts.push_back(not_sent(answer.error().message));
        finish(job, STIPEND_JOB_UNKNOWN, 0, answer.error().message);
    });
}

Result<void> Dispatch::send(const JobPtr& job) {
    const auto body = job->expected.call ? livepeer::call_body({.type = job->call_type,
                                                                .payload = job->payload,
                                                                .agent_id = job->agent_id,
                                                                .job_id = job->id,
                                                                .at = host_.now()})
                                         : livepeer::job_body({.agent_id = job->agent_id,
                                                               .job_id = job->id,
                                                               .nonce = job->nonce,
                                                               .period_from = job->period_from,
                                                               .period_to = job->period_to,
                                                               .window_s = job->window_s,
                                                               .at = host_.now()});
    const auto url = job_url(job->capability);
    const auto headers = job_headers(job->expected.address, job->capability);
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = headers;
    request.body = body;
    request.timeout_ms = (settings_.timeout_s + grace_s) * 1000;
    request.max_response_bytes = settings_.max_body;
    STIPEND_LET(op, host_.http(request, [this, job](const HttpReply& reply) { answered(job, reply); }));
    job->exchange = op;
    return {};
}

void Dispatch::answered(const JobPtr& job, const HttpReply& reply) {
    if (!job->done.pending()) return;
    auto attempt = read_answer(reply, job->expected);
    if (attempt.cancelled) return fail_job(job, fail(STIPEND_E_CANCELLED, attempt.reason));
    if (job->token && attempt.sent) attempt.fee = most_charged(job->token->price, attempt.latency_ns);
    if (attempt.valid && job->token) {
        const auto charges = credit_refusal(*job->token, job->rule, attempt.credit).value_or("");
        attempt.valid = charges.empty();
        attempt.reason = charges;
    }
    // Once the orchestrator has had the job, its own balances before and after it show what it charged.
    const auto credit = Wei::parse(reply.header("livepeer-balance"));
    if (job->token && job->asked_at && credit && !attempt.served_by.empty()) {
        const auto excess = overcharge(*job->token, *credit, host_.monotonic() - *job->asked_at, job->rule.max_price);
        if (excess) {
            // A call decides nothing about checks.
            if (!job->expected.call) quarantine_.add(job->expected.address, *excess);
            attempt.valid = false;
            attempt.reason = *excess;
        }
    }
    try_over(job, std::move(attempt));
}

void Dispatch::try_over(const JobPtr& job, Attempt attempt) {
    job->exchange = 0;
    job->facts.attempts.push_back(std::move(attempt));
    const auto& last = job->facts.attempts.back();
    // A call is tried once, since its work may not be done twice, and no fault is looked for.
    if (job->expected.call) {
        return finish(job, last.valid ? STIPEND_JOB_OK : STIPEND_JOB_FAILED, 0, last.valid ? "" : last.reason);
    }
    if (last.valid) {
        health_.note(host_.monotonic(), "");
        if (job->facts.attempts.size() > 1) {
            host_.log(
                STIPEND_LOG_INFO,
                cat(job->agent_id, ": the second try is answered; the first: ", job->facts.attempts.front().reason));
        }
        const std::uint32_t is_signed = last.verified ? STIPEND_RESULT_SIGNED : 0;
        return finish(job, STIPEND_JOB_OK, STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED | is_signed,
                      last.services);
    }
    if (is_orchestrators_own(job->facts.attempts)) return judged(job, {});
    sentinels_.record(1);
    sentinel_for(job->capability).ask([this, job](const GatewayState& gateway) {
        if (job->done.pending()) judged(job, gateway);
    });
}

void Dispatch::judged(const JobPtr& job, const GatewayState& gateway) {
    if (gateway.is == GatewayState::Is::not_looked) {
        return fail_job(job, fail(STIPEND_E_CANCELLED, "the gateway was not looked at: ", gateway.why));
    }
    auto& last = job->facts.attempts.back();
    last.unlisted = is_gateway_not_found(last, gateway.words);
    if (job->look) explain(job);
    const auto verdict = judge(job->facts, gateway);
    if (verdict.next == Verdict::Next::try_again) return second_try(job);
    if (verdict.outcome == STIPEND_JOB_FAILED) return look_for_restart(job, verdict);
    finish(job, verdict.outcome, verdict.flags, verdict.reason);
}

void Dispatch::finish(const JobPtr& job, std::int32_t outcome, std::uint32_t flags, const std::string& reason) {
    jobs_.erase(job->done.op());
    const auto& last = job->facts.attempts.back();
    auto record = stipend::make_record<stipend_job_result>();
    record.outcome = outcome;
    record.http_status = last.http_status;
    record.flags = flags;
    record.reported_ppm = outcome == STIPEND_JOB_OK ? last.reported_ppm : 0;
    record.reported_window_s = outcome == STIPEND_JOB_OK ? last.reported_window_s : 0;
    record.served_by = stipend::to_abi(last.served_by);
    record.reason = stipend::to_abi(reason);
    record.evidence = stipend::bytes_to_abi(last.body);
    record.fee_wei = total_fee(job->facts.attempts).to_abi();
    record.latency_ns = last.latency_ns;
    (outcome == STIPEND_JOB_OK ? jobs_ok_ : outcome == STIPEND_JOB_FAILED ? jobs_failed_ : jobs_unknown_).record(1);
    job->done.finish(record);
}

void Dispatch::fail_job(const JobPtr& job, const stipend::Error& error) {
    jobs_.erase(job->done.op());
    job->pause.reset();
    job->done.fail(error);
}

Result<void> Dispatch::inspect(std::string_view address, std::string_view given, Completion<stipend_offer> done) {
    const std::string_view capability = given.empty() ? std::string_view(settings_.capability) : given;
    STIPEND_TRY(livepeer::check_url(address));
    STIPEND_TRY(livepeer::check_capability(capability));
    auto look = std::make_shared<Look>(Look{.done = std::move(done)});
    const auto op = look->done.op();
    STIPEND_SET(look->ask,
                tokens_.ask(std::string(address), capability, false, [this, look](const livepeer::Token& token) {
                    if (!look->done.pending()) return;
                    looks_.erase(look->done.op());
                    if (token.cancelled) return look->done.fail(fail(STIPEND_E_CANCELLED, token.why));
                    auto offer = stipend::make_record<stipend_offer>();
                    offer.reachable = token.said == livepeer::Token::Said::price ? 1 : 0;
                    offer.capacity = token.capacity;
                    offer.price_wei_per_s = token.price.to_abi();
                    offer.announced_address = stipend::to_abi(token.announced);
                    offer.latency_ns = token.latency_ns;
                    look->done.finish(offer);
                }));
    looks_.emplace(op, std::move(look));
    return {};
}

void Dispatch::cancel(stipend_op op) {
    // From any thread: what belongs to [pool] is touched there.
    static_cast<void>(host_.post([this, op] {
        const auto cancelled = fail(STIPEND_E_CANCELLED, "cancelled");
        if (const auto found = jobs_.find(op); found != jobs_.end()) {
            const auto job = found->second;
            if (job->exchange != 0) host_.cancel_http(job->exchange);
            tokens_.cancel(job->ask);
            fail_job(job, cancelled);
        } else if (const auto other = looks_.find(op); other != looks_.end()) {
            const auto look = other->second;
            looks_.erase(other);
            tokens_.cancel(look->ask);
            look->done.fail(cancelled);
        }
    }));
}

Sentinel& Dispatch::sentinel_for(const std::string& capability) {
    auto found = sentinels_by_capability_.find(capability);
    if (found == sentinels_by_capability_.end()) {
        // Beyond the bound the first one serves: the gateway's words then differ by the capability's name, and an
        // orchestrator that it does not know counts as failed.
        if (sentinels_by_capability_.size() >= max_capabilities) return *sentinels_by_capability_.begin()->second;
        auto made = std::make_unique<Sentinel>(
            host_, job_url(capability),
            cat(job_headers(livepeer::sentinel_address, capability), "Idempotency-Key: sentinel\r\n"), health_);
        found = sentinels_by_capability_.emplace(capability, std::move(made)).first;
    }
    return *found->second;
}

std::string Dispatch::job_url(const std::string& capability) const {
    return cat(settings_.gateway, "/process/request/", settings_.path.empty() ? capability : settings_.path);
}

std::string Dispatch::job_headers(std::string_view address, const std::string& capability) const {
    return cat("Content-Type: application/json\r\nLivepeer: ",
               livepeer::livepeer_header(address, capability, settings_.timeout_s), "\r\n");
}

}  // namespace byoc
