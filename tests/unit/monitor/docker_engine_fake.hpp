// A fake engine: containers, their events, and the responses to the plugin.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "docker_monitor.hpp"
#include "docker_time.hpp"
#include "stipend/testing/fake_host.hpp"

namespace doctest {
template <>
struct StringMaker<std::vector<std::string>> {
    static String convert(const std::vector<std::string>& texts) {
        std::string out;
        for (const auto& text : texts) out += "\n    " + text;
        return out.c_str();
    }
};
}  // namespace doctest

namespace docker_test {

using namespace monitor::docker;
using namespace stipend::testing;
using stipend::cat;
using stipend::ns_per_ms;
using stipend::ns_per_s;

struct Box {  // a container
    std::string id;
    std::string name;
    std::string state = "running";
    std::string health;  // empty: no check
    stipend_unix_ns started_at = EventQueue::first_now - 3600 * ns_per_s;
    stipend_unix_ns finished_at = 0;
    int restarts = 0;
    std::string labels = "{}";
    std::string status = "Up 1 hour";
};

inline std::string box_id(int number) {
    auto digits = std::to_string(number);
    return std::string(64 - digits.size(), 'a') + digits;
}

inline std::string time_or_never(stipend_unix_ns at) {
    return at == 0 ? "0001-01-01T00:00:00Z" : time_text(at);
}

inline std::string list_json(const std::vector<Box>& boxes) {
    std::string out = "[";
    for (const auto& box : boxes) {
        const auto suffix = box.health.empty()         ? std::string()
                            : box.health == "starting" ? std::string(" (health: starting)")
                                                       : cat(" (", box.health, ")");
        out += cat(out.size() > 1 ? "," : "", R"({"Id":")", box.id, R"(","Names":["/other/link","/)", box.name,
                   R"("],"Image":"img","State":")", box.state, R"(","Status":")", box.status, suffix, R"(","Labels":)",
                   box.labels, "}");
    }
    return out + "]";
}

inline std::string details_json(const Box& box) {
    const auto health = box.health.empty() ? std::string() : cat(R"(,"Health":{"Status":")", box.health, "\"}");
    return cat(R"({"Id":")", box.id, R"(","Name":"/)", box.name, R"(","RestartCount":)", box.restarts,
               R"(,"Config":{"Image":"img"},"State":{"Status":")", box.state, R"(","OOMKilled":false,"ExitCode":0,)",
               R"("StartedAt":")", time_or_never(box.started_at), R"(","FinishedAt":")", time_or_never(box.finished_at),
               "\"", health, "}}");
}

inline std::string event_json(const std::string& action, const Box& box, stipend_unix_ns at,
                              const std::string& more = "") {
    return cat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":")", box.id,
               R"(","Attributes":{"image":"img","name":")", box.name, "\"", more, R"(}},"time":)", at / ns_per_s,
               R"(,"timeNano":)", at, "}\n");
}

// The plugin, its host, and an engine with the state of `boxes` and the members below.
struct Scene {
    explicit Scene(const std::string& config = R"({"every":"10s"})") : plugin(host.create<Docker>(config)) {
        REQUIRE(plugin.start().ok());
        host.http().serve([this](const FakeRequest& request) { return dated(answer(request)); });
    }
    // A watch after its first list.
    void watch(const std::vector<FakeTarget>& targets) {
        watched = plugin.watch(targets);
        host.advance(100 * ns_per_ms);
    }
    [[nodiscard]] stipend_unix_ns ago(std::int64_t seconds) const { return host.now() - seconds * ns_per_s; }
    void say_event(const std::string& line) { REQUIRE(host.http().part(stream, line)); }

    // "up redis 0.000..0.100 {...}" with times in seconds since the start; clears them.
    std::vector<std::string> said() {
        static constexpr std::array<std::string_view, 6> words{"", "up", "down", "degraded", "unknown", "found"};
        std::vector<std::string> out;
        for (const auto& one : host.observations()) {
            out.push_back(cat(words[static_cast<std::size_t>(one.verdict)], " ", one.target_id, " ",
                              when(one.started_at), "..", when(one.ended_at), " ", one.evidence));
        }
        host.observations().clear();
        return out;
    }
    // The same without evidence.
    std::vector<std::string> verdicts() {
        auto out = said();
        for (auto& line : out) line.erase(line.find(" {"));
        return out;
    }
    static std::string when(stipend_unix_ns at) {
        const auto ms = (at - EventQueue::first_now) / ns_per_ms;
        const auto size = ms < 0 ? -ms : ms;
        const auto rest = std::to_string(size % 1000);
        return cat(ms < 0 ? "-" : "", size / 1000, ".", std::string(3 - rest.size(), '0'), rest);
    }

    // The time of the engine's clock.
    [[nodiscard]] stipend_unix_ns engine_now() const {
        return EventQueue::first_now + host.monotonic() - EventQueue::first_monotonic + engine_ahead_ns;
    }
    FakeReply dated(FakeReply reply) const {
        // A reply that never comes has no date.
        const bool comes = reply.latency_ns < 3600 * ns_per_s;
        if (date && comes) reply.headers += cat("date: ", date_text(engine_now() + reply.latency_ns), "\r\n");
        return reply;
    }
    static std::string date_text(stipend_unix_ns at) {
        const auto seconds = static_cast<std::time_t>(at / ns_per_s);
        std::tm parts{};
        ::gmtime_r(&seconds, &parts);
        std::array<char, 40> out{};
        std::strftime(out.data(), out.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        return out.data();
    }
    FakeReply answer(const FakeRequest& request) {
        const auto path = request.url.substr(std::string("http://localhost").size());
        for (auto at = instead.rbegin(); at != instead.rend(); ++at) {  // the longer of two with one beginning first
            if (path.find(at->first) != std::string::npos) return at->second;
        }
        if (path == "/version") return FakeReply::answer(200, version);
        if (path.find("/events?") != std::string::npos) {
            if (const auto at = path.find("&until="); at != std::string::npos) {
                // An answer about the future is held back until then.
                const auto until = std::stoll(path.substr(at + 7)) * ns_per_s;
                const auto wait = std::max<std::int64_t>(until - engine_now(), ns_per_ms);
                return FakeReply::answer(200, replay).after(wait);
            }
            stream = request.op;
            return FakeReply::stream();
        }
        if (path.find("/containers/json?all=1") != std::string::npos) return FakeReply::answer(200, list_json(boxes));
        for (const auto& box : boxes) {
            if (path.find(cat("/containers/", box.id, "/json")) != std::string::npos ||
                path.ends_with(cat("/containers/", box.name, "/json"))) {
                return FakeReply::answer(200, details_json(box));
            }
        }
        return FakeReply::answer(404, R"({"message":"No such container"})");
    }

    std::string version = R"({"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"})";
    std::vector<Box> boxes;
    std::string replay;
    bool date = false;                         // answers have a Date
    std::int64_t engine_ahead_ns = 0;          // of the undisturbed host's clock
    std::map<std::string, FakeReply> instead;  // by a part of the path
    stipend_op stream = 0;
    FakeHost host;
    FakePlugin plugin;
    Operation<NoRecord> watched;
};

using Texts = std::vector<std::string>;

inline const FakeTarget redis{"redis", "docker:redis_scb", ""};
inline const FakeTarget pattern{"s1", "docker:s1_*", ""};

inline Box box(int number, const std::string& name, const std::string& state = "running") {
    return {.id = box_id(number), .name = name, .state = state};
}

inline bool has(const Texts& texts, std::string_view part) {
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

}  // namespace docker_test
