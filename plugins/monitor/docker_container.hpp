// The known state of a container, and its verdict. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "docker_answers.hpp"

namespace monitor::docker {

inline constexpr std::size_t longest_why = 300;  // bytes of a text in evidence

struct Container {
    std::string id;
    std::string image;
    State state = State::other;
    Health health = Health::none;
    bool oom_killed = false;
    std::optional<std::int64_t> restarts;
    std::optional<std::int64_t> exit_code;
    stipend_unix_ns started_at = 0;
    stipend_unix_ns finished_at = 0;

    [[nodiscard]] bool runs() const { return state == State::running; }
};

// UP, DEGRADED (running, but unhealthy), DOWN, or UNKNOWN for an unknown state.
std::int32_t verdict_of(const Container& container);
// Compact JSON: the reason for the verdict.
std::string evidence_of(const Container& container, std::string_view why = {});

// True if such an event may change the observation of a container.
bool changes_state(Action action);
// Applies an event to its container.
void take_event(Container& container, const Event& event);

}  // namespace monitor::docker
