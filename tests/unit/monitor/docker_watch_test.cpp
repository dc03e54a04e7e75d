// The Docker monitor against an engine that a test plays: what it says, and when.
#include "docker_engine_fake.hpp"

using namespace docker_test;

TEST_CASE("the first list reports what the engine proves: up since the start") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    CHECK(scene.said() == Texts{R"(up redis -3600.000..0.003 {"state":"running","restarts":0,)"
                                R"("started_at":"2025-08-18T14:13:20.123Z"})"});
    CHECK(scene.host.http().requests()[0].url == "http://localhost/version");
    CHECK(scene.host.http().requests()[0].unix_socket == "/var/run/docker.sock");
    CHECK(scene.host.http().requests()[1].url.starts_with(
        "http://localhost/v1.41/events?since=1754925200.124000000&until="));
}

TEST_CASE("every list reports each target again, at the time of its request") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis, {"gone", "docker:gone", ""}});
    scene.said();
    scene.host.advance(20 * ns_per_s);
    CHECK(scene.verdicts() == Texts{"up redis 10.002..10.002", "down gone 10.002..10.002", "up redis 20.002..20.002",
                                    "down gone 20.002..20.002"});
    // No container changed: nothing was inspected again.
    const auto& requests = scene.host.http().requests();
    CHECK(std::count_if(requests.begin(), requests.end(), [](const FakeRequest& request) {
              return request.url.find(box_id(1)) != std::string::npos;
          }) == 1);
}

TEST_CASE("a finished run proves uptime before and downtime after its end") {
    Scene scene;
    auto over = box(1, "redis_scb", "exited");
    over.started_at = scene.ago(100);
    over.finished_at = scene.ago(40);
    scene.boxes = {over};
    scene.watch({redis});
    CHECK(scene.verdicts() == Texts{"up redis -100.000..-40.000", "down redis -40.000..0.003"});
}

TEST_CASE("two consecutive runs prove the downtime between them") {
    Scene scene;
    auto again = box(1, "redis_scb");
    again.started_at = scene.ago(10);
    again.finished_at = scene.ago(30);
    scene.boxes = {again};
    scene.watch({redis});
    CHECK(scene.verdicts() == Texts{"down redis -30.000..-10.000", "up redis -10.000..0.003"});
}

TEST_CASE("paused and unhealthy prove nothing about the time before") {
    for (const auto* state : {"paused", "unhealthy"}) {
        Scene scene;
        auto ill = box(1, "redis_scb", state == std::string("paused") ? "paused" : "running");
        if (ill.state == "running") ill.health = state;
        scene.boxes = {ill};
        scene.watch({redis});
        CHECK(scene.verdicts() == Texts{cat(ill.state == "paused" ? "down" : "degraded", " redis 0.003..0.003")});
    }
}

TEST_CASE("every state has its verdict") {
    for (const auto& [state, health, verdict] : {std::array<std::string, 3>{"running", "", "up"},
                                                 {"running", "starting", "up"},
                                                 {"running", "healthy", "up"},
                                                 {"running", "unhealthy", "degraded"},
                                                 {"paused", "", "down"},
                                                 {"restarting", "", "down"},
                                                 {"created", "", "down"},
                                                 {"exited", "", "down"},
                                                 {"dead", "", "down"},
                                                 {"removing", "", "down"},
                                                 {"on fire", "", "unknown"}}) {
        const std::string_view shown = state;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        Scene scene;
        auto one = box(1, "redis_scb", state);
        one.health = health;
        scene.boxes = {one};
        scene.watch({redis});
        CHECK(has(scene.verdicts(), verdict + " redis "));
    }
}

