// Services that are selected by the labels of their containers.
#include "docker_engine_fake.hpp"

using namespace docker_test;

namespace {

const FakeTarget compose{"redis", "docker:compose:net/redis", ""};
const FakeTarget label{"paid", "docker:label:tier=paid", ""};

Box of_compose(int number, const std::string& name, const std::string& state = "running") {
    auto out = box(number, name, state);
    out.labels = R"({"com.docker.compose.project":"net","com.docker.compose.service":"redis"})";
    return out;
}

Box finished(Box box, stipend_unix_ns started, stipend_unix_ns ended) {
    box.state = "exited";
    box.started_at = started;
    box.finished_at = ended;
    return box;
}

}  // namespace

TEST_CASE("a service of Compose is the containers of its project and its name, and no other") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1"), box(2, "net_redis_2"), box(3, "net_redis_3")};
    scene.boxes[1].labels = R"({"com.docker.compose.project":"other","com.docker.compose.service":"redis"})";
    scene.boxes[2].labels =
        R"({"com.docker.compose.project":"net","com.docker.compose.service":"redis","com.docker.compose.oneoff":"True"})";
    scene.watch({compose});
    CHECK(scene.said() ==
          Texts{R"(up redis -3600.000..0.003 {"container":"net_redis_1","state":"running","restarts":0,)"
                R"("started_at":"2025-08-18T14:13:20.123Z"})"});
    scene.boxes.erase(scene.boxes.begin());
    scene.host.advance(10 * ns_per_s);
    CHECK(scene.said() == Texts{R"(down redis 10.002..10.002 {"state":"missing","why":"no such container"})"});
}

TEST_CASE("a label selects by its value, or by its key alone") {
    Scene scene;
    scene.boxes = {box(1, "a"), box(2, "b")};
    scene.boxes[0].labels = R"({"tier":"paid"})";
    scene.boxes[1].labels = R"({"tier":"free"})";
    scene.watch({label, {"any", "docker:label:tier", ""}, {"none", "docker:label:tier=", ""}});
    const auto said = scene.said();
    CHECK(has(said, R"(up paid -3600.000..0.003 {"container":"a")"));
    CHECK_FALSE(has(said, R"(paid -3600.000..0.003 {"container":"b")"));
    CHECK(has(said, R"(up any -3600.000..0.003 {"container":"b")"));
    CHECK(has(said, "down none "));
}

TEST_CASE("more and fewer containers change nothing while one is up") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1")};
    scene.watch({compose});
    scene.said();
    scene.host.advance(5 * ns_per_s);
    // Two more: one is created and never started.
    auto second = of_compose(2, "net_redis_2");
    second.started_at = scene.ago(1);
    scene.say_event(event_json("create", second, scene.ago(1)) + event_json("start", second, scene.ago(1)));
    scene.boxes.push_back(second);
    scene.boxes.push_back(finished(of_compose(3, "net_redis_3", "created"), 0, 0));
    scene.boxes.back().state = "created";
    scene.host.advance(10 * ns_per_s);
    // The first one goes.
    scene.say_event(event_json("die", scene.boxes[0], scene.host.now()) +
                    event_json("destroy", scene.boxes[0], scene.host.now()));
    scene.boxes.erase(scene.boxes.begin());
    scene.host.advance(10 * ns_per_s);
    for (const auto& line : scene.verdicts()) CHECK(has({line}, "up redis "));
    scene.say_event(event_json("die", second, scene.host.now() - 7 * ns_per_ms));
    scene.boxes[0].state = "exited";
    scene.boxes[0].finished_at = scene.host.now() - 7 * ns_per_ms;
    CHECK(scene.verdicts() == Texts{"down redis 25.093..25.093"});
}

