// Answers of an engine gone wrong in every way that a seed can think of. Whatever comes, the plugin neither crashes nor
// stops: it goes on asking, and once the engine is well again it says so.
#include <random>

#include <doctest/doctest.h>

#include "docker_engine_fake.hpp"

using namespace docker_test;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
    return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound);
}

// Values in place of the expected ones.
const std::vector<std::string> strangers{
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "99999999999999999999999999999999999999",
    "-9223372036854775808",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "\"\\ud800\"",
    "\"\xff\xfe\"",
    "\"2025-99-99T99:99:99Z\"",
    "{\"a\":1,\"a\":2}"};

// Replaces one value of a JSON text, found by its colon, up to what ends it.
std::string with_stranger(std::string text, Random& random) {
    std::vector<std::size_t> colons;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ':') colons.push_back(i);
    }
    if (colons.empty()) return text;
    const auto from = colons[below(random, colons.size())] + 1;
    const auto to = std::min(text.find_first_of(",}]", from), text.size());
    return text.replace(from, to - from, strangers[below(random, strangers.size())]);
}

std::string mutated(std::string text, Random& random) {
    for (auto times = 1 + below(random, 3); times > 0; --times) {
        const auto at = below(random, text.size());
        switch (below(random, 8)) {
            case 0:
                text.resize(at);
                break;
            case 1:
                text.insert(at, 1, static_cast<char>(random()));
                break;
            case 2:
                if (!text.empty()) text[at] = static_cast<char>(random());
                break;
            case 3:
                text.insert(at, text.substr(0, below(random, 200)));
                break;
            case 4:
                text.insert(at, std::string(below(random, 5000), "[{\"0 "[below(random, 5)]));
                break;
            case 5:
                text.erase(at, below(random, 40));
                break;
            default:
                text = with_stranger(std::move(text), random);
        }
    }
    return text;
}

class Storm {
  public:
    explicit Storm(std::uint64_t seed) : random_(seed) {
        scene_.boxes = {{.id = box_id(1), .name = "redis_scb", .health = "healthy"},
                        {.id = box_id(2), .name = "s1_a", .state = "exited"},
                        {.id = box_id(3), .name = "autogen_x", .labels = R"({"stipend.monitor":"true"})"}};
        scene_.host.http().serve([this](const FakeRequest& request) { return answer(request); });
        scene_.watch({{"redis", "docker:redis_scb", ""}, {"s1", "docker:s1_*", ""}});
    }
    void rage() {
        for (int i = 0; i < 30; ++i) {
            if (scene_.stream != 0 && below(random_, 2) == 0) {
                const auto& box = scene_.boxes[below(random_, scene_.boxes.size())];
                static constexpr std::array<const char*, 8> actions{"create", "die",    "start",   "pause",
                                                                    "oom",    "rename", "destroy", "health_status: x"};
                auto line = event_json(actions[below(random_, actions.size())], box,
                                       scene_.host.now() - static_cast<std::int64_t>(below(random_, 1000)) * ns_per_ms,
                                       R"(,"oldName":"/s1_a","exitCode":"1")");
                if (below(random_, 2) == 0) line = mutated(line, random_);
                scene_.host.http().part(scene_.stream, line);
            }
            scene_.host.advance(static_cast<std::int64_t>(below(random_, 4000)) * ns_per_ms);
        }
    }
    // Is the state reported correctly once the engine is healthy?
    void calm() {
        calm_ = true;
        scene_.host.advance(60 * ns_per_s);
        scene_.said();
        scene_.host.advance(10 * ns_per_s);
        const auto verdicts = scene_.verdicts();
        const auto says = [&](std::string_view what) {
            return std::any_of(verdicts.begin(), verdicts.end(),
                               [&](const std::string& line) { return line.starts_with(what); });
        };
        CHECK(says("up redis "));
        CHECK(says("down s1_a "));
        CHECK(scene_.plugin.health().ok());
    }

  private:
    FakeReply answer(const FakeRequest& request) {
        auto reply = scene_.answer(request);
        if (calm_ || below(random_, 3) != 0) return reply;
        switch (below(random_, 5)) {
            case 0:
                return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "cut");
            case 1:
                return FakeReply::hang();
            case 2:
                reply.http_status = static_cast<int>(below(random_, 600));
                return reply;
            default:
                reply.body = mutated(reply.body, random_);
                return reply;
        }
    }

    Random random_;
    bool calm_ = false;
    Scene scene_{R"({"every":"5s"})"};
};

}  // namespace

TEST_CASE("no answer of an engine crashes the monitor, or keeps it from the truth later") {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        CAPTURE(seed);
        Storm storm(seed);
        storm.rage();
        storm.calm();
    }
}

TEST_CASE("each kind of answer, mutated, is read or refused") {
    Random random(42);
    const Box box{.id = box_id(1), .name = "redis_scb", .health = "healthy"};
    const auto list = list_json({box, box});
    const auto details = details_json(box);
    const auto event = event_json("die", box, 1'755'530'000'000'000'000, R"(,"exitCode":"1")");
    int good = 0;
    for (int i = 0; i < 20'000; ++i) {
        good += parse_list(mutated(list, random)).ok() ? 1 : 0;
        good += parse_details(mutated(details, random)).ok() ? 1 : 0;
        good += parse_event(mutated(event, random)).ok() ? 1 : 0;
        good += negotiate(mutated(R"({"ApiVersion":"1.41","MinAPIVersion":"1.12"})", random)).ok() ? 1 : 0;
    }
    CHECK(good > 0);
    CHECK(good < 80'000);
}
