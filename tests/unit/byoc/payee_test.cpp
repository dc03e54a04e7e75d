// Each way in which a payee could try to make its failure look like the payer's trouble.
#include "network.hpp"

using namespace byoc_test;

namespace {

void check_failed(const FakeReply& doing, std::string_view reason) {
    CAPTURE(reason);
    // On both tries, and on the second only.
    for (const auto& first : {doing, reset()}) {
        Network net;
        const auto result = net.run(first, doing);
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find(reason) == 0, result->reason);
    }
}

std::string served_by_it() {
    return "x-orchestrator-url: " + orchestrator + "\r\n";
}

}  // namespace

TEST_CASE("a reset provoked at the gateway is its failure") {
    check_failed(reset(), "no answer: connection reset by peer");
}

TEST_CASE("a reset on a kept connection is its failure too, though the client is connecting again when it gives up") {
    auto dead = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "the kept connection was closed");
    dead.peer = "10.0.0.1:9935";
    check_failed(dead, "no answer: the kept connection was closed");
}

TEST_CASE("an answer that never ends is its failure, at the deadline of ten seconds beyond the job's own time") {
    check_failed(FakeReply::hang(), "no answer: no end within 30000 ms");
}

TEST_CASE("an answer that breaks off is its failure") {
    auto cut = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "transfer closed with 12 bytes left");
    cut.http_status = 200;
    cut.headers = served_by_it();
    check_failed(cut, "the answer broke off: transfer closed with 12 bytes left");
    cut.headers.clear();
    check_failed(cut, "the answer broke off: ");
}

TEST_CASE("an answer that is too large is its failure") {
    check_failed(FakeReply::answer(200, std::string(3 << 20, 'x'), served_by_it()),
                 "the answer broke off: response body too large");
    check_failed(FakeReply::answer(200, std::string(3 << 20, '\n')), "the answer broke off: response body too large");
}

TEST_CASE("a head without end is its failure") {
    check_failed(FakeReply::failed(STIPEND_E_LIMIT, STIPEND_HTTP_SENT, "response head too large"),
                 "no answer: response head too large");
}

TEST_CASE("an empty 200 is its failure") {
    check_failed(empty_200(), "status 200 with an empty body: every try of the gateway failed");
    check_failed(FakeReply::answer(200, "", served_by_it()), "status 200 with an empty body");
}

TEST_CASE("a response without X-Orchestrator-Url is its failure, for any uptime") {
    check_failed(FakeReply::answer(200, R"({"service_uptime":100})"), "status 200 without X-Orchestrator-Url");
}

TEST_CASE("a gateway error of its making is its failure, whatever the text") {
    check_failed(FakeReply::answer(500, "unexpected EOF\n", served_by_it()), "status 500: \"unexpected EOF?\"");
    check_failed(FakeReply::answer(400, "Unable to parse job request, err=ErrorSegEncoding\n"),
                 "status 400: \"Unable to parse job request");
    check_failed(FakeReply::answer(503, "Service Unavailable\n"), "status 503: ");
    check_failed(FakeReply::answer(400, "Unable to create payment err=no sender deposit\n"), "status 400: ");
}

TEST_CASE("a worker that says the gateway's very words fails, where the gateway ever answered for it") {
    check_failed(not_found(), "status 400: \"No orchestrators found for capability agent-net?\"");
    check_failed(FakeReply::answer(400, "No orchestrators found for capability agent-net\n\n"), "status 400: ");
}

TEST_CASE("a worker that says the gateway's words betrays itself by the line end they gain on the way") {
    Network net;
    const auto passed_on = FakeReply::answer(400, "No orchestrators found for capability agent-net\n\n");
    const auto result = net.run(passed_on, passed_on, Network::job(0));
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == STIPEND_RESULT_ANSWERED);
}

TEST_CASE("the gateway's words under another status, for another capability, or beside a name do not make it unknown") {
    for (const auto& imitation :
         {not_found(503), not_found(404), FakeReply::answer(400, "No orchestrators found for capability other\n"),
          FakeReply::answer(400, "No orchestrators found for capability agent-net\n", served_by_it())}) {
        Network net;
        CHECK(net.run(imitation, imitation, Network::job(0))->outcome == STIPEND_JOB_FAILED);
    }
}

TEST_CASE("an orchestrator that was never known and sends the gateway's exact bytes wins nothing: it is not paid") {
    Network net;
    const auto result = net.run(not_found(), not_found(), Network::job(0));
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK((result->flags & STIPEND_RESULT_REPORTED) == 0);
    // And from its first other answer on it is judged by the same bytes.
    CHECK(net.run(not_found(), good(), Network::job(0))->flags == (STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED));
    CHECK(net.run(not_found(), not_found(), Network::job(STIPEND_JOB_KNOWN))->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("an orchestrator that lets another answer for it has failed") {
    check_failed(answer(R"({"service_uptime":100})", "https://friend:1"), "answered by https://friend:1, want ");
}

TEST_CASE("a name that holds what no address holds is shown harmlessly") {
    Network net;
    const auto evil = answer("{}", "https://a\x1b[2J\xff");
    const auto result = net.run(evil, evil);
    CHECK(result->served_by == "https://a?[2J?");
    CHECK(result->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("an event stream is no answer") {
    check_failed(answer("data: {\"service_uptime\":100}\n\n\ndata: [DONE]\n"), "not JSON at byte 0");
}

TEST_CASE("a price above the cap is its failure, on each try, without a job being sent") {
    Network net;
    net.free_token = token(R"({"pricePerUnit":5000,"pixelsPerUnit":1})");
    net.sentinel = refused();
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason == "it asks 5000 wei per second, want at most 0 (max_price_per_second) (twice)");
    CHECK(result->flags == 0);
    CHECK(net.sent_jobs.empty());
    CHECK(net.sent_tokens.size() == 2);
}
