// What the status page says, and the routes by which everyone may read it: a page, the same as JSON, and badges.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/base/time.hpp"

namespace stipend::api {

// Without anything that the operator did not choose to show: no ids, no addresses, no amounts, no texts of errors.
struct PublicStatus {
    enum class State : std::uint8_t { unknown, up, degraded, down };

    // A day of UTC. Shares are parts per million, rounded down.
    struct Day {
        std::int64_t number = 0;                       // days since 1970-01-01
        std::optional<std::uint32_t> uptime_ppm = {};  // of what was measured; none: nothing was
        std::uint32_t up_ppm = 0;                      // of the whole time; what neither up nor down is, is unknown
        std::uint32_t down_ppm = 0;
        bool watched = false;  // there was something to measure; not before the first orchestrator joined
    };
    // Over so many days, today's part included.
    struct Span {
        std::int64_t days = 0;
        std::optional<std::uint32_t> uptime_ppm = {};  // of what was measured
        std::uint32_t measured_ppm = 0;                // of the time that there was something to measure
    };
    struct Incident {
        stipend_unix_ns from = 0;
        stipend_unix_ns to = 0;
        bool ongoing = false;  // `to` is as far as it is known
    };
    struct Service {
        std::string name;   // in addresses
        std::string as;     // for people
        std::string group;  // empty: none
        State state = State::unknown;
        std::vector<Day> days = {};            // by time, today last
        std::vector<Span> spans = {};          // of 1, 7, 30 and 90 days, as far as the history goes
        std::vector<Incident> incidents = {};  // the newest first
    };
    std::string title;
    stipend_unix_ns as_of = 0;
    std::vector<Service> services = {};
};

// Where it comes from. Thread-safe.
class PublicStatusSource {
  public:
    virtual ~PublicStatusSource() = default;
    using Done = std::function<void(Result<PublicStatus> made)>;
    // Another one for each configuration of the page; 0: there is none. Does not block.
    [[nodiscard]] virtual std::uint64_t revision() = 0;
    // Makes it on a thread of its own, and calls `done` there, once. Does not block.
    virtual void make(Done done) = 0;
};

// So long one is given again, and so many requests wait for one that is being made.
inline constexpr std::int64_t public_status_kept_ns = 30 * ns_per_s;
inline constexpr std::int64_t public_status_failed_ns = 5 * ns_per_s;  // and so long that there is none
inline constexpr std::size_t max_waiting_for_status = 512;
// What an uptime is called by its colour: `up` from the first on, `degraded` from the second on.
inline constexpr std::uint32_t good_uptime_ppm = 990'000;
inline constexpr std::uint32_t fair_uptime_ppm = 950'000;

// `source` and `clock` outlive them. 404 where there is no page.
[[nodiscard]] std::vector<ApiRoute> public_status_routes(PublicStatusSource& source, const Clock& clock);

// [all pure]
[[nodiscard]] std::string_view state_name(PublicStatus::State state);  // "up"
// "99.95 %", two decimals, rounded down, so that only what was up all the time is "100 %"; "no data" without a figure.
[[nodiscard]] std::string uptime_text(std::optional<std::uint32_t> ppm);
[[nodiscard]] std::string_view uptime_class(std::optional<std::uint32_t> ppm);  // "up", "degraded", "down", "unknown"
// That of all services in one sentence, and the worst of their states.
[[nodiscard]] std::string summary_of(const PublicStatus& status);
[[nodiscard]] PublicStatus::State state_of_all(const PublicStatus& status);
// Both texts may be anything. A picture of `label` beside `value`, as high as text; `kind` as of uptime_class.
[[nodiscard]] std::string badge_svg(std::string_view label, std::string_view value, std::string_view kind);
[[nodiscard]] std::string status_page_html(const PublicStatus& status);
[[nodiscard]] std::string_view status_page_css();
[[nodiscard]] Json status_page_json(const PublicStatus& status);

}  // namespace stipend::api
