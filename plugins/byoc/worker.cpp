#include "worker.hpp"

#include <botan/mem_ops.h>

#include <stdexcept>

#include "livepeer/credential.hpp"
#include "livepeer/eth_key.hpp"
#include "livepeer/wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;
using stipend::Route;
using stipend::RouteRequest;
using stipend::ServiceReport;

namespace {

constexpr std::string_view json_type = "Content-Type: application/json\r\n";
constexpr std::string_view seed_key = "key_seed";

// Signs the requests for the orchestrator's token: a key without funds that is never stored.
std::string throwaway_header() {
    auto key = livepeer::EthKey::generate();
    if (!key) throw std::runtime_error(key.error().message);  // becomes the error of `create`
    return livepeer::credential_of(*key).header();
}

std::string error_text(std::string_view why) {
    return Json::object().set("error", why).dump();
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           Botan::constant_time_compare(reinterpret_cast<const std::uint8_t*>(a.data()),
                                        reinterpret_cast<const std::uint8_t*>(b.data()), a.size());
}

}  // namespace

Worker::Worker(Settings settings, stipend::Host host)
    : settings_(std::move(settings)),
      host_(host),
      registration_(settings_, host, throwaway_header(), [this] { return in_hand_.empty(); }),
      jobs_(stipend::Metric::counter(host, "jobs_total", "Jobs that were answered")),
      jobs_refused_(stipend::Metric::counter(host, "jobs_refused_total", "Jobs that were refused")) {}

Result<void> Worker::start() {
    if (settings_.registers && host_.service<stipend_host_http_v1>(STIPEND_HOST_HTTP) == nullptr) {
        return fail(STIPEND_E_UNSUPPORTED, "this host offers no HTTP client to register with");
    }
    STIPEND_TRY(mount());
    if (!host_.post([this] { begin(); })) return fail(STIPEND_E_BUSY, "the host takes no work");
    return {};
}

Result<void> Worker::mount() {
    STIPEND_TRY(add_route("GET", "/health",
                          [](RouteRequest request) { request.respond(200, json_type, R"({"status":"ok"})"); }));
    STIPEND_TRY(add_route("GET", "/service-status",
                          [this](RouteRequest request) { tell(std::move(request), &Worker::status); }));
    STIPEND_TRY(add_route("GET", "/service-uptime",
                          [this](RouteRequest request) { tell(std::move(request), &Worker::uptime); }));
    return add_route("POST", cat("/", settings_.capability),
                     [this](RouteRequest request) { take_job(std::move(request)); });
}

Result<void> Worker::add_route(std::string_view method, const std::string& path, Route::Handler handler) {
    STIPEND_LET(route, Route::add(host_, settings_.listener, method, path, std::move(handler)));
    routes_.push_back(std::move(route));
    return {};
}

void Worker::begin() {
    auto key = find_key();
    if (key) {
        key_.emplace(std::move(key).value());
        host_.log(STIPEND_LOG_INFO,
                  cat("evidence is signed for ", settings_.orchestrator_id, " by worker_key ", key_->public_hex()));
    } else {
        const std::lock_guard lock(mutex_);
        key_problem_ = cat("no evidence is signed: ", key.error().message);
        host_.log(STIPEND_LOG_ERROR, key_problem_);
    }
    if (settings_.registers) registration_.begin();
}

// The configured key, else the stored one, else a new one, which is then stored. A key that cannot be stored is not
// used: the payer would see another worker after each restart.
Result<livepeer::SigningKey> Worker::find_key() {
    if (!settings_.key_seed.empty()) return livepeer::SigningKey::from_seed(settings_.key_seed);
    const auto kept = host_.kv_get(seed_key);
    if (kept) {
        auto key = livepeer::SigningKey::from_seed(*kept);
        if (!key) return std::move(key).error().in("the key that was kept");
        return key;
    }
    if (kept.error().status != STIPEND_E_UNAVAILABLE) return Result<livepeer::SigningKey>(stipend::Error(kept.error()));
    STIPEND_LET(seed, livepeer::SigningKey::random_seed());
    STIPEND_TRY(host_.kv_put(seed_key, seed));
    return livepeer::SigningKey::from_seed(seed);
}

void Worker::quiesce() {
    if (settings_.registers) registration_.farewell();
}