TEST_CASE("a recreate is the downtime between the two containers") {
    Scene scene;
    const auto old = of_compose(1, "net_redis_1");
    scene.boxes = {old};
    scene.watch({compose});
    scene.host.advance(5 * ns_per_s);
    scene.said();
    auto fresh = of_compose(2, "net-redis-1");  // another version of Compose names it otherwise
    const auto begin = scene.host.now() - ns_per_s;
    scene.say_event(event_json("die", old, begin) + event_json("destroy", old, begin + 100 * ns_per_ms) +
                    event_json("create", fresh, begin + 200 * ns_per_ms) +
                    event_json("start", fresh, begin + 500 * ns_per_ms));
    fresh.started_at = begin + 500 * ns_per_ms;
    scene.boxes = {fresh};
    scene.host.advance(ns_per_s);
    const auto said = scene.verdicts();
    CHECK(said.front() == "down redis 4.100..4.100");
    CHECK(said.back() == "up redis 4.600..5.301");
}

TEST_CASE("the past of one container says nothing of a service that another kept up") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1"),
                   finished(of_compose(2, "net_redis_2"), scene.ago(1000), scene.ago(500))};
    scene.watch({compose});
    CHECK(scene.verdicts() == Texts{"up redis -3600.000..0.003", "up redis -1000.000..-500.000"});
    scene.said();
}

TEST_CASE("all containers down is down, and an unhealthy one is degraded") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1"), of_compose(2, "net_redis_2")};
    scene.boxes[0].health = "unhealthy";
    scene.boxes[1].state = "paused";
    scene.watch({compose});
    scene.said();
    scene.host.advance(10 * ns_per_s);
    CHECK(scene.verdicts().back() == "degraded redis 10.002..10.002");
    scene.boxes[0].state = "paused";
    scene.host.advance(10 * ns_per_s);
    CHECK(scene.verdicts().back() == "down redis 20.003..20.003");
}

TEST_CASE("a container that lost its label to another of its name is none of the service") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1")};
    scene.watch({compose});
    scene.said();
    scene.boxes = {box(2, "net_redis_1")};
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.verdicts(), "down redis 10.002..10.002"));
    scene.host.advance(10 * ns_per_s);
    CHECK(scene.verdicts() == Texts{"down redis 20.002..20.002"});
}

TEST_CASE("an engine that is lost makes the service unknown, and its return shows the present") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1"), of_compose(2, "net_redis_2", "exited")};
    scene.watch({compose});
    scene.said();
    scene.instead["/containers/json"] = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "gone");
    scene.host.advance(10 * ns_per_s);
    CHECK(has(scene.verdicts(), "unknown redis "));
    scene.instead.clear();
    scene.host.advance(10 * ns_per_s);
    CHECK(scene.verdicts().back().starts_with("up redis "));
}

TEST_CASE("a list that is too large is replaced by one for each kind of selection") {
    Scene scene;
    scene.boxes = {of_compose(1, "net_redis_1"), box(2, "b")};
    scene.instead["/containers/json?all=1"] = FakeReply::failed(STIPEND_E_LIMIT, STIPEND_HTTP_HEAD, "body too large");
    scene.instead["filters=%7B%22label%22"] = FakeReply::answer(200, list_json({scene.boxes[0]}));
    scene.instead["filters=%7B%22name%22"] = FakeReply::answer(200, list_json({scene.boxes[1]}));
    scene.watch({compose, {"b", "docker:b", ""}});
    const auto said = scene.verdicts();
    CHECK(has(said, "up redis "));
    CHECK(has(said, "up b "));
    const auto& requests = scene.host.http().requests();
    CHECK(std::any_of(requests.begin(), requests.end(), [](const FakeRequest& request) {
        return request.url.ends_with(
            "filters=%7B%22label%22%3A%5B%22com%2Edocker%2Ecompose%2Eproject%3Dnet%22%2C%22"
            "com%2Edocker%2Ecompose%2Eservice%3Dredis%22%5D%7D");
    }));
}

TEST_CASE("a selection that no container can have is refused") {
    for (const auto* target : {"docker:compose:net", "docker:compose:/redis", "docker:compose:net/",
                               "docker:label:", "docker:label:=x", "docker:compose:n*/redis"}) {
        CHECK_FALSE(parse_endpoint(target).ok());
    }
    CHECK(parse_endpoint("docker:compose:net").error().message ==
          "bad endpoint: got \"docker:compose:net\", want docker:compose:PROJECT/SERVICE");
}
