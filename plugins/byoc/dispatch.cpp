#include "dispatch.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "stipend/hex.hpp"
#include "wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::Completion;
using stipend::fail;
using stipend::HttpReply;
using stipend::ns_per_s;
using stipend::Result;
using stipend::Wei;

struct Dispatch::Job {
    Completion<stipend_job_result> done;
    std::string id;
    std::string agent_id;
    std::string nonce;
    std::string capability;
    Expected expected;
    PriceRule rule;
    stipend_unix_ns period_from = 0;
    stipend_unix_ns period_to = 0;
    std::uint32_t window_s = 0;
    Case facts;
    std::optional<Token> token;  // what it said of its price, where that was looked at
    std::string charges;         // it states no price: why an answer of it will not count
    stipend_op exchange = 0;
    std::unique_ptr<stipend::Timer> pause;
};

struct Dispatch::Look {
    Completion<stipend_offer> done;
    stipend_op exchange = 0;
};

namespace {

std::string price_key(const std::string& address, std::string_view capability) {
    return cat(without_slash(address), "\n", capability);
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (!line.empty()) out.emplace_back(line);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return out;
}

EvidenceWanted wanted_of(const stipend_job& raw) {
    return {.orchestrator_id = std::string(stipend::view(raw.orchestrator_id)),
            .nonce = stipend::hex_encode(stipend::view(raw.nonce)),
            .period_from = std::to_string(raw.period_from),
            .period_to = std::to_string(raw.period_to),
            .asked_window_s = raw.window_s,
            .public_key = std::string(stipend::view(raw.public_key))};
}

EthKey fresh_key() {
    auto key = EthKey::generate();
    // Becomes the error of `create`: there is no instance without a key.
    if (!key) throw std::runtime_error(key.error().message);
    return std::move(key).value();
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
      token_header_(fresh_key().address_header()),
      jobs_ok_(stipend::Metric::counter(host, "jobs_ok_total", "Jobs with a valid answer")),
      jobs_failed_(stipend::Metric::counter(host, "jobs_failed_total", "Jobs that failed by their orchestrator")),
      jobs_unknown_(stipend::Metric::counter(host, "jobs_unknown_total", "Jobs that say nothing of an orchestrator")),
      retries_(stipend::Metric::counter(host, "retries_total", "Second tries of jobs")),
      sentinels_(stipend::Metric::counter(host, "sentinel_questions_total", "Failures whose gateway was looked at")) {}

Result<void> Dispatch::start() {
    if (host_.service<stipend_host_http_v1>(STIPEND_HOST_HTTP) == nullptr) {
        return fail(STIPEND_E_UNSUPPORTED, "this host offers no HTTP client");
    }
    if (settings_.price_check_ns != 0 && settings_.pins.empty()) {
        host_.log(STIPEND_LOG_INFO,
                  "orchestrators' certificates are not verified when their prices are looked at: they sign their own; "
                  "orchestrator_pins names the ones to demand");
    }
    return {};
}

Result<Dispatch::JobPtr> Dispatch::take(const stipend_job& raw, Completion<stipend_job_result> done) const {
    const auto given = stipend::view(raw.capability);
    auto job = std::make_shared<Job>(
        Job{.done = std::move(done),
            .id = std::string(stipend::view(raw.job_id)),
            .agent_id = std::string(stipend::view(raw.orchestrator_id)),
            .nonce = std::string(stipend::view(raw.nonce)),
            .capability = given.empty() ? settings_.capability : std::string(given),
            .expected = {.address = std::string(stipend::view(raw.address)),
                         .service_addresses = lines_of(stipend::view(raw.service_addresses)),
                         .evidence = wanted_of(raw),
                         .signed_only = settings_.signed_only || (raw.flags & STIPEND_JOB_NEEDS_SIGNATURE) != 0},
            .rule = {.max_price = settings_.max_price,
                     .unseen_fails = settings_.unseen_price_fails,
                     .max_fee = Wei::from_abi(raw.max_fee_wei),
                     .timeout_s = settings_.timeout_s},
            .period_from = raw.period_from,
            .period_to = raw.period_to,
            .window_s = raw.window_s});
    STIPEND_TRY(check_url(job->expected.address));
    STIPEND_TRY(check_capability(job->capability));
    job->facts.known = (raw.flags & STIPEND_JOB_KNOWN) != 0;
    return job;
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

// An error: our own client took nothing, and nothing follows.
Result<void> Dispatch::begin_try(const JobPtr& job) {
    if (settings_.price_check_ns == 0) return send(job);
    const auto seen = prices_.find(price_key(job->expected.address, job->capability));
    if (seen != prices_.end() && seen->second.until > host_.monotonic() &&
        !price_refusal(seen->second.token, job->rule)) {
        job->token = seen->second.token;
        return send(job);
    }
    STIPEND_LET(op, ask_token(job->expected.address, job->capability,
                              [this, job](const Token& token) { price_seen(job, token); }));
    job->exchange = op;
    return {};
}

void Dispatch::price_seen(const JobPtr& job, const Token& token) {
    if (!job->done.pending()) return;
    if (token.cancelled) return give_up(job, fail(STIPEND_E_CANCELLED, token.why));
    const auto refusal = price_refusal(token, job->rule);
    // Silence of one that the gateway may not even know could be a wrong address in our own configuration: the gateway
    // is asked about it, and an answer will not count.
    const bool may_be_ours = token.said == Token::Said::nothing && !job->facts.known;
    if (refusal && !may_be_ours) {
        auto attempt = not_sent(*refusal);
        attempt.orchestrator_responded = token.said != Token::Said::unseen;
        attempt.sent = true;  // what was asked for the price was the orchestrator: that it is not reached counts
        attempt.latency_ns = token.latency_ns;
        return try_over(job, std::move(attempt));
    }
    job->charges = refusal.value_or("");
    job->token = token;
    if (!refusal) {
        if (prices_.size() >= max_prices) prices_.clear();
        prices_[price_key(job->expected.address, job->capability)] = {token,
                                                                      host_.monotonic() + settings_.price_check_ns};
    }
    if (auto sent = send(job); !sent) try_over(job, not_sent(sent.error().message));
}

Result<void> Dispatch::send(const JobPtr& job) {
    const auto body = job_body({.agent_id = job->agent_id,
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
    if (attempt.cancelled) return give_up(job, fail(STIPEND_E_CANCELLED, attempt.reason));
    if (attempt.valid && job->token) {
        const auto charges =
            job->charges.empty() ? credit_refusal(*job->token, job->rule, attempt.credit).value_or("") : job->charges;
        attempt.valid = charges.empty();
        attempt.reason = charges;
    }
    try_over(job, std::move(attempt));
}

void Dispatch::try_over(const JobPtr& job, Attempt attempt) {
    job->exchange = 0;
    job->facts.attempts.push_back(std::move(attempt));
    const auto& last = job->facts.attempts.back();
    if (last.valid) {
        health_.note(host_.monotonic(), "");
        const std::uint32_t is_signed = last.verified ? STIPEND_RESULT_SIGNED : 0;
        return finish(job, STIPEND_JOB_OK, STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED | is_signed, "");
    }
    const auto& attempts = job->facts.attempts;
    const bool heard =
        std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return one.orchestrator_responded; });
    if (heard) return judged(job, {});
    sentinels_.record(1);
    sentinel_for(job->capability).ask([this, job](const GatewayState& gateway) {
        if (job->done.pending()) judged(job, gateway);
    });
}

void Dispatch::judged(const JobPtr& job, const GatewayState& gateway) {
    if (gateway.is == GatewayState::Is::not_looked) {
        return give_up(job, fail(STIPEND_E_CANCELLED, "the gateway was not looked at: ", gateway.why));
    }
    const auto verdict = judge(job->facts, gateway);
    if (verdict.next == Verdict::Next::try_again) return try_again(job);
    finish(job, verdict.outcome, verdict.flags, verdict.reason);
}

void Dispatch::try_again(const JobPtr& job) {
    retries_.record(1);
    // By its number, so that the job and its timer do not keep each other alive.
    const auto op = job->done.op();
    job->pause = std::make_unique<stipend::Timer>(host_, settings_.retry_after_ns, [this, op] {
        const auto waiting = jobs_.at(op);
        waiting->pause.reset();
        if (auto begun = begin_try(waiting); !begun) try_over(waiting, not_sent(begun.error().message));
    });
    if (!job->pause->armed()) give_up(job, fail(STIPEND_E_BUSY, "the host takes no timer for the second try"));
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
    if (!last.served_by.empty() && job->token) {
        record.fee_wei = most_charged(job->token->price, last.latency_ns).to_abi();
    }
    record.latency_ns = last.latency_ns;
    (outcome == STIPEND_JOB_OK ? jobs_ok_ : outcome == STIPEND_JOB_FAILED ? jobs_failed_ : jobs_unknown_).record(1);
    job->done.finish(record);
}

void Dispatch::give_up(const JobPtr& job, const stipend::Error& error) {
    jobs_.erase(job->done.op());
    job->pause.reset();
    job->done.fail(error);
}

Result<void> Dispatch::inspect(std::string_view address, std::string_view capability, Completion<stipend_offer> done) {
    STIPEND_TRY(check_url(address));
    STIPEND_TRY(check_capability(capability));
    auto look = std::make_shared<Look>(Look{.done = std::move(done)});
    const auto op = look->done.op();
    STIPEND_LET(exchange, ask_token(std::string(address), capability, [this, look](const Token& token) {
                    if (!look->done.pending()) return;
                    looks_.erase(look->done.op());
                    if (token.cancelled) return look->done.fail(fail(STIPEND_E_CANCELLED, token.why));
                    auto offer = stipend::make_record<stipend_offer>();
                    offer.reachable = token.said == Token::Said::price ? 1 : 0;
                    offer.capacity = token.capacity;
                    offer.price_wei_per_s = token.price.to_abi();
                    offer.announced_address = stipend::to_abi(token.announced);
                    offer.latency_ns = token.latency_ns;
                    look->done.finish(offer);
                }));
    look->exchange = exchange;
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
            give_up(job, cancelled);
        } else if (const auto other = looks_.find(op); other != looks_.end()) {
            const auto look = other->second;
            looks_.erase(other);
            host_.cancel_http(look->exchange);
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
            host_, job_url(capability), cat(job_headers(sentinel_address, capability), "Idempotency-Key: sentinel\r\n"),
            health_);
        found = sentinels_by_capability_.emplace(capability, std::move(made)).first;
    }
    return *found->second;
}

std::string Dispatch::job_url(const std::string& capability) const {
    return cat(settings_.gateway, "/process/request/", settings_.path.empty() ? capability : settings_.path);
}

std::string Dispatch::job_headers(std::string_view address, const std::string& capability) const {
    return cat("Content-Type: application/json\r\nLivepeer: ",
               livepeer_header(address, capability, settings_.timeout_s), "\r\n");
}

Result<stipend_op> Dispatch::ask_token(const std::string& address, std::string_view capability, TokenDone done) const {
    const std::string bare(without_slash(address));
    const auto url = cat(bare, "/process/token");
    const auto headers = cat("Livepeer-Eth-Address: ", token_header_, "\r\nLivepeer-Capability: ", capability, "\r\n");
    stipend::HttpRequest request;
    request.url = url;
    request.headers = headers;
    request.timeout_ms = token_timeout_ms;
    request.max_response_bytes = max_token;
    const auto pin = settings_.pins.find(bare);
    if (pin != settings_.pins.end()) {
        request.pin_sha256 = pin->second;
        request.tls_mode = STIPEND_TLS_PINNED;
    } else if (bare.starts_with("https:")) {
        request.tls_mode = STIPEND_TLS_NONE;
    }
    return host_.http(request, [done = std::move(done)](const HttpReply& reply) mutable { done(read_token(reply)); });
}

}  // namespace byoc
