// A scenario: a network and what goes wrong in it, and when, as a YAML or JSON file says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/devnet/network.hpp"
#include "tests/devnet/remote_signer.hpp"

namespace stipend::devnet {

inline constexpr std::uint32_t max_orchestrators = 1'000'000;

struct Event {
    std::int64_t at_ns = 0;  // after the start
    bool ends = false;       // what an earlier event began; goes first of the events of one time
    Selection selection = {};
    std::variant<FaultChange, GatewayFault, SignerFault> change = {};
};

// What the file leaves out is empty: the command line or its defaults say it.
struct Scenario {
    std::optional<std::uint32_t> orchestrators = {};
    std::string gateway = {};  // addresses, such as "127.0.0.1:9935"
    std::string control = {};
    std::string cli = {};
    std::vector<std::string> listen = {};
    std::string capability = {};
    std::optional<std::int64_t> capacity = {};
    std::optional<std::uint64_t> seed = {};
    bool every_sender_has_reserve = false;
    bool live_runners = false;
    std::string signer = {};  // an address
    std::optional<std::int64_t> runner_price_wei = {};
    std::string runner_unit = {};
    bool runner_sessions = false;
    std::string runner_ttl = {};       // a duration
    std::vector<Event> timeline = {};  // in the order of their times, those of one time in the order written
};

inline constexpr std::size_t max_events = 100'000;
inline constexpr std::size_t max_scenario_bytes = std::size_t{16} << 20;

// Reads a scenario; `name` is for messages. The timeline is for `size` orchestrators: those of the file, unless the
// caller has another number, else `otherwise`. INVALID holds all that is wrong, each with file, line and column.
[[nodiscard]] Result<Scenario> parse_scenario(std::string text, const std::string& name,
                                              std::optional<std::uint32_t> size, std::uint32_t otherwise = 16);

// Reads 3, "2-5" or "all".
[[nodiscard]] Result<Selection> parse_selection(const Json& json, std::uint32_t size);

}  // namespace stipend::devnet
