// What any container of an engine, or a proxy before it, can put into the answers: nothing of it hides other
// containers.
#include "docker_engine_fake.hpp"

using namespace docker_test;

namespace {

std::string foreign_entry(const std::string& container, const std::string& members) {
    return cat(R"({"Id":")", container, R"(",)", members, "}");
}

// The list of redis_scb and one more entry.
FakeReply list_with(const std::string& more) {
    auto text = list_json({box(1, "redis_scb")});
    text.insert(text.size() - 1, "," + more);
    return FakeReply::answer(200, text);
}

std::size_t logged(Scene& scene, std::string_view part) {
    std::size_t out = 0;
    for (const auto& line : scene.host.log()) out += line.text.find(part) != std::string::npos ? 1 : 0;
    return out;
}

}  // namespace

TEST_CASE("an entry that cannot be read hides no other container and is reported once") {
    const auto other = box_id(7);
    for (const auto& [foreign, why] :
         {std::pair{foreign_entry(other, cat(R"("Names":["/)", std::string(300, 'n'), R"("],"State":"running")")),
                    "300 bytes"},
          std::pair{foreign_entry(other, R"("Names":["/x"],"State":7)"), "State: got a number"},
          std::pair{foreign_entry(other, R"("Names":["/x"])"), "State: missing"},
          std::pair{foreign_entry(other, R"("Names":{"a":1},"State":"running")"), "Names: got an object"},
          std::pair{std::string(R"({"Id":"zz","Names":["/x"],"State":"running"})"), "Id: got \"zz\""},
          std::pair{std::string(R"({"Names":["/x"],"State":"running"})"), "Id: missing"},
          std::pair{std::string("17"), "got a number, want an object"}}) {
        const std::string_view shown = foreign;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.instead.emplace("/containers/json", list_with(foreign));
        scene.watch({redis});
        CHECK(has(scene.verdicts(), "up redis -3600.000..0.003"));
        scene.host.advance(20 * ns_per_s);
        CHECK(scene.verdicts() == Texts{"up redis 10.002..10.002", "up redis 20.002..20.002"});
        CHECK(logged(scene, why) == 1);
        CHECK(scene.plugin.health().ok());
    }
}

TEST_CASE("members of an entry that are missing or wrong, but not needed, change nothing") {
    for (const std::string more : {R"("Image":null)", R"("Image":["x"])", R"("Status":5)", R"("Labels":"x")",
                                   R"("Labels":["x"])", R"("Labels":{"a":7})"}) {
        CAPTURE(more);
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.instead.emplace(
            "/containers/json",
            FakeReply::answer(
                200,
                cat("[", foreign_entry(box_id(1), cat(R"("Names":["/redis_scb"],"State":"running",)", more)), "]")));
        scene.watch({redis});
        CHECK(has(scene.verdicts(), "up redis -3600.000..0.003"));
        CHECK(logged(scene, "is left out") == 0);
    }
}

TEST_CASE("a watched container whose own entry cannot be read is unknown, not removed") {
    for (const auto& mine : std::vector<std::string>{
             foreign_entry(box_id(1), R"("Names":["/redis_scb"],"State":7)"),
             foreign_entry(box_id(1), R"("Names":7,"State":"running")"),
             std::string(R"({"Id":"zz","Names":["/redis_scb"],"State":"running"})"), std::string("null")}) {
        CAPTURE(mine);
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.watch({redis});
        scene.said();
        scene.instead.emplace("/containers/json", FakeReply::answer(200, cat("[", mine, "]")));
        scene.host.advance(10 * ns_per_s);
        const auto said = scene.said();
        CHECK(has(said, "unknown redis 10.002..10.002"));
        CHECK(has(said, "cannot be read: "));
        CHECK_FALSE(has(said, "down"));
        scene.instead.clear();
        scene.host.advance(10 * ns_per_s);
        CHECK(has(scene.verdicts(), "up redis 20.002..20.002"));
    }
}

