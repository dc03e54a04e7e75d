#include "host/analysis/status_book.hpp"

#include <algorithm>
#include <unordered_set>

#include "host/config/status_check.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"

namespace stipend::analysis {
namespace {

using api::PublicStatus;

constexpr std::array<std::int64_t, 4> span_days{1, 7, 30, 90};
constexpr std::int64_t least_patience_ns = 120 * ns_per_s;  // with a check that is due

std::uint32_t share_ppm(uint128 part, uint128 whole) {
    return whole == 0 ? 0 : static_cast<std::uint32_t>(std::min(part, whole) * ppm_one / whole);
}

// Adds a stretch; those that it touches become one with it.
void add_incident(std::vector<PublicStatus::Incident>& all, PublicStatus::Incident one) {
    std::erase_if(all, [&one](const PublicStatus::Incident& other) {
        if (other.from > one.to || one.from > other.to) return false;
        one.from = std::min(one.from, other.from);
        one.to = std::max(one.to, other.to);
        return true;
    });
    all.push_back(one);
    if (all.size() <= kept_incidents) return;
    all.erase(std::ranges::min_element(all, {}, &PublicStatus::Incident::to));
}

PublicStatus::State state_of_members(const std::array<std::size_t, 4>& members) {
    using State = PublicStatus::State;
    const auto of = [&](State state) { return members.at(static_cast<std::size_t>(state)); };
    const auto known = of(State::up) + of(State::degraded) + of(State::down);
    if (known == 0) return State::unknown;
    if (of(State::down) == known) return State::down;
    return of(State::up) == known ? State::up : State::degraded;
}

}  // namespace

PublicStatus::State state_of(const Check& check) {
    using State = PublicStatus::State;
    const auto& decision = check.decision;
    if (decision.job != ledger::Job::ok || !decision.uptime_ppm) return check.excused ? State::unknown : State::down;
    if (*decision.uptime_ppm == 0) return State::down;
    return *decision.uptime_ppm < api::good_uptime_ppm ? State::degraded : State::up;
}

std::int64_t day_of(stipend_unix_ns at) {
    return at / ns_per_day - (at % ns_per_day < 0 ? 1 : 0);
}

std::int64_t first_day(const config::StatusPage& page, stipend_unix_ns now) {
    return day_of(now) - page.history_ns / ns_per_day + 1;
}

Result<StatusBook::Member*> StatusBook::member_of(ledger::OrchestratorId id, std::string_view key) {
    auto& member = members_[id];
    if (member.known) return &member;
    if (members_.size() > max_groups) return fail(STIPEND_E_LIMIT, "more than ", max_groups, " orchestrators");
    member.known = true;
    const auto capability = capability_of_(key);
    for (std::size_t at = 0; at < page_.show.size(); ++at) {
        if (config::shows(page_.show[at], key, capability)) member.services.push_back(at);
    }
    return &member;
}

Result<void> StatusBook::take(const Check& check) {
    STIPEND_LET(member, member_of(check.decision.orchestrator, check.key));
    if (member->services.empty()) return {};
    const auto& decision = check.decision;
    const auto times = times_of(decision, check.excused);
    const auto state = state_of(check);
    // The wait between two failed checks is a part of the same incident.
    const bool goes_on = member->last == State::down && member->decided_at > 0;
    const auto since = goes_on ? std::min(decision.period_from, member->decided_at) : decision.period_from;
    for (const auto at : member->services) {
        services_[at].days[day_of(decision.decided_at)].add(times);
        if (state == State::down) add_incident(services_[at].incidents, {.from = since, .to = decision.decided_at});
    }
    member->last = state;
    member->decided_at = decision.decided_at;
    member->next_at = decision.next_at;
    return {};
}

// What was seen counts until the next check is overdue by as long as it was waited for.
StatusBook::State StatusBook::state_now(const Member& member, bool held, stipend_unix_ns now) {
    if (member.decided_at == 0 || held) return State::unknown;
    const auto patience = std::max(least_patience_ns, member.next_at - member.decided_at);
    return now - member.next_at > patience ? State::unknown : member.last;
}

void StatusBook::count(const ledger::SpanFacts& facts, stipend_unix_ns now, std::vector<Now>& out) {
    const auto first = first_day(page_, now);
    std::unordered_set<ledger::OrchestratorId> held;
    for (const auto& gap : facts.gaps) {
        if (gap.from <= now && gap.to > now) held.insert(gap.orchestrator);
    }
    for (const auto& account : facts.accounts) {
        const auto found = member_of(account.id, account.key);
        if (!found) continue;  // as many checks were refused before
        const auto& member = **found;
        if (member.services.empty() || (account.retired && member.decided_at == 0)) continue;
        const auto from = std::max(first * ns_per_day, account.first_seen_at);
        const auto to = account.retired ? std::min(member.decided_at, now) : now;
        const auto state = state_now(member, held.contains(account.id), now);
        for (const auto at : member.services) {
            for (auto day = day_of(from); day * ns_per_day < to; ++day) {
                const auto begin = std::max(from, day * ns_per_day);
                const auto end = std::min(to, (day + 1) * ns_per_day);
                out[at].whole[static_cast<std::size_t>(day - first)] += static_cast<uint128>(end - begin);
            }
            if (account.retired) continue;
            ++out[at].members.at(static_cast<std::size_t>(state));
            if (state == State::down) out[at].down_at.push_back(member.decided_at);
        }
    }
}

PublicStatus::Service StatusBook::shown(std::size_t at, const Now& present, std::int64_t first) const {
    const auto& own = services_[at];
    const auto& named = page_.show[at];
    PublicStatus::Service out{.name = named.name, .as = named.as, .group = named.group};
    out.state = state_of_members(present.members);
    std::vector<Times> times(present.whole.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto number = first + static_cast<std::int64_t>(i);
        if (const auto found = own.days.find(number); found != own.days.end()) times[i] = found->second;
        // A period that began on the day before counts here as a whole.
        const auto whole = std::max(present.whole[i], times[i].measured());
        out.days.push_back({.number = number,
                            .uptime_ppm = uptime_ppm(times[i]),
                            .up_ppm = share_ppm(times[i].up, whole),
                            .down_ppm = share_ppm(times[i].bad(), whole),
                            .watched = whole > 0});
    }
    for (const auto days : span_days) {
        const auto number = static_cast<std::size_t>(days);
        if (number > times.size()) break;
        Times sum;
        uint128 whole = 0;
        for (auto i = times.size() - number; i < times.size(); ++i) {
            sum.add(times[i]);
            whole += present.whole[i];
        }
        out.spans.push_back(
            {.days = days, .uptime_ppm = uptime_ppm(sum), .measured_ppm = share_ppm(sum.measured(), whole)});
    }
    out.incidents = own.incidents;
    for (auto& one : out.incidents) {
        one.ongoing =
            std::ranges::any_of(present.down_at, [&](auto seen) { return one.from <= seen && seen <= one.to; });
    }
    std::ranges::sort(out.incidents, std::ranges::greater(), &PublicStatus::Incident::from);
    if (out.incidents.size() > shown_incidents) out.incidents.resize(shown_incidents);
    return out;
}

PublicStatus StatusBook::show(stipend_unix_ns now, const ledger::SpanFacts& facts) {
    const auto first = first_day(page_, now);
    for (auto& service : services_) {
        service.days.erase(service.days.begin(), service.days.lower_bound(first));
        std::erase_if(service.incidents, [first](const auto& one) { return one.to < first * ns_per_day; });
    }
    const auto days = static_cast<std::size_t>(page_.history_ns / ns_per_day);
    std::vector<Now> present(services_.size(), Now{.whole = std::vector<uint128>(days)});
    count(facts, now, present);
    PublicStatus out{.title = page_.title, .as_of = now};
    for (std::size_t at = 0; at < services_.size(); ++at) out.services.push_back(shown(at, present[at], first));
    return out;
}

}  // namespace stipend::analysis