TEST_CASE("an event is reported at once with its own time, and a list follows") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.host.advance(2 * ns_per_s);
    scene.said();
    const auto died = scene.host.now() - 5 * ns_per_ms;
    scene.say_event(event_json("die", scene.boxes[0], died, R"(,"exitCode":"137")"));
    CHECK(scene.said() == Texts{R"(down redis 2.095..2.095 {"state":"exited","restarts":0,)"
                                R"("started_at":"2025-08-18T14:13:20.123Z","finished_at":"2025-08-18T15:13:22.218Z",)"
                                R"("exit_code":137})"});
    scene.boxes[0].state = "exited";
    scene.boxes[0].finished_at = died - ns_per_ms;
    scene.host.advance(ns_per_s);
    CHECK(scene.verdicts() == Texts{"up redis -3600.000..2.094", "down redis 2.094..2.301"});
}

TEST_CASE("a crash and a restart between two lists are reported with their times") {
    Scene scene(R"({"every":"60s"})");
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    scene.host.advance(3 * ns_per_s);
    scene.say_event(event_json("die", scene.boxes[0], scene.ago(2)));
    scene.say_event(event_json("start", scene.boxes[0], scene.ago(1)));
    CHECK(scene.verdicts() == Texts{"down redis 1.100..1.100", "up redis 2.100..2.100"});
}

TEST_CASE("a split event, a blank line, an ignored event and a repeated event are handled") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    const auto line = event_json("pause", scene.boxes[0], scene.host.now());
    const auto other = event_json("top", scene.boxes[0], scene.host.now());
    for (const char c : stipend::cat("\r\n", line, line, other)) {
        scene.say_event(std::string(1, c));
    }
    CHECK(scene.verdicts() == Texts{"down redis 0.100..0.100"});
}

TEST_CASE("an event after the request of a list takes precedence over the list") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.host.advance(9 * ns_per_s);
    scene.instead.emplace("/containers/json", FakeReply::answer(200, list_json(scene.boxes)).after(500 * ns_per_ms));
    scene.host.advance(ns_per_s);
    scene.said();
    scene.say_event(event_json("die", scene.boxes[0], scene.host.now()));
    scene.boxes[0].state = "exited";
    scene.boxes[0].finished_at = scene.host.now();
    scene.host.advance(450 * ns_per_ms);
    CHECK(scene.verdicts() ==
          Texts{"down redis 10.100..10.100", "up redis -3600.000..10.100", "down redis 10.100..10.502"});
}

TEST_CASE("health changes are observed") {
    Scene scene;
    auto one = box(1, "redis_scb");
    one.health = "healthy";
    scene.boxes = {one};
    scene.watch({redis});
    scene.said();
    scene.say_event(event_json("health_status: unhealthy", one, scene.host.now()));
    scene.host.advance(ns_per_ms);
    scene.say_event(event_json("health_status: healthy", one, scene.host.now()));
    CHECK(scene.verdicts() == Texts{"degraded redis 0.100..0.100", "up redis 0.101..0.101"});
    // The proof that follows does not cover what was seen to be ill.
    scene.host.advance(2 * ns_per_s);
    CHECK(scene.verdicts() == Texts{"up redis 0.101..1.003"});
}

TEST_CASE("a pattern has a series for each container, and a removed container stays down") {
    Scene scene;
    scene.boxes = {box(1, "s1_a"), box(2, "s1_b"), box(3, "s2_c")};
    scene.watch({pattern, {"b", "docker:s1_b", ""}});
    const auto first = scene.verdicts();
    CHECK(first.size() == 2);
    CHECK(has(first, "up s1_a "));
    CHECK(has(first, "up b "));
    scene.boxes.erase(scene.boxes.begin());
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.said(), R"(down s1_a 10.002..10.002 {"state":"removed","why":"removed"})"));
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.verdicts(), "down s1_a 20.002..20.002"));
    scene.boxes.push_back(box(9, "s1_a"));
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.verdicts(), "up s1_a "));
}

TEST_CASE("members from before a restart that no longer exist are down") {
    Scene scene;
    scene.watch({{"s1", "docker:s1_*", R"({"members":["s1_a","x"]})"}});
    CHECK(scene.said() == Texts{R"(down s1_a 0.002..0.002 {"state":"removed","why":"removed while nobody watched"})"});
}

