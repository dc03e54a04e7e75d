// Any bytes as the answers of a Docker Engine. What can be read also goes through the tracker, whose observations must
// be in order and about something, with evidence that is JSON.
#include "docker_answers.hpp"

#include <algorithm>

#include "docker_clock.hpp"
#include "docker_time.hpp"
#include "docker_tracker.hpp"
#include "stipend/json_parse.hpp"
#include "tests/fuzz/target.hpp"

using namespace monitor::docker;
using stipend::Result;

namespace {

constexpr stipend_unix_ns at = 1'755'530'000'000'000'000;
constexpr std::int64_t second = 1'000'000'000;

void check_observation(const Observation& observation) {
    FUZZ_REQUIRE(!observation.target_id.empty());
    FUZZ_REQUIRE(observation.from <= observation.to);
    FUZZ_REQUIRE(observation.verdict >= STIPEND_UP && observation.verdict <= STIPEND_FOUND);
    const auto evidence = stipend::parse_json(observation.evidence);
    FUZZ_REQUIRE(evidence.ok() && evidence->is(stipend::Json::Kind::object));
}

Tracker tracker_of_all() {
    return {{{"redis", {.name = "redis_scb"}, {}},
             {"s1", {.name = "s1_*"}, {"s1_a"}},
             {"web", {.name = {}, .labels = {{"com.docker.compose.service", "web"}}, .compose = true}, {}},
             {"app", {.name = {}, .labels = {{"app", {}}}}, {}}},
            Discovery(),
            check_observation,
            [](const std::string& text) { FUZZ_REQUIRE(!text.empty()); }};
}

// The lines do not depend on how the stream is cut.
std::vector<Event> read_events(std::string_view text, std::size_t cut) {
    std::vector<std::string> whole;
    std::vector<std::string> parts;
    const auto into = [](std::vector<std::string>& lines) {
        return [&lines](std::string_view line) -> Result<void> {
            FUZZ_REQUIRE(!line.empty() && line.size() <= max_event_bytes);
            lines.emplace_back(line);
            return {};
        };
    };
    Lines one;
    Lines two;
    FUZZ_REQUIRE(one.feed(text, into(whole)).ok());
    FUZZ_REQUIRE(two.feed(text.substr(0, cut), into(parts)).ok());
    FUZZ_REQUIRE(two.feed(text.substr(std::min(cut, text.size())), into(parts)).ok());
    FUZZ_REQUIRE(whole == parts && one.dropped() == two.dropped());
    std::vector<Event> out;
    for (const auto& line : whole) {
        const auto stub = parse_event_stub(line);
        FUZZ_REQUIRE(stub.at >= 0);
        auto event = parse_event(line);
        if (!event) continue;
        FUZZ_REQUIRE(event->id == stub.id && event->at == stub.at);
        event->at = std::min(event->at, at);
        out.push_back(std::move(*event));
    }
    return out;
}

void check_texts(std::string_view text) {
    if (const auto version = negotiate(text)) FUZZ_REQUIRE(!(*version < least_api) && !(most_api < *version));
    if (const auto time = parse_time(text)) {
        FUZZ_REQUIRE(*time >= 0);
        const auto again = parse_time(time_text(*time));
        FUZZ_REQUIRE(again.ok() && *again == *time / 1'000'000 * 1'000'000);
    }
    if (const auto date = parse_date(text)) FUZZ_REQUIRE(*date % second == 0);
    if (const auto selection = parse_endpoint(text)) {
        FUZZ_REQUIRE(selection->name.empty() != selection->labels.empty());
        static_cast<void>(selects(*selection, {.id = "0123456789ab", .name = "redis"}));
        static_cast<void>(name_filter({selection->name}));
        static_cast<void>(label_filter(selection->labels));
    }
    static_cast<void>(is_transitional(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::size_t cut = input.byte();
    const auto text = input.rest();
    check_texts(text);
    const auto events = read_events(text, cut);
    auto tracker = tracker_of_all();
    if (const auto list = parse_list(text)) {
        for (const auto& entry : *list) FUZZ_REQUIRE(!entry.unread.empty() || !entry.name.empty());
        tracker.resume(*list, {}, at);
        for (const auto& id : tracker.stale()) FUZZ_REQUIRE(!id.empty());
        tracker.sample(*list, at + 1);
        if (cut % 2 != 0) tracker.step(-second, at + 2);
        tracker.sample({}, at + 2);
        tracker.sample(*list, at + 3);
        for (const auto& id : tracker.stale()) tracker.no_details(id, "no answer");
    } else {
        tracker.resume({}, events, at);
    }
    for (const auto& event : events) tracker.event(event);
    if (const auto details = parse_details(text)) {
        FUZZ_REQUIRE(details->started_at >= 0 && details->finished_at >= 0);
        tracker.sample({{.id = details->id, .name = "s1_x", .state = State::running}}, at + 4);
        auto named = *details;
        named.name = "s1_x";
        tracker.details(named, at + 5);
    }
    tracker.doubt();
    tracker.lost(at, at + 6, "over");
    return 0;
}
