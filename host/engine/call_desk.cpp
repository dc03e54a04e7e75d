#include "host/engine/call_desk.hpp"

#include <algorithm>

namespace stipend::engine {

std::optional<stipend_unix_ns> CallDesk::admit(std::span<const registry::PayeeIndex> payees, const DispatchRules& rules,
                                               stipend_unix_ns now) {
    if (closed_ || admitted_ + waiting_.size() + under_way_.size() + payees.size() > max_calls) {
        ++counts_.refused;
        return now + full_retry_ns;
    }
    stipend_unix_ns ready = now;
    if (!rules.host.unlimited()) ready = std::max(ready, pace_.ready_at_ns(rules.host));
    if (!rules.per_orchestrator.unlimited()) {
        for (const auto payee : payees) {
            const auto own = own_.find(payee);
            if (own != own_.end()) ready = std::max(ready, own->second.bucket.ready_at_ns(rules.per_orchestrator));
        }
    }
    if (ready > now) {
        ++counts_.refused;
        return ready;
    }
    for (const auto payee : payees) {
        auto& own = own_[payee];
        ++own.given;
        if (!rules.per_orchestrator.unlimited()) own.bucket.take(rules.per_orchestrator, now);
    }
    admitted_ += payees.size();
    return std::nullopt;
}

void CallDesk::begin(std::span<const registry::PayeeIndex> payees, CallText text, const DispatchRules& rules,
                     stipend_unix_ns now) {
    drop(payees.size());
    if (closed_ || payees.empty()) return;
    counts_.queued += payees.size();
    const auto order = std::make_shared<Order>(Order{std::move(text), payees.size(), {}});
    for (const auto payee : payees) {
        auto at = waiting_.empty() ? now : std::max(now, waiting_.back().at);
        if (!rules.host.unlimited()) {
            at = std::max(at, pace_.ready_at_ns(rules.host));
            pace_.take(rules.host, now);
        }
        waiting_.push_back({at, payee, order});
    }
    tick(now);
}

void CallDesk::drop(std::size_t admitted) {
    STIPEND_ASSERT(admitted_ >= admitted);
    admitted_ -= admitted;
}

void CallDesk::tick(stipend_unix_ns now) {
    while (!waiting_.empty() && waiting_.front().at <= now && under_way_.size() < max_under_way) {
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        // Unique for ever, as long as the clock is not set back by more than the time between two runs of the host.
        last_number_ = std::max(last_number_ + 1, static_cast<std::uint64_t>(std::max<stipend_unix_ns>(now, 1)));
        ++counts_.sent;
        under_way_.emplace(last_number_, Sent{next.payee, next.order});
        send_(last_number_, {next.payee, std::shared_ptr<const CallText>(next.order, &next.order->text)});
    }
}

std::optional<stipend_unix_ns> CallDesk::next_wakeup() const {
    if (waiting_.empty() || under_way_.size() >= max_under_way) return std::nullopt;
    return waiting_.front().at;
}

std::optional<registry::PayeeIndex> CallDesk::payee_of(std::uint64_t number) const {
    const auto found = under_way_.find(number);
    return found == under_way_.end() ? std::nullopt : std::optional(found->second.payee);
}

void CallDesk::done(std::uint64_t number, const JobResult& result, stipend_unix_ns now) {
    const auto found = under_way_.find(number);
    if (found == under_way_.end()) return;
    const auto order = std::move(found->second.order);
    under_way_.erase(found);
    auto& summary = order->summary;
    if (result.outcome == STIPEND_JOB_OK) {
        ++summary.answered;
        ++counts_.answered;
    } else {
        if (summary.failed++ == 0) summary.first_failure = result.reason;
        ++counts_.failed;
    }
    if (--order->left == 0) over_(order->text, summary);
    tick(now);
}

void CallDesk::close() {
    closed_ = true;
    waiting_.clear();
}

std::size_t CallDesk::waiting_for_rate(stipend_unix_ns now) const {
    const auto first = std::ranges::upper_bound(waiting_, now, {}, &Waiting::at);
    return static_cast<std::size_t>(waiting_.end() - first);
}

std::uint64_t CallDesk::given_to(registry::PayeeIndex payee) const {
    const auto found = own_.find(payee);
    return found == own_.end() ? 0 : found->second.given;
}

}  // namespace stipend::engine
