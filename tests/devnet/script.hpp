// Timed changes: what a script file or the built-in demo does to the devnet, and when.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/devnet/network.hpp"

namespace stipend::devnet {

struct Event {
    std::int64_t at_ns = 0;  // after the start
    Selection selection = {};
    std::variant<FaultChange, GatewayFault> change = {};
};

inline constexpr std::size_t max_events = 100'000;

// Reads a YAML list of events, or one JSON object a line; `name` is for messages, which carry the line. Orchestrators
// must be below `size`. The events come back in the order of their times, those of one time in the order written.
[[nodiscard]] Result<std::vector<Event>> parse_script(std::string_view text, std::string_view name, std::uint32_t size);

// Reads 3, "2-5" or "all".
[[nodiscard]] Result<Selection> parse_selection(const Json& json, std::uint32_t size);

// A script that shows every tier within a minute, for 16 orchestrators.
[[nodiscard]] std::string_view demo_script();
inline constexpr std::uint32_t demo_size = 16;

}  // namespace stipend::devnet
