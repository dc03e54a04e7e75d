// A container as far as it is known, and what that means. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "docker_answers.hpp"

namespace monitor::docker {

inline constexpr std::size_t longest_why = 300;  // bytes of a text that evidence holds

struct Container {  // as far as it is known
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

// UP, DEGRADED (runs, but unhealthy), DOWN, or UNKNOWN for a state that this monitor has no word for.
std::int32_t verdict_of(const Container& container);
// Compact JSON: what of it led to the verdict.
std::string evidence_of(const Container& container, std::string_view why = {});

// Is there something else to say of a container after such an event?
bool changes_state(Action action);
// What an event says of its container.
void take_event(Container& container, const Event& event);

}  // namespace monitor::docker