TEST_CASE("an event that cannot be read is left out, reported once, and followed by a list") {
    const auto head = cat(R"({"Action":"die","timeNano":)", EventQueue::first_now, R"(,"Actor":{"ID":")");
    for (const auto& line : std::vector<std::string>{
             cat(head, box_id(7), R"(","Attributes":{"name":")", std::string(300, 'n'), R"("}}})"),
             cat(head, box_id(7), R"(","Attributes":{"name":7}}})"), cat(head, R"("}})"), std::string("{\"Action\":7}"),
             std::string("<html>"), std::string("[]"), cat(R"({"Action":"die","Actor":{"ID":")", box_id(7), R"("}})"),
             std::string("{\"x\":\"\xff\"}"), std::string(70'000, '[')}) {
        const auto shown = line.substr(0, 80);
        CAPTURE(shown);
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        // It stays among the engine's stored events.
        scene.replay = cat(line, "\n", line, "\n");
        scene.watch({redis});
        CHECK(has(scene.verdicts(), "up redis -3600.000..0.003"));
        scene.host.advance(2 * ns_per_s);
        scene.said();
        scene.say_event(cat(line, "\n"));
        scene.host.advance(2 * ns_per_s);
        CHECK(scene.verdicts() == Texts{"up redis 2.300..2.300"});
        CHECK(logged(scene, "is left out") <= 1);
        scene.say_event(event_json("pause", scene.boxes[0], scene.host.now()));
        CHECK(scene.verdicts() == Texts{"down redis 4.100..4.100"});
        CHECK(scene.plugin.health().ok());
    }
}

TEST_CASE("the next replay starts behind events that cannot be read") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.replay = "{\"Action\":7}\n";
    scene.watch({redis});
    scene.host.http().end(scene.stream, FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "reset"));
    scene.host.advance(ns_per_s);
    Texts replays;
    for (const auto& request : scene.host.http().requests()) {
        if (request.url.find("&until=") != std::string::npos) replays.push_back(request.url);
    }
    REQUIRE(replays.size() == 2);
    CHECK(has({replays[0]}, "since=1754925200.124"));
    CHECK(has({replays[1]}, "since=1755530000.124"));
}

TEST_CASE("labels that replace an event's own attributes change no verdict") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis, {"other", "docker:other", ""}});
    scene.said();
    scene.say_event(event_json("die", scene.boxes[0], scene.host.now(), R"(,"exitCode":"many","oldName":"x")"));
    scene.say_event(event_json("start", scene.boxes[0], scene.host.now(), R"(,"exitCode":"")"));
    CHECK(scene.verdicts() == Texts{"down redis 0.100..0.100", "up redis 0.100..0.100"});
    auto moved = scene.boxes[0];
    moved.name = "other";
    scene.say_event(event_json("rename", moved, scene.host.now(), R"(,"oldName":"/somebody_else")"));
    CHECK(scene.verdicts() == Texts{"down redis 0.100..0.100", "up other 0.100..0.100"});
}

TEST_CASE("a foreign container does not take a name away by a label") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb"), box(2, "foreign")};
    scene.watch({redis});
    scene.said();
    scene.say_event(event_json("rename", box(2, "new"), scene.host.now(), R"(,"oldName":"/redis_scb")"));
    CHECK(scene.verdicts().empty());
}

TEST_CASE("the words of Podman are understood") {
    for (const auto& [state, verdict] :
         {std::pair{"configured", "down"}, {"initialized", "down"}, {"stopped", "down"}, {"stopping", "up"}}) {
        Scene scene;
        scene.boxes = {box(1, "redis_scb", state)};
        scene.watch({redis});
        CHECK(has(scene.verdicts(), cat(verdict, " redis ")));
    }
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    scene.say_event(event_json("died", scene.boxes[0], scene.host.now(), R"(,"containerExitCode":"3")"));
    const auto said = scene.said();
    CHECK(has(said, "down redis 0.100"));
    CHECK(has(said, R"("exit_code":3)"));
    scene.say_event(event_json("remove", scene.boxes[0], scene.host.now()));
    CHECK(has(scene.said(), "removed"));
}

TEST_CASE("an event without a name is about the container with its id") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    scene.say_event(cat(R"({"Action":"die","Actor":{"ID":")", box_id(1), R"(","Attributes":null},"timeNano":)",
                        scene.host.now(), "}\n"));
    CHECK(scene.verdicts() == Texts{"down redis 0.100..0.100"});
}

TEST_CASE("more stored events than are remembered do not end the watch") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    for (int i = 0; i < 10'000; ++i) scene.replay += event_json("pause", box(2, "other"), scene.ago(1000) + i);
    scene.replay += event_json("pause", scene.boxes[0], scene.ago(60));
    scene.replay += event_json("unpause", scene.boxes[0], scene.ago(20));
    scene.watch({redis});
    CHECK(has(scene.verdicts(), "down redis -60.000..-20.000"));
    CHECK(scene.plugin.health().ok());
}

