// What the status page says of its services, made of checks as they come. Memory is bounded by the days, the services
// and the orchestrators.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"
#include "host/api/public_status.hpp"
#include "host/config/status_settings.hpp"

namespace stipend::analysis {

inline constexpr std::size_t kept_incidents = 50;  // of a service
inline constexpr std::size_t shown_incidents = 20;

// What one check says of its orchestrator: down where it failed or no time was up, degraded below
// api::good_uptime_ppm, unknown where a pardon took it back. [pure]
[[nodiscard]] api::PublicStatus::State state_of(const Check& check);

// The day of UTC of a time, counted from 1970-01-01. [pure]
[[nodiscard]] std::int64_t day_of(stipend_unix_ns at);

// The first day that a page shows at `now`. [pure]
[[nodiscard]] std::int64_t first_day(const config::StatusPage& page, stipend_unix_ns now);

// One thread at a time.
class StatusBook {
  public:
    using CapabilityOf = std::function<std::string(std::string_view key)>;

    // `capability_of` is called while the book lives.
    StatusBook(config::StatusPage page, CapabilityOf capability_of)
        : page_(std::move(page)), capability_of_(std::move(capability_of)), services_(page_.show.size()) {}

    // Those of an orchestrator in the order of their times. LIMIT: more than max_groups orchestrators.
    [[nodiscard]] Result<void> take(const Check& check);

    // The page at `now`; `facts` are of the span of its days up to then. Forgets the days before.
    [[nodiscard]] api::PublicStatus show(stipend_unix_ns now, const ledger::SpanFacts& facts);

  private:
    using State = api::PublicStatus::State;
    struct Service {
        std::map<std::int64_t, Times> days = {};
        std::vector<api::PublicStatus::Incident> incidents = {};  // apart from each other
    };
    struct Member {
        bool known = false;
        std::vector<std::size_t> services = {};
        State last = State::unknown;
        stipend_unix_ns decided_at = 0;  // 0: it has no check yet
        stipend_unix_ns next_at = 0;
    };
    // What is added up anew each time.
    struct Now {
        std::vector<uint128> whole = {};            // time that there was something to measure, by day
        std::array<std::size_t, 4> members = {};    // by state
        std::vector<stipend_unix_ns> down_at = {};  // when members that are down were seen so
    };

    [[nodiscard]] Result<Member*> member_of(ledger::OrchestratorId id, std::string_view key);
    [[nodiscard]] static State state_now(const Member& member, bool held, stipend_unix_ns now);
    void count(const ledger::SpanFacts& facts, stipend_unix_ns now, std::vector<Now>& out);
    [[nodiscard]] api::PublicStatus::Service shown(std::size_t at, const Now& present, std::int64_t first) const;

    const config::StatusPage page_;
    const CapabilityOf capability_of_;
    std::vector<Service> services_;
    std::unordered_map<ledger::OrchestratorId, Member> members_;
};

}  // namespace stipend::analysis
