#include "livepeer/job_server.hpp"

#include <botan/mem_ops.h>

#include "livepeer/wire.hpp"

namespace livepeer {

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

std::string error_body(std::string_view why) {
    return Json::object().set("error", why).dump();
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           Botan::constant_time_compare(reinterpret_cast<const std::uint8_t*>(a.data()),
                                        reinterpret_cast<const std::uint8_t*>(b.data()), a.size());
}

}  // namespace

JobServer::JobServer(const WorkerSettings& settings, stipend::Host host, JobServerHooks hooks)
    : settings_(settings),
      host_(host),
      hooks_(std::move(hooks)),
      jobs_(stipend::Metric::counter(host, "jobs_total", "Jobs that were answered")),
      jobs_refused_(stipend::Metric::counter(host, "jobs_refused_total", "Jobs that were refused")) {}

Result<void> JobServer::start(std::function<void()> register_it) {
    if (settings_.registers && host_.service<stipend_host_http_v1>(STIPEND_HOST_HTTP) == nullptr) {
        return fail(STIPEND_E_UNSUPPORTED, "this host offers no HTTP client to register with");
    }
    STIPEND_TRY(add_routes());
    const bool posted = host_.post([this, register_it = std::move(register_it)] {
        begin();
        if (settings_.registers) register_it();
    });
    if (!posted) return fail(STIPEND_E_BUSY, "the host takes no work");
    return {};
}

Result<void> JobServer::add_routes() {
    STIPEND_TRY(add_route("GET", "/health", [this](RouteRequest request) {
        if (hooks_.health_asked) hooks_.health_asked();
        request.respond(200, json_type, R"({"status":"ok"})");
    }));
    STIPEND_TRY(add_route("GET", "/service-status",
                          [this](RouteRequest request) { tell(std::move(request), &JobServer::status); }));
    STIPEND_TRY(add_route("GET", "/service-uptime",
                          [this](RouteRequest request) { tell(std::move(request), &JobServer::uptime); }));
    const auto& path = settings_.job_path.empty() ? settings_.capability : settings_.job_path;
    return add_route("POST", cat("/", path), [this](RouteRequest request) { take_job(std::move(request)); });
}

Result<void> JobServer::add_route(std::string_view method, std::string_view path, Route::Handler handler) {
    STIPEND_LET(route, Route::add(host_, settings_.listener, method, cat(settings_.prefix, path), std::move(handler)));
    routes_.push_back(std::move(route));
    return {};
}

void JobServer::begin() {
    // Without the prefix a call may reach another plugin, whose answer is another orchestrator's.
    if (!settings_.url.ends_with(settings_.prefix)) {
        host_.log(STIPEND_LOG_WARN, cat("url is ", settings_.url, ", which does not end with the prefix ",
                                        settings_.prefix, ": calls arrive only if what is between adds it"));
    }
    auto key = configured_key();
    if (key) {
        key_.emplace(std::move(key).value());
        host_.log(STIPEND_LOG_INFO,
                  cat("evidence is signed for ", settings_.orchestrator_id, " by worker_key ", key_->public_hex()));
        return;
    }
    const std::lock_guard lock(mutex_);
    key_problem_ = cat("no evidence is signed: ", key.error().message);
    host_.log(STIPEND_LOG_ERROR, key_problem_);
}

// The configured key, else the stored one, else a new one, which is then stored. A key that cannot be stored is not
// used: the payer would see another worker after each restart.
Result<SigningKey> JobServer::configured_key() {
    if (!settings_.key_seed.empty()) return SigningKey::from_seed(settings_.key_seed);
    const auto kept = host_.kv_get(seed_key);
    if (kept) {
        auto key = SigningKey::from_seed(*kept);
        if (!key) return std::move(key).error().in("the key that was kept");
        return key;
    }
    if (kept.error().status != STIPEND_E_UNAVAILABLE) return Result<SigningKey>(stipend::Error(kept.error()));
    STIPEND_LET(seed, SigningKey::random_seed());
    STIPEND_TRY(host_.kv_put(seed_key, seed));
    return SigningKey::from_seed(seed);
}

