// The names that Compose gives while it recreates a container.
#include "docker_names.hpp"
#include "docker_engine_fake.hpp"

using namespace docker_test;

namespace {

const FakeTarget services{"*_scb", "docker:*_scb", ""};

// What the engine says while the container of redis_scb is replaced by another. Times are in ms after `begin`.
std::string recreate(const Box& old, const Box& fresh, bool second_version, stipend_unix_ns begin) {
    const auto at = [begin](int ms) { return begin + ms * ns_per_ms; };
    const auto ghost = cat(old.id.substr(0, 12), "_", old.name);
    auto away = old, coming = fresh;
    away.name = coming.name = ghost;
    if (second_version) {
        return event_json("create", coming, at(0)) + event_json("kill", old, at(100)) +
               event_json("die", old, at(200)) + event_json("stop", old, at(210)) +
               event_json("destroy", old, at(300)) +
               event_json("rename", fresh, at(400), cat(R"(,"oldName":"/)", ghost, "\"")) +
               event_json("start", fresh, at(700));
    }
    return event_json("kill", old, at(100)) + event_json("die", old, at(200)) + event_json("stop", old, at(210)) +
           event_json("rename", away, at(300), cat(R"(,"oldName":"/)", old.name, "\"")) +
           event_json("create", fresh, at(400)) + event_json("start", fresh, at(700)) +
           event_json("destroy", away, at(800));
}

}  // namespace

TEST_CASE("a name of twelve hex digits and another name is transitional") {
    CHECK(is_transitional("0123456789ab_redis_scb"));
    for (const auto* name :
         {"0123456789ab_", "0123456789a_redis", "0123456789ag_redis", "0123456789abredis", "redis"}) {
        CHECK_FALSE(is_transitional(name));
    }
}

TEST_CASE("recreates are downtime of one service, whatever Compose calls its containers meanwhile") {
    for (const bool second_version : {false, true}) {
        CAPTURE(second_version);
        Scene scene;
        scene.boxes = {box(1, "redis_scb")};
        scene.watch({services});
        scene.said();
        for (int round = 1; round <= 3; ++round) {
            scene.host.advance(5 * ns_per_s);
            scene.said();
            auto fresh = box(round + 1, "redis_scb");
            const auto begin = scene.host.now() - ns_per_s;
            // In the middle of it a list shows both.
            auto ghost = second_version ? fresh : scene.boxes[0];
            ghost.name = cat(scene.boxes[0].id.substr(0, 12), "_redis_scb");
            scene.say_event(recreate(scene.boxes[0], fresh, second_version, begin));
            fresh.started_at = begin + 700 * ns_per_ms;
            scene.boxes = {fresh};
            const auto said = scene.verdicts();
            for (const auto& line : said) CHECK(has({line}, " redis_scb "));
            CHECK(said.back().starts_with("up redis_scb "));
            scene.boxes.push_back(ghost);
            scene.host.advance(2 * ns_per_s);
            scene.boxes.pop_back();
            scene.host.advance(10 * ns_per_s);
            const auto later = scene.verdicts();
            for (const auto& line : later) CHECK(line.starts_with("up redis_scb "));
        }
    }
}

TEST_CASE("a recreate while the worker was away is replayed as downtime of one service") {
    for (const bool second_version : {false, true}) {
        CAPTURE(second_version);
        Scene scene;
        auto fresh = box(2, "redis_scb");
        fresh.started_at = scene.ago(30) + 700 * ns_per_ms;
        scene.boxes = {fresh};
        const auto ghost = cat(box_id(1).substr(0, 12), "_redis_scb");
        scene.replay = recreate(box(1, "redis_scb"), fresh, second_version, scene.ago(30));
        scene.watch({{"*_scb", "docker:*_scb", cat(R"({"members":["redis_scb",")", ghost, R"("]})")}});
        const auto said = scene.verdicts();
        for (const auto& line : said) CHECK_FALSE(has({line}, ghost));
        CHECK(said.front().starts_with("down redis_scb -29.800.."));
        CHECK(has(said, "..-29.300"));
        CHECK(has(said, "up redis_scb -29.300..0.003"));
    }
}

TEST_CASE("a transitional name is no discovery") {
    Scene scene;
    scene.boxes = {box(1, "0123456789ab_redis_scb")};
    scene.watch({{"x", "docker:x", ""}});
    CHECK_FALSE(has(scene.verdicts(), "found"));
}
