// What is asked and sent, and what an offer means.
#include "network.hpp"

using namespace runner_test;

TEST_CASE("the runner of discovery is called at the orchestrator's own address, with the job of any dispatcher") {
    Network net;
    auto job = Network::job();
    job.nonce = std::string("\x01\xff", 2);
    const auto result = net.run(job);
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(result->flags == (STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED));
    CHECK(result->reported_ppm == 995'000);
    CHECK(result->reported_window_s == 60);
    CHECK(result->served_by == orchestrator);
    REQUIRE(net.sent_calls.size() == 1);
    const auto& sent = net.sent_calls[0];
    CHECK(sent.method == "POST");
    CHECK(sent.body.find(R"("action":"service-monitoring","agent_id":"orch-1")") != std::string::npos);
    CHECK(sent.body.find(R"("nonce":"01ff","period_from":"1000000000000")") != std::string::npos);
    CHECK(sent.header("Livepeer-Payer-Address").empty());
    CHECK(sent.header("Livepeer-Payment").empty());
    CHECK(sent.header("Idempotency-Key").empty());
}

TEST_CASE("the services that a good answer gives less than 100 % are its reason, unless its uptime is 100 %") {
    Network net;
    const std::string body =
        R"({"overall_uptime_percentage":99.5,"window_seconds":60,"service_list":[{"name":"db","uptime_percentage":99}]})";
    net.answer = FakeReply::answer(200, body);
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(result->reason == "services below 100 %: db 99 %");
    net.answer = FakeReply::answer(200, R"({"overall_uptime_percentage":100,)" + body.substr(body.find("\"window")));
    CHECK(net.run()->reason.empty());
}

TEST_CASE("an offer counts for a minute, and not after a failure") {
    Network net;
    net.run();
    net.run();
    CHECK(net.sent_offers.size() == 1);
    net.host.advance(61 * ns_per_s);
    net.run();
    CHECK(net.sent_offers.size() == 2);
    net.calls = {no_runner()};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_offers.size() == 3);
}

TEST_CASE("a call that the host does not take is an attempt, also to a runner that is known") {
    Network net;
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.host.http().refuse(STIPEND_E_INVALID);
    CHECK(net.run().status() == STIPEND_OK);
}

TEST_CASE("a URL of discovery leads to no other address and no other route") {
    for (const std::string url :
         {"https://victim.example/apps/runner_1/app/../../x", "https://h/apps/a/b/app", "https://h/admin/runner_1/app",
          "https://h/apps/../app", "https://h/apps/a?b/app", "https://h/apps/a%2f/app", "https://h/apps//app",
          "https://h?b/apps/a/app", "https://h#b/apps/a/app", "h"}) {
        Network net;
        net.offer = discovery(cat(R"({"url":")", url, R"(","app":"agent-net","mode":"single-shot"})"));
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find("url: got ") != std::string::npos, result->reason);
        CHECK(net.sent_calls.empty());
    }
}

TEST_CASE("of several runners a single-shot one is called, of those a free one, and of those the cheapest") {
    const auto runner = [](const std::string& id, int available, int price, bool single) {
        return cat(R"({"url":"http://h/apps/)", id, single ? "/app" : "/session", R"(","app":"a","mode":")",
                   single ? "single-shot" : "persistent", R"(","capacity":3,"capacity_available":)", available,
                   R"(,"price_info":{"price":)", price, R"(,"currency":"wei","unit":"fixed"}})");
    };
    const auto text = cat("[{\"runners\":[", runner("full", 0, 1, true), ",", runner("dear", 1, 9, true), ",",
                          runner("cheap", 1, 8, true), ",", runner("session", 1, 1, false), ",", R"({"app":"b"}]}])");
    const auto offers = livepeer::read_runner_offers(text, "a");
    REQUIRE_MESSAGE(offers.ok(), (offers.ok() ? "" : offers.error().message));
    CHECK(offers->others == 1);
    REQUIRE(livepeer::choose_runner(*offers) != nullptr);
    CHECK(livepeer::choose_runner(*offers)->path == "/apps/cheap/app");
}

TEST_CASE(
    "no runner, one with a URL of the other mode, and a node without live runners are distinguished, and are the "
    "orchestrator's") {
    const std::vector<std::pair<FakeReply, std::string>> cases{
        {discovery(""), "it answers and has no runner of agent-net (0 of other apps)"},
        {discovery(offer_of("else")), "it answers and has no runner of agent-net (1 of other apps)"},
        {discovery(R"({"url":"http://h/apps/a/app","app":"agent-net","mode":"persistent"})"),
         "its runner of agent-net has mode persistent and the URL of another one: /apps/a/app"},
        {FakeReply::answer(404, "live runners are not supported\n"),
         "discovery: status 404: \"live runners are not supported\": does it run with -useLiveRunners?"},
        {FakeReply::answer(200, "{}"), "discovery: got an object, want a list"},
        {refused(), "no answer to discovery: connection refused"}};
    for (const auto& [reply, reason] : cases) {
        Network net;
        net.offer = reply;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find(reason) == 0, result->reason);
        CHECK(net.sent_calls.empty());
    }
}

TEST_CASE("an offer is inspected: its free slots, the price of a call, the announced address") {
    Network net;
    net.offer = discovery(offer_of("agent-net", fixed("5000000000")));
    auto offer = net.plugin().inspect(orchestrator, "agent-net");
    net.host.settle();
    REQUIRE(offer.done());
    CHECK(offer->reachable);
    CHECK(offer->capacity == 2);
    CHECK(Wei::from_abi(offer->price_wei_per_s).text() == "5000000000");
    CHECK(offer->announced_address == "https://public.example:8935");
}