TEST_CASE("a rename ends one name and starts another without history") {
    Scene scene;
    scene.boxes = {box(1, "s1_a")};
    scene.watch({pattern});
    scene.said();
    auto renamed = scene.boxes[0];
    renamed.name = "s1_b";
    scene.say_event(event_json("rename", renamed, scene.host.now(), R"(,"oldName":"/s1_a")"));
    CHECK(scene.verdicts() == Texts{"down s1_a 0.100..0.100", "up s1_b 0.100..0.100"});
    scene.boxes[0].name = "s1_b";
    scene.host.advance(2 * ns_per_s);
    CHECK(scene.said() ==
          Texts{R"(down s1_a 1.002..1.002 {"state":"renamed","why":"renamed to s1_b"})",
                R"(up s1_b 0.100..1.003 {"state":"running","restarts":0,"started_at":"2025-08-18T14:13:20.123Z"})"});
}

namespace {

// Another name, and the old one again, between two looks.
void rename_and_back(Scene& scene) {
    auto away = scene.boxes[0];
    away.name = "another";
    scene.say_event(event_json("rename", away, scene.host.now(), R"(,"oldName":"/redis_scb")"));
    scene.host.advance(40 * ns_per_ms);
    scene.say_event(event_json("rename", scene.boxes[0], scene.host.now(), R"(,"oldName":"/another")"));
    CHECK(scene.verdicts() == Texts{"down redis 0.100..0.100"});
}

}  // namespace

TEST_CASE("a container that regains its name is up from then on, not from the next list on") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    rename_and_back(scene);
    scene.host.advance(2 * ns_per_s);
    CHECK(scene.verdicts() == Texts{"up redis 0.140..1.003"});
}

TEST_CASE("events after a container regained its name are not lost") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    rename_and_back(scene);
    for (const auto* action : {"pause", "unpause"}) {
        scene.host.advance(40 * ns_per_ms);
        scene.say_event(event_json(action, scene.boxes[0], scene.host.now()));
    }
    scene.host.advance(2 * ns_per_s);
    CHECK(scene.verdicts() == Texts{"down redis 0.180..0.180", "up redis 0.220..0.220", "up redis 0.220..1.003"});
}

TEST_CASE("events before the first list prove more than the start time") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.replay = event_json("pause", scene.boxes[0], scene.ago(60)) +
                   event_json("unpause", scene.boxes[0], scene.ago(20)) +
                   event_json("die", box(7, "s1_tmp"), scene.ago(10));  // no longer there, and never observed
    scene.watch({redis, pattern});
    CHECK(scene.verdicts() ==
          Texts{"down redis -60.000..-20.000", "up redis -20.000..0.002", "up redis -20.000..0.003"});
}

TEST_CASE("after a failure of the engine everything is unknown, with the reason") {
    for (const auto& [reply, why] :
         {std::pair{FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "no such file"), "no such file"},
          std::pair{FakeReply::hang(), "no end within 5000 ms"},
          std::pair{FakeReply::answer(500, "{\"message\":\"broken\"}\n"), "got status 500, want 200: "},
          std::pair{FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "half an answer"), "half an answer"},
          std::pair{FakeReply::answer(200, "[{\"Id\":"), "an answer that cannot be read: not JSON"},
          std::pair{FakeReply::answer(200, "{}"), "got an object, want an array"}}) {
        const std::string_view shown = why;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.watch({redis});
        CHECK(scene.plugin.health().ok());
        scene.said();
        scene.instead.emplace("/containers/json", reply);
        scene.host.advance(15 * ns_per_s);
        const auto said = scene.said();
        REQUIRE_FALSE(said.empty());
        CHECK(said[0].starts_with("unknown redis 10.002.."));
        CHECK(has(said, why));
        CHECK_FALSE(scene.plugin.health().ok());
        scene.instead.clear();
        scene.host.advance(10 * ns_per_s);
        CHECK(has(scene.verdicts(), "up redis -3600.000.."));
        CHECK(scene.plugin.health().ok());
    }
}

