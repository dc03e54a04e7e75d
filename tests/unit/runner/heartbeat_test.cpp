// How a dynamic runner is registered, kept, found lost, and taken back.
#include "orchestrator.hpp"

using namespace runner_worker_test;

TEST_CASE("the first heartbeat has the orchestrator's raw secret and no id, the following ones what it handed out") {
    Orchestrator node;
    auto plugin = node.start(
        R"(,"url":"http://w:9876/","capacity":4,"label":"gpu box","version":"1.2","metadata":"{\"a\":1}","price":"0.00001")");
    REQUIRE(node.beats.size() == 1);
    const auto first = node.beats[0];
    CHECK(first.method == "POST");
    CHECK(first.header("Authorization") == "s3cret");
    CHECK(first.header("Content-Type") == "application/json");
    CHECK(
        first.body ==
        R"({"label":"gpu box","runner_url":"http://w:9876","app":"agent-net","version":"1.2","metadata":"{\"a\":1}","status":"ready","mode":"single-shot","capacity":4,"price_info":{"price":0.00001,"currency":"usd","unit":"fixed"}})");
    CHECK(first.tls_mode == STIPEND_TLS_VERIFY);
    CHECK(node.host.logged(STIPEND_LOG_INFO,
                           "registered agent-net with https://127.0.0.1:8935 as runner_ab12cd34: "
                           "http://w:9876, capacity 4, a heartbeat every 5s"));
    node.host.advance(5 * ns_per_s);
    REQUIRE(node.beats.size() == 2);
    CHECK(node.beats[1].header("Authorization") == "beat-1");
    // The whole body again: what is left out would be reset.
    CHECK(node.beats[1].body == cat(R"({"runner_id":"runner_ab12cd34",)", first.body.substr(1)));
    CHECK(plugin.health().ok());
    CHECK(Orchestrator::state(plugin) == "registered");
    CHECK(node.host.metric("registrations_total") == 1);
    CHECK(node.host.metric("heartbeats_total") == 2);
    CHECK(node.host.metric("heartbeats_failed_total") == 0);
}

TEST_CASE("the interval is the one that the orchestrator asked for last, and a slow answer delays no heartbeat") {
    Orchestrator node;
    node.answers = {first_beat("beat-1", "2s"), beat("", "1m0s"), beat("", "500ms")};
    auto plugin = node.start();
    node.host.advance(2 * ns_per_s);
    REQUIRE(node.beats.size() == 2);
    CHECK(node.beats[1].sent_at - node.beats[0].sent_at == 2 * ns_per_s);
    node.host.advance(10 * ns_per_s);  // at most half of the time that a registration lives, 20 s
    REQUIRE(node.beats.size() == 3);
    CHECK(node.beats[2].sent_at - node.beats[1].sent_at == 10 * ns_per_s);
    node.host.advance(ns_per_s / 2);
    REQUIRE(node.beats.size() == 4);
    CHECK(node.beats[3].sent_at - node.beats[2].sent_at == ns_per_s / 2);
}

TEST_CASE("an orchestrator that forgot the runner gets it again at once, by its own secret and without the old id") {
    for (const auto& forgot : {says(401, "invalid registration authorization"), says(404, "runner not found")}) {
        Orchestrator node;
        auto plugin = node.start();
        node.answers = {forgot};
        node.host.advance(5 * ns_per_s);
        REQUIRE(node.beats.size() == 3);
        CHECK(node.beats[1].header("Authorization") == "beat-1");
        CHECK(node.beats[2].header("Authorization") == "s3cret");
        CHECK(node.beats[2].body.find("runner_id") == std::string::npos);
        CHECK(node.beats[2].sent_at - node.beats[1].sent_at < ns_per_s / 10);
        CHECK(node.host.logged(STIPEND_LOG_WARN, "it does not know the runner any more (4"));
        CHECK(Orchestrator::state(plugin) == "registered");
        CHECK(node.host.metric("registrations_total") == 2);
        CHECK(node.host.alerts().empty());
    }
}

TEST_CASE("a refusal is explained, raises one alert, and is tried again ever more rarely") {
    struct Case {
        FakeReply answer;
        std::string text;
    };
    const std::vector<Case> cases{
        {says(401, "invalid registration authorization"),
         "wrong secret: it is to be the orchestrator's -orchSecret; it answers 401: \"invalid registration"},
        {says(404, "live runners are not supported"),
         "it takes no runners: it wants -useLiveRunners and -orchSecret; it answers 404: \"live runners are not"},
        {says(400, "runner_url must be\x1b[31m absolute"),
         "it refuses the registration as it is configured: \"runner_url must be?[31m absolute\""},
        {says(500, "boom"), "refused with status 500: \"boom\""}};
    for (const auto& one : cases) {
        CAPTURE(one.text);
        Orchestrator node;
        for (int i = 0; i < 100; ++i) node.answers.push_back(one.answer);
        auto plugin = node.start();
        CHECK(plugin.health().error().message.find(one.text) != std::string::npos);
        REQUIRE(node.host.alerts().contains("registration"));
        CHECK(node.host.alerts().at("registration").find(one.text) != std::string::npos);
        node.host.advance(300 * ns_per_s);
        REQUIRE(node.beats.size() >= 12);
        CHECK(node.beats.size() <= 20);
        for (std::size_t i = 1; i < node.beats.size(); ++i) {
            CHECK(node.beats[i].header("Authorization") == "s3cret");
            const auto pause = node.beats[i].sent_at - node.beats[i - 1].sent_at;
            CHECK(pause >= ns_per_s);
            CHECK(pause <= 31 * ns_per_s);
        }
        CHECK(node.count_logged("the worker goes on serving") == 1);
        for (const auto& line : node.host.log()) CHECK(line.text.find("s3cret") == std::string::npos);
        node.answers.clear();
        node.host.advance(31 * ns_per_s);
        CHECK(plugin.health().ok());
        CHECK(node.host.alerts().empty());
        CHECK(node.count_logged("all is well again") == 1);
    }
}

TEST_CASE("an orchestrator that is away is asked each interval, and its loss is an alert after a minute") {
    Orchestrator node;
    auto plugin = node.start();
    for (int i = 0; i < 1000; ++i) node.answers.push_back(refused());
    node.host.advance(40 * ns_per_s);
    CHECK(Orchestrator::state(plugin) == "unconfirmed");
    CHECK(node.host.alerts().empty());
    for (std::size_t i = 2; i < node.beats.size(); ++i) {
        CHECK(node.beats[i].sent_at - node.beats[i - 1].sent_at <= 5 * ns_per_s + ns_per_s / 10);
        CHECK(node.beats[i].sent_at - node.beats[i - 1].sent_at >= 3 * ns_per_s);
    }
    node.host.advance(60 * ns_per_s);
    CHECK(node.host.alerts().at("registration") ==
          "agent-net is not registered with https://127.0.0.1:8935: no answer: connection refused");
    const auto eager = node.beats.size();
    node.host.advance(600 * ns_per_s);
    CHECK(node.beats.size() - eager < 75);  // not each interval any more, which would be 120
    // It is back, and restarted: the old secret means nothing to it.
    node.answers = {says(401, "invalid registration authorization")};
    node.host.advance(46 * ns_per_s);
    CHECK(Orchestrator::state(plugin) == "registered");
    CHECK(node.host.alerts().empty());
    CHECK(node.host.metric("registrations_total") == 2);
}

TEST_CASE("an answer that cannot be understood registers nothing") {
    for (const auto* body : {"[]", "{", R"({"runner_id":"a/../b","heartbeat_secret":"x"})",
                             R"({"runner_id":"a","heartbeat_secret":"x\ny"})", R"({"runner_id":"a"})",
                             R"({"heartbeat_secret":"x"})", R"({"runner_id":7,"heartbeat_secret":"x"})"}) {
        CAPTURE(body);
        Orchestrator node;
        node.answers = {FakeReply::answer(200, body)};
        auto plugin = node.start();
        CHECK(Orchestrator::state(plugin) == "registering");
        CHECK(plugin.health().error().message.find("its answer to a heartbeat is not understood: ") !=
              std::string::npos);
        node.host.advance(2 * ns_per_s);
        CHECK(Orchestrator::state(plugin) == "registered");
    }
}

TEST_CASE("without a readable interval it is five seconds") {
    const auto interval = [](const std::string& more) {
        const auto answer = runner::read_beat_answer(R"({"runner_id":"a","heartbeat_secret":"s")" + more + "}");
        REQUIRE(answer.ok());
        return answer->interval_ns;
    };
    CHECK(interval("") == 5 * ns_per_s);
    CHECK(interval(R"(,"heartbeat_interval":"soon")") == 5 * ns_per_s);
    CHECK(interval(R"(,"heartbeat_interval":7)") == 5 * ns_per_s);
    CHECK(interval(R"(,"heartbeat_interval":"0s")") == 5 * ns_per_s);
    CHECK(interval(R"(,"heartbeat_interval":"1ns")") == 5 * ns_per_s);  // a unit that no interval is written in
    CHECK(interval(R"(,"heartbeat_interval":"1ms")") == 100 * ns_per_ms);
    CHECK(interval(R"(,"heartbeat_interval":"9000h0m0s")") == 60 * ns_per_s);
    CHECK(interval(R"(,"heartbeat_interval":"5s","heartbeat_ttl":"6s")") == 3 * ns_per_s);
}

TEST_CASE("durations are read as Go writes them") {
    const auto ns = [](std::string_view text) { return runner::read_go_duration(text); };
    CHECK(*ns("5s") == 5 * ns_per_s);
    CHECK(*ns("1m30s") == 90 * ns_per_s);
    CHECK(*ns("1h0m0s") == 3600 * ns_per_s);
    CHECK(*ns("1.5s") == 1500 * ns_per_ms);
    CHECK(*ns("2m0.5s") == 120'500 * ns_per_ms);
    for (const auto* bad : {"", "5", "s", "5 s", "-5s", "5s5", "1m-3s", "..s", "9999999999999h", "1d\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(ns(bad).ok());
    }
    CHECK_FALSE(ns(std::string(65, '1') + "s").ok());
}

TEST_CASE("at its end the worker takes its registration back, by its own secret") {
    Orchestrator node;
    {
        auto plugin = node.start();
        plugin.quiesce();
        node.host.settle();
        CHECK(Orchestrator::state(plugin) == "ending");
    }
    REQUIRE(node.unregistered.size() == 1);
    CHECK(node.unregistered[0].method == "POST");
    CHECK(node.unregistered[0].url == orchestrator + "/runners/runner_ab12cd34/unregister");
    CHECK(node.unregistered[0].header("Authorization") == "beat-1");
    CHECK(node.host.logged(STIPEND_LOG_INFO, "unregistered agent-net, runner_ab12cd34"));
    node.host.advance(60 * ns_per_s);
    CHECK(node.beats.size() == 1);
}

TEST_CASE("a registration that is under way at the end is taken back as well, and none that never was") {
    Orchestrator node;
    auto plugin = node.make();
    REQUIRE(plugin.start().ok());
    node.host.run();  // sent, and not answered yet
    REQUIRE(node.beats.size() == 1);
    REQUIRE(Orchestrator::state(plugin) == "registering");
    plugin.quiesce();
    node.host.settle();
    CHECK(node.unregistered.size() == 1);
    CHECK(node.beats.size() == 1);
    Orchestrator away;
    away.answers = {refused()};
    auto alone = away.start();
    alone.quiesce();
    away.host.settle();
    CHECK(away.unregistered.empty());
}

TEST_CASE("what the end meets is reported") {
    Orchestrator node;
    node.farewell = says(401, "invalid heartbeat authorization");
    auto plugin = node.start();
    plugin.quiesce();
    node.host.settle();
    CHECK(node.host.logged(STIPEND_LOG_WARN, "not unregistered: agent-net: status 401"));
}

TEST_CASE("the rule for the certificate is handed to the client, and a secret for any server is warned of") {
    Orchestrator node;
    node.at = "https://10.0.0.7:8935";
    auto pinned = node.start(cat(R"(,"pin_sha256":")", std::string(64, 'a'), "\""));
    CHECK(node.beats[0].tls_mode == STIPEND_TLS_PINNED);
    CHECK(node.beats[0].pin_sha256 == std::string(64, 'a'));
    CHECK_FALSE(node.host.logged(STIPEND_LOG_WARN, "the secret is sent"));
    Orchestrator open;
    open.at = "http://10.0.0.7:8935";
    auto plain = open.start();
    CHECK(open.host.logged(STIPEND_LOG_WARN, "the secret is sent in the clear to http://10.0.0.7:8935 (http)"));
}
