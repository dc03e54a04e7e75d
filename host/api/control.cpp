#include "host/api/control.hpp"

#include <future>

#include "host/api/adjust.hpp"
#include "host/api/status.hpp"

namespace stipend::api {
namespace {

constexpr std::uint32_t deadline_ms = 120'000;

http::ServerResponse json_response(int status, const Json& json) {
    return {.status = status, .headers = "Content-Type: application/json\r\n", .body = json.dump() + "\n"};
}

bool flag(const Json& body, std::string_view key) {
    const auto* value = body.find(key);
    return value != nullptr && value->truth();
}

Json report_json(const ReloadReport& report) {
    Json out = Json::object();
    out.set("valid", Json::of_bool(report.valid));
    out.set("taken", Json::of_bool(report.taken));
    out.set("text", Json::of_string(report.text));
    out.set("problems", report.problems);
    out.set("generation", Json::of_int(report.generation));
    out.set("pause_us", Json::of_int(report.pause_ns / 1000));
    return out;
}

Result<Json> adjust(engine::Runtime& runtime, const Json& body) {
    STIPEND_LET(request, parse_adjustment(body));
    std::promise<Result<AdjustTerms>> promise;
    auto answer = promise.get_future();
    runtime.post([&runtime, &request, promise = std::move(promise)]() mutable {
        const auto& engine = runtime.engine();
        const auto payee = engine.payees().find(request.orchestrator);
        const auto rate = engine.rate(runtime.now());
        if (!payee) return promise.set_value(fail(STIPEND_E_INVALID, "no such orchestrator: ", request.orchestrator));
        const auto& generation = *engine.generations().back();
        promise.set_value(AdjustTerms{engine.payees()[*payee].id, generation.interval_ns,
                                      generation.terms_of(*payee).base_usd_e8, *rate});
    });
    Result<AdjustTerms> terms = fail(STIPEND_E_STATE, "the host is stopping");
    try {
        terms = answer.get();
    } catch (const std::future_error&) {
        return terms.error();
    }
    if (!terms) return terms.error();
    const auto now = runtime.now();
    return runtime.writer().ask(
        [&](ledger::Ledger& ledger) { return record_adjustment(ledger, request, *terms, now); });
}

}  // namespace

std::filesystem::path control_socket(const std::string& state_folder) {
    return std::filesystem::path(state_folder) / "control.sock";
}

ControlServer::ControlServer(engine::Runtime& runtime, Reload reload)
    : runtime_(runtime), reload_(std::move(reload)), pool_(1), strand_(std::make_shared<plugin::Strand>(pool_)) {}

ControlServer::~ControlServer() {
    if (server_) server_->stop();
    strand_->close();
}

Result<std::unique_ptr<ControlServer>> ControlServer::create(engine::Runtime& runtime, const std::string& state_folder,
                                                             Reload reload) {
    std::unique_ptr<ControlServer> self(new ControlServer(runtime, std::move(reload)));
    STIPEND_LET(server, http::Server::create({.unix_socket = control_socket(state_folder).native()}));
    self->server_ = std::move(server);
    STIPEND_TRY(self->add_routes());
    return self;
}

Result<void> ControlServer::route(const char* method, const char* path, std::function<Result<Json>(const Json&)> work) {
    auto handler = [this, work = std::move(work)](http::ServerRequest request, http::Responder responder) {
        strand_->post([work, request = std::move(request), responder = std::move(responder)]() mutable {
            auto body = request.body.empty() ? Result<Json>(Json::object()) : parse_json(request.body);
            auto answer = body ? work(*body) : Result<Json>(body.error());
            const auto sent = responder.respond(answer ? json_response(200, *answer)
                                                       : http::error_response(409, answer.error().message));
            static_cast<void>(sent);  // whoever asked may be gone
        });
    };
    STIPEND_TRY(server_->add_route(
        {.method = method, .path = path, .handler = std::move(handler), .deadline_ms = deadline_ms}));
    return {};
}

Result<void> ControlServer::add_routes() {
    STIPEND_TRY(route("GET", "/status", [this](const Json&) { return status(runtime_); }));
    STIPEND_TRY(route("POST", "/reload", [this](const Json& body) -> Result<Json> {
        return report_json(reload_(
            {.accept_spend = flag(body, "accept_spend"), .undo = flag(body, "undo"), .check = flag(body, "check")}));
    }));
    return route("POST", "/adjust", [this](const Json& body) { return adjust(runtime_, body); });
}

}  // namespace stipend::api
