// A live runner's worker for tests, and the orchestrator that it beats to.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "stipend/json_parse.hpp"
#include "stipend/testing/fake_host.hpp"
#include "worker.hpp"

namespace runner_worker_test {

using namespace stipend::testing;
using stipend::cat;
using stipend::Json;
using stipend::ns_per_ms;
using stipend::ns_per_s;

inline const std::string orchestrator = "https://127.0.0.1:8935";
inline const std::string seed(64, '7');

inline FakeReply beat(const std::string& more = "", const std::string& interval = "5s") {
    return FakeReply::answer(
        200, cat(R"({"runner_id":"runner_ab12cd34","orchestrator":"https://127.0.0.1:8935",)",
                 R"("heartbeat_interval":")", interval, R"(","heartbeat_ttl":"20s")", more, R"(,"session_ids":[]})"));
}
inline FakeReply first_beat(const std::string& secret = "beat-1", const std::string& interval = "5s") {
    return beat(cat(R"(,"heartbeat_secret":")", secret,
                    R"(","o2r":{"name":"o2r","channel_name":"c","url":"https://127.0.0.1:8935/ai/trickle/c",)",
                    R"("mime_type":"application/json"})"),
                interval);
}
inline FakeReply says(int status, const std::string& text) {
    return FakeReply::answer(status, text + "\n");
}
inline FakeReply refused() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "connection refused");
}

class Orchestrator {
  public:
    Orchestrator() {
        host.serve_services([](std::uint32_t window_s) -> stipend::Result<stipend::ServiceReport> {
            return stipend::ServiceReport{
                .now = 1'755'530'763'120'000'000,
                .window_s = window_s,
                .overall_ppm = 995'000,
                .coverage_ppm = 1'000'000,
                .services = {{.name = "redis_scb", .verdict = STIPEND_UP, .up_ppm = 995'000, .seen_ppm = 1'000'000}}};
        });
        host.http().serve([this](const FakeRequest& request) { return reply(request); });
    }

    FakeHost host;
    std::string at = orchestrator;  // its URL in the configuration
    std::deque<FakeReply> answers;  // to heartbeats; if empty: a registration, or a heartbeat by the secret "beat-1"
    FakeReply farewell = FakeReply::answer(204, "");
    std::vector<FakeRequest> beats, unregistered;

    FakePlugin make(const std::string& more = "") {
        return host.create<runner::Worker>(
            cat(R"({"orchestrator":")", at, R"(","secret":"s3cret","key_seed":")", seed, "\"", more, "}"));
    }
    // Created, started, and registered if that succeeds at once.
    FakePlugin start(const std::string& more = "") {
        auto plugin = make(more);
        REQUIRE(plugin.start().ok());
        host.advance(ns_per_s / 100);
        return plugin;
    }
    static Json registration(FakePlugin& plugin) {
        const auto report = stipend::parse_json(*plugin.report());
        REQUIRE(report.ok());
        return *report->find("registration");
    }
    static std::string state(FakePlugin& plugin) { return registration(plugin).find("state")->text(); }
    [[nodiscard]] std::size_t count_logged(std::string_view part) const {
        std::size_t count = 0;
        for (const auto& line : host.log()) count += line.text.find(part) != std::string::npos ? 1 : 0;
        return count;
    }

  private:
    FakeReply reply(const FakeRequest& request) {
        const auto path = request.url.substr(at.size());
        if (path != "/runners/heartbeat") {
            unregistered.push_back(request);
            return farewell;
        }
        beats.push_back(request);
        if (answers.empty()) return request.header("Authorization") == "beat-1" ? beat() : first_beat();
        auto next = std::move(answers.front());
        answers.pop_front();
        return next;
    }
};

}  // namespace runner_worker_test
