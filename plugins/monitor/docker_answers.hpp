// Responses of the Docker Engine, or of Podman, as values. Pure. The responses are untrusted. Without an id, a name, a
// state or a time an answer is an error that names the member; anything else that is missing or wrong is left out,
// since the labels of any container can replace it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace monitor::docker {

inline constexpr std::size_t max_list_bytes = 32 << 20;
inline constexpr std::size_t max_details_bytes = 1 << 20;
inline constexpr std::size_t max_version_bytes = 64 << 10;
inline constexpr std::size_t max_event_bytes = 64 << 10;
inline constexpr std::size_t longest_name = 255;  // of a container

struct ApiVersion {
    int major = 0;
    int minor = 0;
    friend bool operator<(const ApiVersion& a, const ApiVersion& b) {
        return a.major != b.major ? a.major < b.major : a.minor < b.minor;
    }
    [[nodiscard]] std::string text() const { return stipend::cat(major, ".", minor); }
};

inline constexpr ApiVersion least_api{1, 24};
inline constexpr ApiVersion most_api{1, 52};

// The API version to use with an engine whose `/version` is `body`. UNSUPPORTED: there is no common one.
stipend::Result<ApiVersion> negotiate(std::string_view body);

enum class State : std::uint8_t { created, running, paused, restarting, removing, exited, dead, other };
enum class Health : std::uint8_t { none, starting, healthy, unhealthy };

std::string_view name_of(State state);
std::string_view name_of(Health health);

struct Listed {  // a container in a list
    std::string id;
    std::string name;
    std::string image;
    State state = State::other;
    Health health = Health::none;
    bool young = false;  // up for less than a minute, according to the engine
    std::vector<std::pair<std::string, std::string>> labels;
    // Why the entry cannot be read; empty: it can. Otherwise only `id` and `name` are valid, each empty if unknown.
    std::string unread;
};

// Without containers that have no name: they are being removed. An entry that cannot be read does not affect the
// others.
// LIMIT: the list is too large.
stipend::Result<std::vector<Listed>> parse_list(std::string_view body);

struct Details {  // a container in an inspection
    std::string id;
    std::string name;
    std::string image;
    State state = State::other;
    Health health = Health::none;
    std::optional<std::int64_t> restarts;
    std::optional<std::int64_t> exit_code;
    bool oom_killed = false;
    stipend_unix_ns started_at = 0;   // of the present or last run; 0: never
    stipend_unix_ns finished_at = 0;  // of the last finished run; 0: never
};

stipend::Result<Details> parse_details(std::string_view body);

enum class Action : std::uint8_t {
    create,
    start,
    die,
    kill,
    oom,
    pause,
    unpause,
    restart,
    stop,
    rename,
    destroy,
    health,
    other
};

struct Event {
    Action action = Action::other;
    std::string id;
    std::string name;  // after the event; empty: not stated
    std::string image;
    Health health = Health::none;           // of `health`
    std::optional<std::int64_t> exit_code;  // of `die`; a label of the container may replace it
    stipend_unix_ns at = 0;
};

stipend::Result<Event> parse_event(std::string_view line);

// What can be read of an event that is otherwise an error: `id` and `at`, each empty or 0 if unknown.
Event parse_event_stub(std::string_view line);

// Splits a stream into lines, independent of its parts. Holds at most one line of `max_event_bytes`.
class Lines {
  public:
    using Take = std::function<stipend::Result<void>(std::string_view line)>;

    // Passes every complete line to `take`, without its end and without empty ones. Stops at the first error. A line
    // that is too long is dropped and counted.
    stipend::Result<void> feed(std::string_view part, const Take& take);
    [[nodiscard]] std::size_t dropped() const { return dropped_; }

  private:
    std::string rest_;
    bool dropping_ = false;
    std::size_t dropped_ = 0;
};

}  // namespace monitor::docker
