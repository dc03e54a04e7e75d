#include "dispatch.hpp"

#include "job.hpp"
#include "livepeer/wire.hpp"

namespace runner {

using stipend::cat;
using stipend::Completion;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;
using stipend::Wei;

namespace {

// Why a runner cannot be called; empty: it can.
std::string offer_refusal(const livepeer::RunnerOffers& offers, const std::string& app) {
    if (livepeer::choose_runner(offers) != nullptr) return {};
    if (!offers.runners.empty()) {
        const auto& first = offers.runners.front();
        return cat("its runner of ", app, " has mode ", first.single_shot ? "single-shot" : "persistent",
                   " and the URL of another one: ", livepeer::printable(first.path, 160));
    }
    return cat("it answers and has no runner of ", app, " (", offers.others,
               " of other apps): is its worker registered, and healthy?");
}

// Each unit has a limit of its own, so a price is compared as it is.
std::string price_refusal(const livepeer::RunnerOffer& offer, const Settings& settings) {
    if (!offer.price || offer.price->zero()) return {};
    if (!livepeer::first_cost(offer)) {
        return cat("its price is per ", offer.unit, ", want one for a call (fixed) or by the second (hour)");
    }
    const bool fixed = offer.unit == "fixed";
    const auto most = fixed ? settings.max_price : settings.max_second;
    if (!(Wei(most) < *offer.price)) return {};
    return cat("it asks ", offer.price->text(), fixed ? " wei for a call" : " wei for a second", ", want at most ",
               most, fixed ? " (max_price)" : " (max_price_per_second)");
}

}  // namespace

Dispatch::Dispatch(Settings settings, stipend::Host host)
    : settings_(std::move(settings)),
      host_(host),
      jobs_ok_(stipend::Metric::counter(host, "jobs_ok_total", "Jobs with a valid answer")),
      jobs_failed_(stipend::Metric::counter(host, "jobs_failed_total", "Jobs that failed by their orchestrator")),
      jobs_unknown_(stipend::Metric::counter(host, "jobs_unknown_total", "Jobs that say nothing of an orchestrator")),
      retries_(stipend::Metric::counter(host, "retries_total", "Second tries of jobs")),
      payments_(stipend::Metric::counter(host, "payments_total", "Calls that carried a payment")),
      discovery_(host, settings_),
      paid_periods_(host),
      witness_(host, settings_),
      stops_(host, settings_) {
    if (!settings_.signer.empty()) signer_.emplace(host, settings_.signer);
}

Result<void> Dispatch::start() {
    if (host_.service<stipend_host_http_v1>(STIPEND_HOST_HTTP) == nullptr) {
        return fail(STIPEND_E_UNSUPPORTED, "this host offers no HTTP client");
    }
    if (!settings_.signed_only) {
        host_.log(STIPEND_LOG_INFO,
                  "evidence: any: without a worker's key, whatever answers at an orchestrator's address counts as it");
    }
    return {};
}

Result<Dispatch::JobPtr> Dispatch::take(const stipend_job& raw, Completion<stipend_job_result> done) const {
    const auto given = stipend::view(raw.capability);
    const bool is_call = (raw.flags & STIPEND_JOB_CALL) != 0;
    auto job = std::make_shared<Job>(
        Job{.done = std::move(done),
            .id = std::string(stipend::view(raw.job_id)),
            .agent_id = std::string(stipend::view(raw.orchestrator_id)),
            .nonce = std::string(stipend::view(raw.nonce)),
            .address = std::string(stipend::view(raw.address)),
            .app = given.empty() ? settings_.app : std::string(given),
            .expected = {.evidence = livepeer::evidence_wanted(raw),
                         .signed_only = settings_.signed_only || (raw.flags & STIPEND_JOB_NEEDS_SIGNATURE) != 0,
                         .call = is_call},
            .max_fee = Wei::from_abi(raw.max_fee_wei),
            .period_from = raw.period_from,
            .period_to = raw.period_to,
            .window_s = raw.window_s,
            .registered = (raw.flags & STIPEND_JOB_REGISTERED) != 0});
    STIPEND_TRY(livepeer::check_url(job->address));
    STIPEND_TRY(livepeer::check_app(job->app));
    if (is_call) {
        job->call_type = stipend::view(raw.call_type);
        job->payload = stipend::view(raw.payload);
        if (job->call_type.empty() || job->payload.empty()) {
            return fail(STIPEND_E_INVALID, "a call without its type or payload");
        }
    }
    // The payer's own omission, so no job is sent: its answer would count against the orchestrator.
    if (!is_call && job->expected.signed_only && job->expected.evidence.public_key.empty()) {
        return fail(STIPEND_E_INVALID, "signed evidence is demanded, and its worker's key is not known: want a ",
                    "worker_key in its entry");
    }
    return job;
}

Result<void> Dispatch::submit(const stipend_job& raw, Completion<stipend_job_result> done) {
    STIPEND_LET(job, take(raw, std::move(done)));
    const auto op = job->done.op();
    if (auto begun = begin_try(job); !begun) return fail(STIPEND_E_BUSY, begun.error().message);
    jobs_.emplace(op, job);
    return {};
}

// An error: the host took nothing, and nothing follows. Otherwise the rest comes later, never from inside this call.
Result<void> Dispatch::begin_try(const JobPtr& job) {
    job->offer.reset();
    job->payment.reset();
    job->refreshed = false;
    if (const auto* known = discovery_.known(job->address, job->app); known != nullptr && !job->waiting) {
        if (const bool free_call = known->single_shot && (!known->price || known->price->zero()); free_call) {
            job->offer = *known;
            // What the host does not take ends as an attempt, below: the path in the offer is the orchestrator's.
            if (send_call(job)) return {};
        }
        const auto op = job->done.op();
        const bool posted = host_.post([this, op, offer = *known] {
            if (const auto found = jobs_.find(op); found != jobs_.end()) accept_offer(JobPtr(found->second), offer);
        });
        if (!posted) return fail(STIPEND_E_BUSY, "the host takes no work");
        return {};
    }
    STIPEND_SET(job->ask, discovery_.ask(job->address, job->app, job->registered,
                                         [this, job](const Look& look) { offered(job, look); }));
    return {};
}

void Dispatch::offered(const JobPtr& job, const Look& look) {
    if (!job->done.pending()) return;
    if (look.exchange.cancelled) return fail_job(job, fail(STIPEND_E_CANCELLED, look.exchange.reason));
    if (look.exchange.responded) {
        job->heard = true;
        witness_.note(job->address, job->registered);
    }
    const auto left_ns = job->latest - host_.monotonic();
    if (job->waiting && may_come_back(job, look) && left_ns > 0) return pause(job, std::min(look_every_ns, left_ns));
    job->waiting = false;
    if (!look.exchange.valid) return try_over(job, look.exchange);
    if (auto why = offer_refusal(look.offers, job->app); !why.empty()) {
        auto attempt = refused_offer(std::move(why));
        attempt.latency_ns = look.exchange.latency_ns;
        return try_over(job, std::move(attempt));
    }
    accept_offer(job, *livepeer::choose_runner(look.offers));
}

void Dispatch::accept_offer(const JobPtr& job, const livepeer::RunnerOffer& offer) {
    if (!job->done.pending()) return;
    job->offer = offer;
    if (auto why = price_refusal(offer, settings_); !why.empty()) {
        discovery_.forget(job->address, job->app);
        return try_over(job, refused_offer(std::move(why)));
    }
    if (!job->priced()) return call(job);
    if (may_pay(job)) reserve(job);
}

std::string Dispatch::body_of(const JobPtr& job) const {
    if (job->expected.call) {
        return livepeer::call_body({.type = job->call_type,
                                    .payload = job->payload,
                                    .agent_id = job->agent_id,
                                    .job_id = job->id,
                                    .at = host_.now()});
    }
    return livepeer::job_body({.agent_id = job->agent_id,
                               .job_id = job->id,
                               .nonce = job->nonce,
                               .period_from = job->period_from,
                               .period_to = job->period_to,
                               .window_s = job->window_s,
                               .at = host_.now()});
}

std::string Dispatch::payment_headers(const JobPtr& job) const {
    std::string out;
    if (job->priced()) out += cat("Livepeer-Payer-Address: ", signer_->address(), "\r\n");
    if (job->payment) {
        out +=
            cat("Livepeer-Payment: ", job->payment->payment, "\r\nLivepeer-Segment: ", job->payment->segment, "\r\n");
    }
    return out;
}

std::string Dispatch::path_of(const JobPtr& job) const {
    return cat("/", settings_.path.empty() ? job->app : settings_.path);
}

void Dispatch::call(const JobPtr& job) {
    if (!job->offer->single_shot) return reserve_session(job);
    if (job->payment) job->paid_at = host_.monotonic();
    if (auto sent = send_call(job); !sent) host_refused(job, sent.error());
}

Result<void> Dispatch::send_call(const JobPtr& job) {
    return send(job, job->offer->path + path_of(job), payment_headers(job), body_of(job), time_left_ms(job),
                &Dispatch::answered);
}

void Dispatch::post(const JobPtr& job, const std::string& path, const std::string& headers, const std::string& body,
                    std::uint32_t timeout_ms, Answered then) {
    if (auto sent = send(job, path, headers, body, timeout_ms, then); !sent) host_refused(job, sent.error());
}

Result<void> Dispatch::send(const JobPtr& job, const std::string& path, const std::string& headers,
                            const std::string& body, std::uint32_t timeout_ms, Answered then) {
    const auto url = cat(livepeer::without_slash(job->address), path);
    const auto all_headers = cat("Content-Type: application/json\r\n", headers);
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = all_headers;
    request.body = body;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = settings_.max_body;
    std::string pin;
    STIPEND_TRY(address_to(request, settings_, job->address, job->registered, pin));
    STIPEND_SET(job->exchange,
                host_.http(request, [this, job, then](const HttpReply& reply) { (this->*then)(job, reply); }));
    return {};
}

// What can be wrong with a request is the path, which the orchestrator stated; everything else is this machine's.
void Dispatch::host_refused(const JobPtr& job, const stipend::Error& error) {
    auto attempt = error.status == STIPEND_E_INVALID ? refused_offer(error.message) : not_sent(error.message);
    attempt.paid = job->payment.has_value();
    if (attempt.paid && !job->session) job->fee = Wei();
    try_over(job, std::move(attempt));
}

void Dispatch::answered(const JobPtr& job, const HttpReply& reply) {
    job->exchange = 0;
    if (!job->done.pending()) return;
    if (reply.http_status() == 402 && reply.status == STIPEND_OK && job->priced() && !job->payment && !job->session) {
        return demanded(job, reply);
    }
    auto attempt = read_answer(reply, job->expected);
    attempt.paid = job->payment.has_value();
    if (attempt.cancelled) return fail_job(job, fail(STIPEND_E_CANCELLED, attempt.reason));
    if (attempt.http_status == 402 && !job->priced()) {
        attempt.reason = cat("it states no price and demands a payment: ", attempt.reason);
    }
    if (attempt.paid && !attempt.valid) attempt.reason = cat("after its payment: ", attempt.reason);
    // What never left this machine costs nothing.
    if (attempt.paid && attempt.local() && !job->session) job->fee = Wei();
    if (attempt.responded) {
        job->heard = true;
        witness_.note(job->address, job->registered);
    }
    try_over(job, std::move(attempt));
}

Result<void> Dispatch::inspect(std::string_view address, std::string_view given, Completion<stipend_offer> done) {
    const std::string app(given.empty() ? std::string_view(settings_.app) : given);
    STIPEND_TRY(livepeer::check_url(address));
    STIPEND_TRY(livepeer::check_app(app));
    auto question = std::make_shared<Question>(Question{.done = std::move(done)});
    const auto op = question->done.op();
    STIPEND_SET(question->ask, discovery_.ask(std::string(address), app, false, [this, question](const Look& look) {
        if (!question->done.pending()) return;
        questions_.erase(question->done.op());
        if (look.exchange.cancelled) return question->done.fail(fail(STIPEND_E_CANCELLED, look.exchange.reason));
        const auto* runner = look.exchange.valid ? livepeer::choose_runner(look.offers) : nullptr;
        auto offer = stipend::make_record<stipend_offer>();
        offer.reachable = look.exchange.valid ? 1 : 0;
        offer.capacity = runner == nullptr ? 0 : runner->available;
        offer.price_wei_per_s = (runner == nullptr ? Wei() : runner->price.value_or(Wei())).to_abi();
        offer.announced_address = stipend::to_abi(look.offers.announced);
        offer.latency_ns = look.exchange.latency_ns;
        question->done.finish(offer);
    }));
    questions_.emplace(op, std::move(question));
    return {};
}

void Dispatch::cancel(stipend_op op) {
    // From any thread: what belongs to [pool] is touched there.
    static_cast<void>(host_.post([this, op] {
        const auto cancelled = fail(STIPEND_E_CANCELLED, "cancelled");
        if (const auto found = jobs_.find(op); found != jobs_.end()) {
            const auto job = found->second;
            // What may begin a session goes on, so that its answer says how to end it.
            if (job->exchange != 0 && !job->reserving) host_.cancel_http(job->exchange);
            discovery_.cancel(job->ask);
            fail_job(job, cancelled);
        } else if (const auto other = questions_.find(op); other != questions_.end()) {
            const auto question = other->second;
            questions_.erase(other);
            discovery_.cancel(question->ask);
            question->done.fail(cancelled);
        }
    }));
}

}  // namespace runner
