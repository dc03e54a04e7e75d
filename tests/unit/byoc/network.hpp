// A scripted gateway and orchestrator, and a dispatcher that uses them.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "dispatch.hpp"
#include "livepeer/credential.hpp"
#include "livepeer/eth_key.hpp"
#include "livepeer/wire.hpp"
#include "stipend/testing/fake_host.hpp"

namespace byoc_test {

using namespace stipend::testing;
using stipend::ns_per_s;

inline const std::string gateway = "http://gw:9935";
inline const std::string orchestrator = "https://10.0.0.7:9995";
inline const std::string job_url = gateway + "/process/request/agent-net";

inline FakeReply answer(std::string body, const std::string& served_by = orchestrator) {
    return FakeReply::answer(200, std::move(body), "x-orchestrator-url: " + served_by + "\r\nlivepeer-balance: 0\r\n");
}
inline FakeReply good(const std::string& uptime = "99.5") {
    return answer("{\"overall_uptime_percentage\":" + uptime + ",\"window_seconds\":60}");
}
// The gateway's "no such orchestrator", at HEAD (400) and before (503).
inline FakeReply not_found(int status = 400) {
    return FakeReply::answer(status, "No orchestrators found for capability agent-net\n");
}
inline FakeReply empty_200() {
    return FakeReply::answer(200, "", "content-length: 0\r\n");
}
inline FakeReply reset() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_SENT, "connection reset by peer");
}
inline FakeReply refused() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "connection refused");
}
inline FakeReply token(const std::string& price = "{\"pixelsPerUnit\":1}") {
    return FakeReply::answer(
        200,
        "{\"price\":" + price + R"(,"service_addr":"https://10.0.0.7:9995","available_capacity":3,"LastNonce":0})");
}

// The header of a valid credential: base64, so it needs no quoting in JSON.
inline std::string credential_header() {
    std::array<std::uint8_t, 32> secret{};
    secret[31] = 1;
    return livepeer::credential_of(*livepeer::EthKey::from_bytes(secret)).header();
}

class Network {
  public:
    explicit Network(const std::string& more = "") : plugin_(make(more)) {
        REQUIRE(plugin_.start().ok());
        host.http().serve([this](const FakeRequest& request) { return reply(request); });
    }

    FakeHost host;
    std::deque<FakeReply> jobs;              // replies to jobs, in order; if empty: `good`
    std::deque<FakeReply> sentinel_answers;  // replies to sentinels, in order; if empty: `sentinel`
    FakeReply sentinel = not_found();
    std::deque<FakeReply> tokens;  // replies of the token route; if empty: `free_token`
    FakeReply free_token = token();

    std::map<std::string, FakeReply> cli;  // replies of the gateway's CLI port and of a remote signer, by path

    std::vector<FakeRequest> sent_jobs, sent_sentinels, sent_tokens, sent_cli;

    FakePlugin& plugin() { return plugin_; }
    static FakeJob job(std::uint32_t flags = STIPEND_JOB_KNOWN) {
        FakeJob job;
        job.orchestrator_id = "orch-1";
        job.address = orchestrator;
        job.flags = flags;
        return job;
    }
    // Submits one job and runs it to its end.
    Operation<JobResult> run(const FakeJob& job = Network::job()) {
        auto operation = plugin_.submit(job);
        host.settle();
        REQUIRE(operation.done());
        REQUIRE_MESSAGE(operation.status() == STIPEND_OK, operation.error());
        return operation;
    }
    // As above, where the plugin never comes to rest: a timer is always armed.
    Operation<JobResult> run_soon(const FakeJob& job = Network::job()) {
        auto operation = plugin_.submit(job);
        host.advance(40 * ns_per_s);
        REQUIRE(operation.done());
        REQUIRE_MESSAGE(operation.status() == STIPEND_OK, operation.error());
        return operation;
    }
    // As above, with the replies to both attempts.
    Operation<JobResult> run(FakeReply first, FakeReply second, const FakeJob& job = Network::job()) {
        jobs = {std::move(first), std::move(second)};
        return run(job);
    }

  private:
    FakePlugin make(const std::string& more) {
        return host.create<byoc::Dispatch>("{\"gateway\":\"" + gateway + "\"" + (more.empty() ? "" : "," + more) + "}");
    }
    static FakeReply next(std::deque<FakeReply>& answers, const FakeReply& otherwise) {
        if (answers.empty()) return otherwise;
        auto first = std::move(answers.front());
        answers.pop_front();
        return first;
    }
    FakeReply reply(const FakeRequest& request) {
        if (request.url.ends_with("/process/token")) {
            sent_tokens.push_back(request);
            return next(tokens, free_token);
        }
        const auto path = request.url.substr(request.url.rfind('/'));
        if (const auto found = cli.find(path); found != cli.end()) {
            sent_cli.push_back(request);
            return found->second;
        }
        REQUIRE(request.url == job_url);
        const auto header = request.header("Livepeer");
        for (const std::uint32_t timeout : {20U, 120U, 60U}) {
            if (header != livepeer::livepeer_header(livepeer::sentinel_address, "agent-net", timeout)) continue;
            sent_sentinels.push_back(request);
            return next(sentinel_answers, sentinel);
        }
        sent_jobs.push_back(request);
        return next(jobs, good());
    }

    FakePlugin plugin_;
};

}  // namespace byoc_test