TEST_CASE("the next attempt follows at first soon, then every five seconds") {
    Scene scene;
    scene.instead.emplace("/version", FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "refused"));
    scene.watch({redis});
    scene.host.advance(20 * ns_per_s);
    Texts sent;
    for (const auto& request : scene.host.http().requests()) {
        sent.push_back(Scene::when(EventQueue::first_now + request.sent_at - EventQueue::first_monotonic).substr(0, 4));
    }
    CHECK(sent == Texts{"0.00", "0.50", "1.50", "3.50", "7.50", "12.5", "17.5"});
    CHECK(scene.verdicts().back() == "unknown redis 0.000..17.507");
}

TEST_CASE("an engine with an unsupported version is reported") {
    Scene scene;
    scene.version = R"({"ApiVersion":"1.20"})";
    scene.watch({redis});
    CHECK(has(scene.said(), "the engine is too old: got API 1.20, want at least 1.24"));
}

TEST_CASE("a broken stream is a gap, which is replayed") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.host.advance(3 * ns_per_s);
    scene.said();
    scene.replay = event_json("die", scene.boxes[0], scene.host.now() + 100 * ns_per_ms) +
                   event_json("start", scene.boxes[0], scene.host.now() + 300 * ns_per_ms);
    scene.host.http().end(scene.stream, FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "reset"));
    scene.host.advance(ns_per_s);
    CHECK(scene.verdicts() == Texts{"unknown redis 3.100..3.100", "down redis 3.200..3.400", "up redis 3.400..3.602",
                                    "up redis 3.400..3.603"});
}

TEST_CASE("a stream is reopened after its timeout without a gap") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.host.advance(590 * ns_per_s);
    const auto first = scene.stream;
    scene.host.advance(20 * ns_per_s);
    CHECK(scene.stream != first);
    CHECK_FALSE(has(scene.verdicts(), "unknown"));
    scene.say_event(event_json("pause", scene.boxes[0], scene.host.now()));
    CHECK(has(scene.verdicts(), "down redis"));
}

TEST_CASE("if an inspection fails, the state of the list is reported") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.instead.emplace("aaa1/json", FakeReply::hang());
    scene.watch({redis});
    scene.host.advance(6 * ns_per_s);
    const auto said = scene.said();
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with(R"(up redis 0.002..0.002 {"state":"running","why":"no end within 5000 ms)"));
}

TEST_CASE("containers of known kinds or with the label are proposed once and again after a change") {
    Scene scene;
    auto labelled = box(1, "thing");
    labelled.labels = R"({"stipend.monitor":"true"})";
    auto refused = box(2, "other");
    refused.labels = R"({"stipend.monitor":"false"})";
    scene.boxes = {labelled, refused, box(3, "My-NeuroSync-1"), box(4, "redis_scb")};
    scene.watch({redis});
    scene.host.advance(10 * ns_per_s);
    Texts found;
    for (auto& line : scene.said()) {
        if (line.starts_with("found")) found.push_back(line);
    }
    CHECK(found == Texts{R"(found My-NeuroSync-1 0.002..0.002 {"image":"img","why":"name looks like NeuroSync"})",
                         R"(found thing 0.002..0.002 {"image":"img","why":"label stipend.monitor=true"})"});
    scene.boxes.erase(scene.boxes.begin());
    scene.host.advance(10 * ns_per_s);
    scene.boxes.push_back(labelled);
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.said(), "found thing"));
}

TEST_CASE("a pattern has a limited number of members and reports that there are more") {
    Scene scene;
    for (int i = 0; i < 300; ++i) scene.boxes.push_back(box(i, cat("s1_", i)));
    scene.watch({pattern});
    scene.host.advance(ns_per_s);
    CHECK(scene.verdicts().size() == max_members);
    CHECK(scene.host.logged(STIPEND_LOG_WARN, "docker:s1_*: more than 256 containers"));
}