Result<void> JobServer::health() const {
    const std::lock_guard lock(mutex_);
    if (key_problem_.empty()) return {};
    return fail(STIPEND_E_INTERNAL, key_problem_);
}

Json JobServer::report(Json registration) const {
    auto out = Json::object();
    out.set("capability", settings_.capability);
    out.set("url", settings_.url);
    out.set("orchestrator_id", settings_.orchestrator_id);
    if (key_) out.set("worker_key", key_->public_hex());
    {
        const std::lock_guard lock(mutex_);
        if (!key_problem_.empty()) out.set("key_problem", key_problem_);
    }
    out.set("registration", std::move(registration));
    out.set("jobs", jobs_done_);
    out.set("jobs_refused", jobs_turned_away_);
    out.set("jobs_in_hand", in_hand_.size());
    return out;
}

void JobServer::tell(RouteRequest request, Json (JobServer::*answer)(const ServiceReport&) const) const {
    const auto refuse = [&](int status, const stipend::Error& why) {
        request.respond(status, json_type, error_body(why.message));
    };
    const auto window = window_of_query(request.query, settings_.window_s);
    if (!window) return refuse(400, window.error());
    const auto report = host_.services(*window);
    if (!report) return refuse(503, report.error());
    request.respond(200, json_type, (this->*answer)(*report).dump());
}

Json JobServer::status(const ServiceReport& report) const {
    auto answer = status_answer(report, settings_);
    if (key_) answer.set("worker_key", key_->public_hex());
    if (hooks_.registration) answer.set("registration", hooks_.registration());
    return answer;
}

Json JobServer::uptime(const ServiceReport& report) const {
    return uptime_answer(report, settings_);
}

bool JobServer::may_ask(const RouteRequest& request) const {
    return settings_.token.empty() || same_secret(request.header("authorization"), cat("Bearer ", settings_.token));
}

void JobServer::refuse_job(RouteRequest request, int status, std::string_view why) {
    ++jobs_turned_away_;
    jobs_refused_.record(1);
    host_.log(STIPEND_LOG_DEBUG, cat("job from ", printable(request.peer, 80), " refused: ", status, ": ", why));
    request.respond(status, json_type, error_body(why));
}

void JobServer::take_job(RouteRequest request) {
    // Not 401: on that an orchestrator removes the capability.
    if (!may_ask(request)) return refuse_job(std::move(request), 403, "wrong or missing bearer token");
    if (in_hand_.size() >= static_cast<std::size_t>(settings_.capacity)) {
        return refuse_job(std::move(request), 503, cat(settings_.capacity, " jobs are in hand, which is the capacity"));
    }
    if (hooks_.job_arrived) hooks_.job_arrived();
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

void JobServer::do_job(RouteRequest request, const JobAsked& job) {
    const auto report = host_.services(job.window_s);
    if (!report) return refuse_job(std::move(request), 503, report.error().message);
    auto answer = job_answer(*report, settings_, job);
    if (!job.nonce.empty() && key_) {
        auto evidence = signed_evidence(evidence_of(*report, settings_, job), *key_);
        if (evidence) answer.set("evidence", std::move(*evidence));
        if (!evidence) host_.log(STIPEND_LOG_ERROR, evidence.error().message);
    }
    ++jobs_done_;
    jobs_.record(1);
    host_.log(STIPEND_LOG_INFO,
              cat("job from ", printable(request.peer, 80), ": agent_id ", printable(job.agent_id, 80), ", uptime ",
                  percent_text(report->overall_ppm), " %, window ", report->window_s, " s"));
    request.respond(200, cat(json_type, "X-Metadata: ", metadata_text(*report, settings_, job), "\r\n"), answer.dump());
}

}  // namespace livepeer
