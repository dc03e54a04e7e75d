#include "host/alert/router.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "stipend/hex.hpp"

namespace stipend::alert {
void Router::restore(State state, stipend_unix_ns now) {
    restored_at_ = now;
    for (auto& one : state.active) {
        one.unconfirmed = true;
        const auto [at, fresh] = active_.try_emplace(one.id, one);
        changed_.insert(one.id);
        if (fresh) continue;
        // It was raised again before the store was read: what was sent about it is known only now.
        at->second.notified = one.notified;
        at->second.since = one.since;
    }
    for (auto& one : state.pending) {
        last_number_ = std::max(last_number_, one.number);
        lines_[one.receiver].waiting.push_back(std::move(one));
    }
    for (auto& one : state.silences) silences_.push_back(std::move(one));
    for (const auto& [receiver, count] : state.dropped) dropped_[receiver] += count;
    next_scan_ = now;
}

void Router::configure(Rules rules, stipend_unix_ns now) {
    rules_ = std::move(rules);
    std::set<std::string> wanted;
    for (const auto& receiver : rules_.receivers) {
        wanted.insert(receiver.name);
        auto& line = lines_[receiver.name];
        const bool fresh = line.receiver.name.empty();
        line.receiver = receiver;
        line.state.name = receiver.name;
        line.quiet_known = false;
        line.retry_at.reset();  // what failed may be what was changed
        if (fresh) line.tokens_ns = receiver.per_minute * cost_ns(line);
        if (fresh) line.tokens_at = now;
    }
    for (auto at = lines_.begin(); at != lines_.end();) {
        if (wanted.contains(at->first)) {
            ++at;
            continue;
        }
        for (const auto& one : at->second.waiting) remove(one);
        for (const auto& one : at->second.flying) {
            if (!at->second.flying_test) remove(one);
        }
        dropped_changed_ = dropped_.erase(at->first) != 0 || dropped_changed_;
        at = lines_.erase(at);
    }
    next_scan_ = now;
}

void Router::take(const Notice& notice, stipend_unix_ns now) {
    const auto id = std::string(clip(notice.id, max_id_bytes));
    const auto found = active_.find(id);
    if (notice.resolved) {
        if (found == active_.end()) return;
        const auto over = std::move(found->second);
        active_.erase(found);
        changed_.insert(id);
        return resolve(over, notice.at, over.text, now);
    }
    if (found != active_.end()) {
        changed_.insert(id);
        found->second.unconfirmed = false;
        found->second.text = clip(notice.text, max_text_bytes);
        found->second.severity = std::max(found->second.severity, notice.severity);
        return evaluate(found->second, now);
    }
    if (active_.size() >= max_active) {
        ++beyond_bound_;
        return;
    }
    auto& alert = active_[id];
    alert = {.id = id,
             .severity = notice.severity,
             .text = std::string(clip(notice.text, max_text_bytes)),
             .since = notice.at};
    changed_.insert(id);
    evaluate(alert, now);
}

Result<void> Router::silence(Silence wanted, stipend_unix_ns now) {
    unsilence(wanted.match, now);
    if (silences_.size() >= max_silences) return fail(STIPEND_E_LIMIT, "silence: got more than ", max_silences);
    silences_.push_back(std::move(wanted));
    silences_changed_ = true;
    next_scan_ = now;
    for (auto& [name, line] : lines_) drop_silenced(name, line, now);
    return {};
}

// What waits for its message when a silence begins is sent after it, if it fires then.
void Router::drop_silenced(const std::string& name, Line& line, stipend_unix_ns now) {
    std::set<std::string> unsent;  // of whose beginning the receiver does not learn: nor of its end
    std::erase_if(line.waiting, [&](const Pending& one) {
        if (!silenced_until(one.alert_id, now)) return false;
        if (one.resolved && unsent.erase(one.alert_id) == 0) return false;
        if (!one.resolved && !one.repeated) {
            unsent.insert(one.alert_id);
            if (const auto alert = active_.find(one.alert_id); alert != active_.end()) {
                alert->second.notified.erase(name);
                changed_.insert(one.alert_id);
            }
        }
        remove(one);
        return true;
    });
}

std::size_t Router::unsilence(std::string_view match, stipend_unix_ns now) {
    const auto ended = std::erase_if(silences_, [&](const Silence& one) { return one.match == match; });
    if (ended != 0) silences_changed_ = true;
    if (ended != 0) next_scan_ = now;
    return ended;
}

Result<std::uint64_t> Router::test(const std::string& receiver, stipend_unix_ns now) {
    const auto found = lines_.find(receiver);
    if (found == lines_.end()) return fail(STIPEND_E_UNSUPPORTED, "no such receiver: ", receiver);
    found->second.tests.push_back({.number = ++last_number_,
                                   .receiver = receiver,
                                   .delivery_id = new_id(),
                                   .alert_id = "test",
                                   .severity = STIPEND_ALERT_INFO,
                                   .test = true,
                                   .text = "a test of this receiver: nothing is wrong",
                                   .since = now,
                                   .queued = now});
    return last_number_;
}

std::optional<stipend_unix_ns> Router::silenced_until(std::string_view alert_id, stipend_unix_ns now) const {
    std::optional<stipend_unix_ns> out;
    for (const auto& one : silences_) {
        if (one.until > now && matches(one.match, alert_id)) out = std::max(out.value_or(0), one.until);
    }
    return out;
}

bool Router::is_quiet(Line& line, stipend_unix_ns now) {
    if (!line.receiver.quiet) return false;
    if (!line.quiet_known || (line.quiet && now >= line.quiet->to)) {
        line.quiet = line.receiver.quiet->at_or_after(now);
        line.quiet_known = true;
    }
    return line.quiet && line.quiet->from <= now;
}

void Router::tick(stipend_unix_ns now) {
    if (now >= next_scan_) scan(now);
}

void Router::scan(stipend_unix_ns now) {
    next_scan_ = never;
    expire_silences(now);
    const auto confirm_by = restored_at_ + rules_.confirm_ns;
    for (auto at = active_.begin(); at != active_.end();) {
        auto& alert = at->second;
        if (alert.unconfirmed && confirm_by <= now) {
            resolve(alert, now, cat("not raised again since the host was started: ", alert.text), now);
            changed_.insert(alert.id);
            at = active_.erase(at);
            continue;
        }
        if (alert.unconfirmed) wake_by(confirm_by);
        evaluate(alert, now);
        ++at;
    }
    for (auto& [name, line] : lines_) {
        if (is_quiet(line, now)) wake_by(line.quiet->to);
    }
}

void Router::expire_silences(stipend_unix_ns now) {
    if (std::erase_if(silences_, [&](const Silence& one) { return one.until <= now; }) != 0) silences_changed_ = true;
    for (const auto& one : silences_) wake_by(one.until);
}

void Router::evaluate(Active& alert, stipend_unix_ns now) {
    if (silenced_until(alert.id, now)) return;  // the scan at its end looks again
    for (const auto& name : receivers_of(rules_, alert.id, alert.severity)) {
        auto& line = lines_.at(name);
        if (is_quiet(line, now) && !is_critical(alert.severity)) {
            wake_by(line.quiet->to);
            continue;
        }
        const auto notified = alert.notified.find(name);
        if (notified == alert.notified.end()) {
            queue(name, line, alert, {.text = alert.text}, now);
        } else if (notified->second + rules_.repeat_ns <= now) {
            const bool waits = std::ranges::any_of(
                line.waiting, [&](const Pending& one) { return one.alert_id == alert.id && !one.resolved; });
            if (!waits && !alert.unconfirmed) queue(name, line, alert, {.repeated = true, .text = alert.text}, now);
        } else {
            wake_by(notified->second + rules_.repeat_ns);
            continue;
        }
        alert.notified[name] = now;
        changed_.insert(alert.id);
        wake_by(now + rules_.repeat_ns);
    }
}

// Only a receiver that has, or is to get, a message about the alert learns of its end.
void Router::resolve(const Active& alert, stipend_unix_ns at, const std::string& text, stipend_unix_ns now) {
    for (const auto& [name, notified] : alert.notified) {
        const auto found = lines_.find(name);
        if (found != lines_.end())
            queue(name, found->second, alert, {.ended = std::max(at, alert.since), .text = text}, now);
    }
}

void Router::queue(const std::string& name, Line& line, const Active& alert, const News& news, stipend_unix_ns now) {
    if (line.waiting.size() >= max_pending) {
        remove(line.waiting.front());
        line.waiting.pop_front();
        ++line.state.dropped;
        ++dropped_[name];
        dropped_changed_ = true;
    }
    Pending one{.number = ++last_number_,
                .receiver = name,
                .delivery_id = new_id(),
                .alert_id = alert.id,
                .severity = alert.severity,
                .resolved = news.ended != 0,
                .repeated = news.repeated,
                .text = news.text,
                .since = alert.since,
                .ended = news.ended,
                .queued = now};
    added_.push_back(one);
    line.waiting.push_back(std::move(one));
}

std::optional<stipend_unix_ns> Router::next_wakeup(stipend_unix_ns now) const {
    auto out = next_scan_;
    for (const auto& [name, line] : lines_) {
        if (const auto at = ready_at(line, now)) out = std::min(out, *at);
        // What waits until the end of the quiet hours.
        if (!line.waiting.empty() && line.quiet && line.quiet->to > now) out = std::min(out, line.quiet->to);
    }
    return out == never ? std::nullopt : std::optional(out);
}

Changes Router::take_changes() {
    Changes out;
    for (const auto& id : changed_) {
        const auto found = active_.find(id);
        if (found == active_.end()) {
            out.ended.push_back(id);
        } else {
            out.active.push_back(found->second);
        }
    }
    changed_.clear();
    out.added = std::exchange(added_, {});
    out.removed = std::exchange(removed_, {});
    out.silences_changed = std::exchange(silences_changed_, false);
    if (out.silences_changed) out.silences = silences_;
    out.dropped_changed = std::exchange(dropped_changed_, false);
    if (out.dropped_changed) out.dropped = dropped_;
    return out;
}

Changes Router::everything() const {
    Changes out{.everything = true};
    for (const auto& [id, alert] : active_) out.active.push_back(alert);
    out.added = pending();
    out.silences_changed = out.dropped_changed = true;
    out.silences = silences_;
    out.dropped = dropped_;
    return out;
}

std::vector<Pending> Router::pending() const {
    std::vector<Pending> out;
    for (const auto& [name, line] : lines_) {
        if (!line.flying_test) out.insert(out.end(), line.flying.begin(), line.flying.end());
        out.insert(out.end(), line.waiting.begin(), line.waiting.end());
    }
    return out;
}

std::vector<ReceiverState> Router::receivers(stipend_unix_ns now) const {
    std::vector<ReceiverState> out;
    for (const auto& [name, line] : lines_) {
        auto& one = out.emplace_back(line.state);
        one.pending = line.waiting.size() + (line.flying_test ? 0 : line.flying.size());
        one.retry_at = line.retry_at;
        one.quiet = line.receiver.quiet && line.quiet && line.quiet->from <= now && now < line.quiet->to;
    }
    return out;
}

std::string Router::new_id() {
    std::array<std::uint8_t, 16> bytes{};
    const std::array<std::uint64_t, 2> random{random_(), random_()};
    std::memcpy(bytes.data(), random.data(), bytes.size());
    return hex_encode(bytes);
}

}  // namespace stipend::alert