TEST_CASE("a late list is a gap") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.instead.emplace("/containers/json", FakeReply::answer(200, list_json(scene.boxes)).after(4 * ns_per_s));
    scene.host.advance(10 * ns_per_s);
    scene.instead.clear();
    scene.said();
    // The machine slept: the timers fire late.
    scene.host.advance(5 * ns_per_s);
    scene.said();
    scene.host.advance(20 * ns_per_s);
    CHECK(has(scene.verdicts(), "up redis"));
}

TEST_CASE("a cancelled or quiesced watch reports nothing more and has no open exchange") {
    for (const bool cancel : {true, false}) {
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.watch({redis});
        scene.said();
        if (cancel) {
            scene.plugin.cancel_watch(scene.watched.op());
        } else {
            scene.plugin.quiesce();
        }
        scene.host.settle();
        REQUIRE(scene.watched.done());
        CHECK(scene.watched.status() == (cancel ? STIPEND_E_CANCELLED : STIPEND_OK));
        CHECK(scene.host.http().under_way() == 0);
        CHECK(scene.said().empty());
    }
}

TEST_CASE("a rejected request is unknown, too") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.host.http().refuse(STIPEND_E_LIMIT);
    scene.watch({redis});
    CHECK(has(scene.said(), "HTTP request refused"));
    scene.host.http().refuse(STIPEND_OK);
    scene.host.advance(ns_per_s);
    CHECK(has(scene.verdicts(), "up redis"));
}

TEST_CASE("invalid targets and settings are rejected with the reason") {
    Scene scene;
    const auto refusal = [&](const FakeTarget& target) { return scene.plugin.watch({target}).error(); };
    CHECK(refusal({"x", "http://x", ""}).starts_with("target x: bad endpoint: got \"http://x\""));
    CHECK(refusal({"x", "docker:x", R"({"menbers":[]})"}) == "target x: no such attribute: menbers");
    CHECK(refusal({"x", "docker:x", R"({"members":[1]})"}) == "target x: members: got a number, want names");
    const auto config = [&](const std::string& json) { return scene.host.try_create<Docker>(json).error().message; };
    CHECK(config(R"({"engine":"ssh://x"})") ==
          "got \"ssh://x\": ssh:// is not supported; a tunnel (ssh -L SOCKET:SOCKET) gives a unix socket");
    CHECK(config(R"({"engine":"unix://engine"})") == "got \"unix://engine\", want unix:///path with an absolute path");
    CHECK(config(R"({"every":"1ms"})") == "got 1ms, want 1s .. 10m");
    CHECK(config(R"({"discover":{"label":"x"}})") == "got \"x\", want key=value");
}

TEST_CASE("an engine over TCP is requested at its address") {
    Scene scene(R"({"engine":"tcp://10.0.0.7:2375"})");
    scene.host.http().serve([](const FakeRequest&) { return FakeReply::hang(); });
    scene.watch({redis});
    CHECK(scene.host.http().requests()[0].url == "http://10.0.0.7:2375/version");
    CHECK(scene.host.http().requests()[0].unix_socket.empty());
}

TEST_CASE("a probe checks one container once") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    const auto look = [&](const std::string& endpoint) {
        auto operation = scene.plugin.probe({"t", endpoint, ""}, 0);
        scene.host.settle();
        return operation;
    };
    CHECK(look("docker:redis_scb")->verdict == STIPEND_UP);
    const auto missing = look("docker:other");
    CHECK(missing->verdict == STIPEND_DOWN);
    CHECK(missing->evidence == R"({"state":"missing","why":"no such container"})");
    CHECK(look("docker:s1_*").error() == "several containers can only be watched: got \"s1_*\", want one name");
    scene.instead.emplace("/json", FakeReply::answer(200, "[]"));
    CHECK(look("docker:redis_scb")->verdict == STIPEND_UNKNOWN);
}
