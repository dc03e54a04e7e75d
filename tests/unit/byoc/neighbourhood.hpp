// A worker for tests: the services that its host watches, and the orchestrator that it registers with.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "stipend/json_parse.hpp"
#include "stipend/testing/fake_host.hpp"
#include "worker.hpp"

namespace byoc_worker_test {

using namespace stipend::testing;
using stipend::cat;
using stipend::Json;
using stipend::ns_per_s;
using stipend::ServiceRecord;

inline const std::string orchestrator = "https://127.0.0.1:9995";
inline const std::string seed(64, '7');

inline ServiceRecord service(std::string name) {
    return {.name = std::move(name),
            .verdict = STIPEND_UP,
            .up_ppm = 1'000'000,
            .seen_ppm = 1'000'000,
            .looks = 6,
            .since = 1,
            .why = R"({"state":"running","health":"healthy","restarts":0})"};
}

inline FakeReply ok() {
    return FakeReply::answer(200, "ok");
}
inline FakeReply offers(std::int64_t slots) {
    return FakeReply::answer(200, cat(R"({"price":{"pixelsPerUnit":1},"service_addr":"https://127.0.0.1:9995")",
                                      slots == 0 ? "" : cat(R"(,"available_capacity":)", slots), R"(,"LastNonce":0})"));
}
// What an orchestrator that charges says to a sender without a reserve.
inline FakeReply no_price() {
    return FakeReply::answer(503, "Could not get price err=insufficient sender reserve\n");
}
inline FakeReply refused() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "connection refused");
}

class Neighbourhood {
  public:
    explicit Neighbourhood(std::string more = "") : more_(std::move(more)) {
        host.serve_services([this](std::uint32_t window_s) -> stipend::Result<stipend::ServiceReport> {
            windows.push_back(window_s);
            if (services_status != STIPEND_OK) return stipend::fail(services_status, "no report");
            std::uint64_t sum = 0;
            for (const auto& one : services) sum += one.up_ppm;
            return stipend::ServiceReport{
                .now = 1'755'530'763'120'000'000,
                .window_s = window_s,
                .overall_ppm = services.empty() ? 0 : static_cast<std::uint32_t>(sum / services.size()),
                .coverage_ppm = 1'000'000,
                .error = error,
                .services = services,
                .found = {{.name = "neurosync_s1", .why = "label stipend.monitor=true"}}};
        });
        host.http().serve([this](const FakeRequest& request) { return reply(request); });
    }

    FakeHost host;
    std::string at = orchestrator;  // its URL in the configuration
    std::vector<ServiceRecord> services{service("redis_scb"), service("scb_gateway")};
    std::string error;
    stipend_status services_status = STIPEND_OK;
    std::vector<std::uint32_t> windows;  // that the plugin requested

    // Responses of the orchestrator; if empty: `register_answer`, `token`, `ok`.
    std::deque<FakeReply> register_answers, tokens;
    FakeReply register_answer = ok(), token = offers(16), unregister_answer = ok();
    std::vector<FakeRequest> registered, probes, unregistered;

    FakePlugin make(const std::string& more = "") {
        return host.create<byoc::Worker>(
            cat(R"({"orchestrator":")", at, R"(","secret":"s3cret","key_seed":")", seed, "\"", more_, more, "}"));
    }
    // Created, started, and registered if that succeeds at once.
    FakePlugin start(const std::string& more = "") {
        auto plugin = make(more);
        REQUIRE(plugin.start().ok());
        host.advance(ns_per_s / 10);
        return plugin;
    }
    // The response of a route as JSON.
    Json get(const std::string& path, const std::string& query = "", int status = 200) {
        const auto answer = host.routes().call({.path = path, .query = query});
        REQUIRE(answer.done());
        CHECK(answer.status() == status);
        auto json = stipend::parse_json(answer.body());
        REQUIRE(json.ok());
        return *json;
    }
    FakeRouteAnswer job(const std::string& body, const std::string& headers = "") {
        auto answer = host.routes().call({.method = "POST", .path = "/agent-net", .headers = headers, .body = body});
        host.run();
        REQUIRE(answer.done());
        return answer;
    }
    [[nodiscard]] std::size_t count_logged(std::string_view part) const {
        std::size_t count = 0;
        for (const auto& line : host.log()) count += line.text.find(part) != std::string::npos ? 1 : 0;
        return count;
    }

  private:
    static FakeReply next(std::deque<FakeReply>& answers, const FakeReply& otherwise) {
        if (answers.empty()) return otherwise;
        auto first = std::move(answers.front());
        answers.pop_front();
        return first;
    }
    FakeReply reply(const FakeRequest& request) {
        const auto path = request.url.substr(at.size());
        if (path == "/capability/register") {
            registered.push_back(request);
            return next(register_answers, register_answer);
        }
        if (path == "/capability/unregister") {
            unregistered.push_back(request);
            return unregister_answer;
        }
        REQUIRE(path == "/process/token");
        probes.push_back(request);
        return next(tokens, token);
    }

    std::string more_;
};

inline std::string text_of(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    REQUIRE_MESSAGE(found != nullptr, key);
    return found->is(Json::Kind::array) || found->is(Json::Kind::object) ? found->dump() : found->text();
}

}  // namespace byoc_worker_test
