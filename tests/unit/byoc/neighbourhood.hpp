// A worker in a test's hands: the services that its host sees, and the orchestrator that it registers with.
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

inline const std::string orchestrator = "https://127.0.0.1:9995";
inline const std::string seed(64, '7');

struct Seen {
    std::string name, verdict = "up";
    std::int64_t up_ppm = 1'000'000;
    std::string not_up_since_ns = "null", not_up_ns = "0";
    std::string why = R"({\"state\":\"running\",\"health\":\"healthy\",\"restarts\":0})";
};

// The host's view of them, over the window that was asked for.
inline std::string view_text(const std::vector<Seen>& services, const std::string& window, const std::string& more = "",
                             std::int64_t coverage_ppm = 1'000'000) {
    std::string list;
    std::int64_t sum = 0;
    for (const auto& one : services) {
        sum += one.up_ppm;
        list += cat(list.empty() ? "" : ",", R"({"name":")", one.name, R"(","verdict":")", one.verdict,
                    R"(","up_ppm":)", one.up_ppm, R"(,"seen_ppm":1000000,"looks":6,"since_ns":"1","not_up_since_ns":)",
                    one.not_up_since_ns, R"(,"not_up_ns":")", one.not_up_ns, R"(","why":")", one.why, "\"}");
    }
    const auto mean = services.empty() ? 0 : sum / static_cast<std::int64_t>(services.size());
    return cat(R"({"now_ns":"1755530763120000000","window_seconds":)", window, R"(,"overall_ppm":)", mean,
               R"(,"coverage_ppm":)", coverage_ppm, R"(,"services":[)", list,
               R"(],"found":[{"name":"neurosync_s1","why":"label stipend.monitor=true"}])", more, "}");
}

inline FakeReply ok() {
    return FakeReply::answer(200, "ok");
}
inline FakeReply offers(std::int64_t slots) {
    return FakeReply::answer(200, cat(R"({"price":{"pixelsPerUnit":1},"service_addr":"https://127.0.0.1:9995")",
                                      slots == 0 ? "" : cat(R"(,"available_capacity":)", slots), R"(,"LastNonce":0})"));
}
inline FakeReply refused() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "connection refused");
}

class Neighbourhood {
  public:
    explicit Neighbourhood(std::string more = "") : more_(std::move(more)) {
        host.serve_views([this](const std::string& view) -> stipend::Result<std::string> {
            views.push_back(view);
            if (view_status != STIPEND_OK) return stipend::fail(view_status, "no view");
            if (!raw_view.empty()) return raw_view;
            return view_text(services, view.substr(view.find('=') + 1), view_more);
        });
        host.http().serve([this](const FakeRequest& request) { return reply(request); });
    }

    FakeHost host;
    std::vector<Seen> services{{.name = "redis_scb"}, {.name = "scb_gateway"}};
    std::string view_more, raw_view;
    stipend_status view_status = STIPEND_OK;
    std::vector<std::string> views;

    // What the orchestrator answers; none left: `register_answer`, `token`, `ok`.
    std::deque<FakeReply> register_answers, tokens;
    FakeReply register_answer = ok(), token = offers(16), unregister_answer = ok();
    std::vector<FakeRequest> registered, probes, unregistered;

    FakePlugin make(const std::string& more = "") {
        return host.create<byoc::Worker>(cat(R"({"orchestrator":")", orchestrator,
                                             R"(","secret":"s3cret","key_seed":")", seed, "\"", more_, more, "}"));
    }
    // Made, started, and registered where that succeeds at once.
    FakePlugin start(const std::string& more = "") {
        auto plugin = make(more);
        REQUIRE(plugin.start().ok());
        host.advance(ns_per_s / 10);
        return plugin;
    }
    // The answer of a route, as JSON.
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
        const auto path = request.url.substr(orchestrator.size());
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
