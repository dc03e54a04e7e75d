// libFuzzer: any bytes as the answers of a Docker Engine. What can be read also goes through the tracker, whose
// observations must be in order of their ends and about something.
#include <cstdint>
#include <cstdlib>

#include "docker_tracker.hpp"

using namespace monitor::docker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    Tracker tracker(
        {{"redis", "redis_scb", {}}, {"s1", "s1_*", {"s1_a"}}}, Discovery(),
        [](const Seen& seen) {
            if (seen.target_id.empty() || seen.from > seen.to || seen.evidence.empty()) std::abort();
        },
        [](const std::string&) {});
    constexpr stipend_unix_ns at = 1'755'530'000'000'000'000;
    std::vector<Event> missed;
    Lines lines;
    const auto take = [&](std::string_view line) -> stipend::Result<void> {
        STIPEND_LET(event, parse_event(line));
        event.at = std::min(event.at, at);
        missed.push_back(event);
        return {};
    };
    static_cast<void>(lines.feed(text, take));
    static_cast<void>(negotiate(text));
    if (const auto list = parse_list(text)) {
        tracker.resume(*list, {}, at);
        tracker.sample(*list, at + 1);
    } else {
        tracker.resume({}, missed, at);
    }
    for (const auto& event : missed) tracker.event(event);
    if (const auto details = parse_details(text)) {
        tracker.sample({{.id = details->id, .name = "s1_x", .state = State::running}}, at + 2);
        auto named = *details;
        named.name = "s1_x";
        tracker.details(named, at + 3);
    }
    tracker.lost(at, at + 4, "over");
    return 0;
}