TEST_CASE("an inspection without what is not needed still proves the run") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.instead.emplace(
        cat(box_id(1), "/json"),
        FakeReply::answer(200, cat(R"({"Id":")", box_id(1), R"(","Name":"/redis_scb","State":)",
                                   R"({"Status":"running","ExitCode":"x","StartedAt":)",
                                   R"("2025-08-18T14:13:20.123Z","FinishedAt":"0001-01-01T00:00:00Z"}})")));
    scene.watch({redis});
    CHECK(has(scene.verdicts(), "up redis -3600.000..0.003"));
}

namespace {

// The container ends and comes back, and no event says so.
void restart_unseen(Scene& scene) {
    scene.said();
    scene.host.advance(3 * ns_per_s);
    scene.boxes[0].finished_at = scene.ago(2);
    scene.boxes[0].started_at = scene.ago(1);
    scene.boxes[0].status = "Up 1 second";
}

}  // namespace

TEST_CASE("where events are refused the lists go on alone, and see a restart between two of them") {
    for (const int status : {403, 404, 501}) {
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.boxes[0].started_at = scene.ago(5);
        scene.instead.emplace("/events", FakeReply::answer(status, "no"));
        scene.watch({redis});
        CHECK(has(scene.verdicts(), "up redis -5.000..0.0"));
        CHECK(scene.plugin.health().ok());
        restart_unseen(scene);
        scene.host.advance(10 * ns_per_s);
        CHECK(scene.verdicts() == Texts{"down redis 1.100..2.100", "up redis 2.100..10.003"});
        scene.boxes[0].status = "Up 1 minute";
        scene.host.advance(1000 * ns_per_s);
        CHECK_FALSE(has(scene.verdicts(), "unknown"));
        CHECK(logged(scene, cat("got status ", status)) == 1);
        CHECK(logged(scene, "only looked at every 10s") == 1);
        // Once they are allowed, they are used.
        scene.instead.clear();
        scene.host.advance(300 * ns_per_s);
        scene.said();
        scene.say_event(event_json("pause", scene.boxes[0], scene.host.now()));
        CHECK(has(scene.verdicts(), "down redis"));
        CHECK(scene.host.logged(STIPEND_LOG_INFO, "events arrive again"));
    }
}

TEST_CASE("a replay that does not end leaves the lists") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.instead.emplace("&until=", FakeReply::hang());
    scene.watch({redis});
    scene.host.advance(20 * ns_per_s);
    const auto verdicts = scene.verdicts();
    CHECK(has(verdicts, "up redis -3600.000..5.0"));
    CHECK_FALSE(has(verdicts, "unknown"));
    CHECK(logged(scene, "only looked at every 10s") == 1);
}

TEST_CASE("a stream that always ends at once leaves the lists") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.instead.emplace("/events", FakeReply::answer(200, ""));
    scene.watch({redis});
    scene.host.advance(20 * ns_per_s);
    scene.said();
    scene.host.advance(600 * ns_per_s);
    CHECK_FALSE(has(scene.verdicts(), "unknown"));
    CHECK(logged(scene, "only looked at every 10s") == 1);
}

TEST_CASE("a stream that says nothing of a change leaves the lists") {
    Scene scene;
    scene.boxes = {box(1, "redis_scb")};
    scene.watch({redis});
    scene.said();
    scene.boxes[0].state = "paused";
    scene.host.advance(20 * ns_per_s);
    CHECK(logged(scene, "did not announce a change") == 1);
    scene.boxes[0].state = "running";
    scene.host.advance(10 * ns_per_s);
    restart_unseen(scene);
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.verdicts(), "down redis 31.100..32.100"));
}

TEST_CASE("a list that other containers make too large is replaced by one of the watched containers") {
    std::string many = R"([{"Id":"x","Labels":[)";
    for (int i = 0; i < 500'000; ++i) many += "1,";
    for (const auto& body : {std::string(max_list_bytes + 1, ' '), many + "1]}]"}) {
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.instead.emplace("/containers/json?all=1", FakeReply::answer(200, body));
        scene.instead.emplace(
            "/containers/json?all=1&filters=%7B%22name%22%3A%5B%22%5E%2F%3Fredis_scb%24%22%2C"
            "%22%5E%2F%3Fs1_.*%24%22%5D%7D",
            FakeReply::answer(200, list_json(scene.boxes)));
        scene.watch({redis, pattern});
        scene.host.advance(10 * ns_per_s);
        CHECK(has(scene.verdicts(), "up redis -3600.000.."));
        CHECK(logged(scene, "only the watched containers are listed") == 1);
        CHECK(scene.plugin.health().ok());
    }
}
