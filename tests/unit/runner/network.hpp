// A scripted orchestrator with a live runner, a remote signer, and a dispatcher that uses them.
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
#include "stipend/testing/fake_host.hpp"

namespace runner_test {

using namespace stipend::testing;
using stipend::cat;
using stipend::ns_per_s;
using stipend::Wei;

inline const std::string orchestrator = "https://10.0.0.7:8935";
inline const std::string other = "https://10.0.0.8:8935";
inline const std::string signer = "http://127.0.0.1:7936";
inline const std::string witness = "http://witness.example";
inline const std::string priced = R"("signer":"http://127.0.0.1:7936","max_price":6000)";

inline std::string offer_of(const std::string& app, const std::string& price = "", const std::string& more = "") {
    return cat(R"({"url":"https://public.example:8935/apps/runner_1/app","app":")", app,
               R"(","version":"1","metadata":"","mode":"single-shot","capacity":2,"capacity_used":0,)",
               R"("capacity_available":2)", price.empty() ? "" : R"(,"price_info":{"price":)" + price + "}", more, "}");
}
inline std::string persistent(const std::string& price = "") {
    return cat(R"({"url":"https://public.example:8935/apps/runner_1/session","app":"agent-net","mode":"persistent",)"
               R"("capacity":1,"capacity_available":1)",
               price.empty() ? "" : R"(,"price_info":{"price":)" + price + "}", "}");
}
inline std::string by_second(const std::string& wei) {
    return cat(wei, R"(,"currency":"wei","unit":"seconds")");
}
inline FakeReply discovery(const std::string& runners) {
    return FakeReply::answer(200, cat(R"([{"address":"https://public.example:8935")",
                                      runners.empty() ? "" : R"(,"runners":[)" + runners + "]", "}]"));
}
inline std::string fixed(const std::string& wei) {
    return cat(wei, R"(,"currency":"wei","unit":"fixed")");
}
inline FakeReply session(const std::string& app = "https://public.example:8935/apps/runner_1/session/s1/app",
                         const std::string& control = "https://public.example:8935/apps/runner_1/session/s1") {
    return FakeReply::answer(200,
                             cat(R"({"session_id":"s1","app_url":")", app, R"(","control_url":")", control, R"("})"));
}
inline FakeReply good(const std::string& uptime = "99.5") {
    return FakeReply::answer(200, "{\"overall_uptime_percentage\":" + uptime + ",\"window_seconds\":60}");
}
inline FakeReply demand() {
    return FakeReply::answer(402, R"({"payment_params":"cGFyYW1z","orchestrator":"https://public.example:8935",)"
                                  R"("manifest_id":"m-1","payment_url":"https://public.example:8935/pay"})");
}
inline FakeReply payment() {
    return FakeReply::answer(200, R"({"payment":"cGF5","segCreds":"c2Vn","state":{"State":"","Sig":""}})");
}
inline FakeReply error(int status, const std::string& text) {
    return FakeReply::answer(status, cat(R"({"error":{"message":")", text, "\"}}"));
}
inline FakeReply no_runner() {
    return FakeReply::answer(404, "runner not found\n");
}
inline FakeReply full() {
    return FakeReply::answer(503, "no capacity available for runner\n");
}
inline FakeReply reset() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_SENT, "connection reset by peer");
}
inline FakeReply refused() {
    return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "connection refused");
}
inline FakeReply local() {
    auto reply = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "network is unreachable");
    reply.cause = STIPEND_HTTP_CAUSE_LOCAL;
    return reply;
}
inline FakeReply unresolved() {
    auto reply = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_RESOLVE, "no such name");
    reply.cause = STIPEND_HTTP_CAUSE_RESOLVE;
    return reply;
}
// The payer's own identity, as its signer states it.
inline FakeReply identity() {
    std::array<std::uint8_t, 32> secret{};
    secret[31] = 1;
    const auto made = livepeer::credential_of(*livepeer::EthKey::from_bytes(secret));
    return FakeReply::answer(200, cat(R"({"address":")", made.address, R"(","signature":")", made.signature, "\"}"));
}

inline std::string fee_of(const Operation<JobResult>& result) {
    return Wei::from_abi(result->fee_wei).text();
}

class Network {
  public:
    explicit Network(const std::string& more = "") : plugin_(host.create<runner::Dispatch>("{" + more + "}")) {
        REQUIRE(plugin_.start().ok());
        host.http().serve([this](const FakeRequest& request) { return reply(request); });
        host.answer_fees([](const auto&) -> stipend::Result<void> { return {}; });
    }

    FakeHost host;
    // Replies in order; if empty: `offer`, `good`, `identity`, `payment`, and nothing for the rest.
    std::deque<FakeReply> offers, calls, identities, payments, sessions, session_calls, stops;
    FakeReply offer = discovery(offer_of("agent-net"));
    FakeReply answer = good();
    FakeReply reservation = session();
    FakeReply session_answer = good();
    FakeReply stopped = FakeReply::answer(204, "");
    FakeReply signer_identity = identity();
    FakeReply signer_payment = payment();
    FakeReply witness_answer = FakeReply::answer(404, "not here");
    FakeReply other_offer = discovery("");

    std::vector<FakeRequest> sent_offers, sent_calls, sent_identities, sent_payments, sent_witnesses, sent_others;
    std::vector<FakeRequest> sent_sessions, sent_session_calls, sent_stops;

    FakePlugin& plugin() { return plugin_; }
    static FakeJob job(const std::string& address = orchestrator) {
        FakeJob job;
        job.job_id = "job-1";
        job.orchestrator_id = "orch-1";
        job.address = address;
        job.flags = STIPEND_JOB_KNOWN;
        job.period_from = 1'000 * ns_per_s;
        job.period_to = 1'060 * ns_per_s;
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
    // Another orchestrator answers once, so that it counts as reachable from then on.
    void meet_other() { REQUIRE(run(job(other))->outcome == STIPEND_JOB_OK); }

  private:
    static FakeReply next(std::deque<FakeReply>& answers, const FakeReply& otherwise) {
        if (answers.empty()) return otherwise;
        auto first = std::move(answers.front());
        answers.pop_front();
        return first;
    }
    FakeReply reply(const FakeRequest& request) {
        if (request.url == orchestrator + "/discovery") {
            sent_offers.push_back(request);
            return next(offers, offer);
        }
        if (request.url == orchestrator + "/apps/runner_1/app/agent-net") {
            sent_calls.push_back(request);
            return next(calls, answer);
        }
        const auto route = orchestrator + "/apps/runner_1/session";
        if (request.url == route) {
            sent_sessions.push_back(request);
            return next(sessions, reservation);
        }
        if (request.url == route + "/s1/app/agent-net") {
            sent_session_calls.push_back(request);
            return next(session_calls, session_answer);
        }
        if (request.url == route + "/s1/stop") {
            sent_stops.push_back(request);
            return next(stops, stopped);
        }
        if (request.url == other + "/discovery") {
            sent_others.push_back(request);
            return sent_others.size() == 1 ? discovery(offer_of("agent-net")) : other_offer;
        }
        if (request.url == other + "/apps/runner_1/app/agent-net") return good();
        if (request.url == signer + "/sign-orchestrator-info") {
            sent_identities.push_back(request);
            return next(identities, signer_identity);
        }
        if (request.url == signer + "/generate-live-payment") {
            sent_payments.push_back(request);
            return next(payments, signer_payment);
        }
        REQUIRE(request.url.starts_with(witness));
        sent_witnesses.push_back(request);
        return witness_answer;
    }

    FakePlugin plugin_;
};

}  // namespace runner_test
