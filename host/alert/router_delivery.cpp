// The router's messages: which may be sent now, what each lists, and what follows its end.
#include <algorithm>

#include "host/alert/router.hpp"

namespace stipend::alert {
namespace {

constexpr std::int64_t minute_ns = 60 * ns_per_s;

}  // namespace

std::int64_t Router::cost_ns(const Line& line) {
    return minute_ns / std::max<std::int64_t>(line.receiver.per_minute, 1);
}

void Router::refill(Line& line, stipend_unix_ns now) {
    const auto most = std::max<std::int64_t>(line.receiver.per_minute, 1) * cost_ns(line);
    line.tokens_ns = std::min(most, line.tokens_ns + std::max<std::int64_t>(now - line.tokens_at, 0));
    line.tokens_at = now;
}

bool Router::may_go(Line& line, const Pending& one, stipend_unix_ns now) {
    return is_critical(one.severity) || !is_quiet(line, now);
}

std::optional<stipend_unix_ns> Router::ready_at(const Line& line, stipend_unix_ns now) const {
    if (line.under_way || line.receiver.name.empty()) return std::nullopt;
    if (!line.tests.empty()) return now;
    const bool quiet = line.quiet && line.quiet_known && line.quiet->from <= now && now < line.quiet->to;
    const auto first =
        std::ranges::find_if(line.waiting, [&](const Pending& one) { return is_critical(one.severity) || !quiet; });
    if (first == line.waiting.end()) return std::nullopt;
    const auto saved = line.tokens_ns + std::max<std::int64_t>(now - line.tokens_at, 0);
    const auto token_at = now + std::max<std::int64_t>(cost_ns(line) - saved, 0);
    return std::max({first->queued + rules_.group_wait_ns, line.retry_at.value_or(now), token_at});
}

std::optional<Message> Router::next_message(stipend_unix_ns now) {
    for (auto& [name, line] : lines_) {
        static_cast<void>(is_quiet(line, now));
        const auto at = ready_at(line, now);
        if (at && *at <= now) return compose(line, now);
    }
    return std::nullopt;
}

Message Router::compose(Line& line, stipend_unix_ns now) {
    line.under_way = true;
    line.retry_at.reset();
    Message out{.receiver = line.receiver.name};
    if (!line.tests.empty()) {
        line.flying_test = true;
        line.flying = {std::move(line.tests.front())};
        line.tests.pop_front();
        line.flying_listed = 1;
        out.alerts = line.flying;
        return out;
    }
    refill(line, now);
    line.tokens_ns -= cost_ns(line);
    const bool last_token = line.tokens_ns < cost_ns(line);
    std::deque<Pending> rest;
    const bool singly = line.waiting.front().number <= line.singly_until;
    const auto most = singly ? 1 : max_listed;
    for (auto& one : line.waiting) {
        const bool listed = line.flying.size() < most;
        const bool goes = may_go(line, one, now) && (listed || (last_token && !singly));
        (goes ? static_cast<void>(line.flying.push_back(std::move(one))) : rest.push_back(std::move(one)));
    }
    line.waiting = std::move(rest);
    line.flying_listed = std::min(line.flying.size(), most);
    out.alerts.assign(line.flying.begin(), line.flying.begin() + static_cast<std::ptrdiff_t>(line.flying_listed));
    out.omitted = line.flying.size() - line.flying_listed;
    if (const auto lost = dropped_.find(line.receiver.name); lost != dropped_.end()) out.dropped = lost->second;
    line.flying_dropped = out.dropped;
    return out;
}

void Router::ended(const std::string& receiver, const Result<void>& result, stipend_unix_ns now) {
    const auto found = lines_.find(receiver);
    if (found == lines_.end() || !found->second.under_way) return;  // it left the configuration meanwhile
    auto& line = found->second;
    line.under_way = false;
    const auto flying = std::exchange(line.flying, {});
    const auto listed = std::exchange(line.flying_listed, 0);
    if (std::exchange(line.flying_test, false)) return;
    auto& state = line.state;
    state.last_error = result ? std::string() : result.error().message;
    if (result) {
        state.failures = 0;
        state.delivered += flying.size();
        state.last_success = now;
        for (const auto& one : flying) remove(one);
        if (line.flying_dropped != 0) {
            auto& lost = dropped_[receiver];
            lost -= std::min(lost, line.flying_dropped);
            if (lost == 0) dropped_.erase(receiver);
            dropped_changed_ = true;
        }
        return;
    }
    ++state.failures;
    const bool gives_up = result.error().permanent && listed == 1;
    if (gives_up) {
        state.rejected += flying.size();
        for (const auto& one : flying) remove(one);
        return;
    }
    // One that the channel refuses must not take the others with it: each is tried by itself.
    if (result.error().permanent) line.singly_until = flying.back().number;
    line.waiting.insert(line.waiting.begin(), flying.begin(), flying.end());
    drop_silenced(receiver, line, now);
    if (result.error().permanent) return;
    const auto doublings = std::min<std::uint64_t>(state.failures - 1, 20);
    const auto pause = std::min(first_pause_ns << doublings, longest_pause_ns);
    const auto jitter = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(pause / 2 + 1));
    line.retry_at = now + pause / 2 + jitter;
}

}  // namespace stipend::alert