Result<void> Worker::health() {
    {
        const std::lock_guard lock(mutex_);
        if (!key_problem_.empty()) return fail(STIPEND_E_INTERNAL, key_problem_);
    }
    if (settings_.registers) return registration_.health();
    return {};
}

Result<std::string> Worker::report() {
    auto out = Json::object();
    out.set("capability", settings_.capability);
    out.set("url", settings_.url);
    out.set("orchestrator_id", settings_.orchestrator_id);
    if (key_) out.set("worker_key", key_->public_hex());
    {
        const std::lock_guard lock(mutex_);
        if (!key_problem_.empty()) out.set("key_problem", key_problem_);
    }
    out.set("registration", settings_.registers ? registration_.report() : Json::object().set("state", "off"));
    out.set("jobs", jobs_done_);
    out.set("jobs_refused", jobs_turned_away_);
    out.set("jobs_in_hand", in_hand_.size());
    return out.dump();
}

void Worker::tell(RouteRequest request, Json (Worker::*answer)(const ServiceReport&) const) const {
    const auto refuse = [&](int status, const stipend::Error& why) {
        request.respond(status, json_type, error_text(why.message));
    };
    const auto window = window_of_query(request.query, settings_.window_s);
    if (!window) return refuse(400, window.error());
    const auto report = host_.services(*window);
    if (!report) return refuse(503, report.error());
    request.respond(200, json_type, (this->*answer)(*report).dump());
}

Json Worker::status(const ServiceReport& report) const {
    auto answer = status_answer(report, settings_);
    if (key_) answer.set("worker_key", key_->public_hex());
    if (settings_.registers) answer.set("registration", registration_.report());
    return answer;
}

Json Worker::uptime(const ServiceReport& report) const {
    return uptime_answer(report, settings_);
}

bool Worker::may_ask(const RouteRequest& request) const {
    return settings_.token.empty() || same_secret(request.header("authorization"), cat("Bearer ", settings_.token));
}

void Worker::refuse_job(RouteRequest request, int status, std::string_view why) {
    ++jobs_turned_away_;
    jobs_refused_.record(1);
    host_.log(STIPEND_LOG_DEBUG,
              cat("job from ", livepeer::printable(request.peer, 80), " refused: ", status, ": ", why));
    request.respond(status, json_type, error_text(why));
}

void Worker::take_job(RouteRequest request) {
    // Not 401: on that an orchestrator removes the capability.
    if (!may_ask(request)) return refuse_job(std::move(request), 403, "wrong or missing bearer token");
    if (in_hand_.size() >= static_cast<std::size_t>(settings_.capacity)) {
        return refuse_job(std::move(request), 503, cat(settings_.capacity, " jobs are in hand, which is the capacity"));
    }
    registration_.job_arrived();
    auto job = read_job(request.body, settings_.window_s);
    if (!job) return refuse_job(std::move(request), 400, job.error().message);
    // Runs later, so that jobs that arrive meanwhile are counted and, beyond the capacity, rejected.
    const auto number = ++last_job_;
    auto turn = std::make_unique<stipend::Timer>(
        host_, 0, [this, number, held = std::move(request), asked = std::move(*job)]() mutable {
            in_hand_.erase(number);
            do_job(std::move(held), asked);
        });
    // If the host accepts no timer, the request was destroyed with it and so answered with 500.
    if (turn->armed()) in_hand_.emplace(number, std::move(turn));
}

void Worker::do_job(RouteRequest request, const JobAsked& job) {
    const auto report = host_.services(job.window_s);
    if (!report) return refuse_job(std::move(request), 503, report.error().message);
    auto answer = job_answer(*report, settings_, job);
    if (!job.nonce.empty() && key_) {
        auto evidence = livepeer::signed_evidence(evidence_of(*report, settings_, job), *key_);
        if (evidence) answer.set("evidence", std::move(*evidence));
        if (!evidence) host_.log(STIPEND_LOG_ERROR, evidence.error().message);
    }
    ++jobs_done_;
    jobs_.record(1);
    host_.log(STIPEND_LOG_INFO, cat("job from ", livepeer::printable(request.peer, 80), ": agent_id ",
                                    livepeer::printable(job.agent_id, 80), ", uptime ",
                                    percent_text(report->overall_ppm), " %, window ", report->window_s, " s"));
    request.respond(200, cat(json_type, "X-Metadata: ", metadata_text(*report, settings_, job), "\r\n"), answer.dump());
}

}  // namespace byoc
