// The engine's sending side: who is due, who may be asked now, what came back.
#include "host/engine/engine.hpp"

#include <algorithm>

#include "stipend/duration.hpp"

namespace stipend::engine {

void Engine::tick(stipend_unix_ns now) {
    if (failure_) return;
    if (retry_commit_at_ != 0 && now >= retry_commit_at_) {
        retry_commit_at_ = 0;
        effects_.commit(committing_);
    }
    if (!price_asked_ && now >= price_due_at_ && !live_.empty()) {
        price_asked_ = true;
        effects_.fetch_price();
    }
    give_up_lost_jobs(now);
    if (!draining_) {
        collect_due(now);
        send_ready(now);
    }
    flush(now);
    retire_generations();
}

void Engine::collect_due(stipend_unix_ns now) {
    while (const auto entry = schedule_.pop_due(until_ ? std::min(now, *until_) : now)) {
        auto& slot = slots_[entry->payee];
        STIPEND_ASSERT(slot.stage == Stage::scheduled);
        if (slot.removed) {
            slot.removed = false;
            slot.stage = Stage::inactive;
            continue;
        }
        slot.stage = Stage::ready;
        ready_.push_back(entry->payee);
    }
}

// Until the first rate was asked for, what is due waits: it would only be held. Nobody is asked who could not be
// decided, for being new to the ledger; and a disk that is slower than the network bounds what is kept in memory.
bool Engine::may_send() const {
    return price_answered_ && first_unwritten_ == payees_.size() && sampled_.size() < max_batch && !live_.empty() &&
           in_flight_ < current().dispatch.max_in_flight;
}

void Engine::send_ready(stipend_unix_ns now) {
    if (!may_send()) return;
    const auto& rules = current().dispatch;
    // Each one that waits is looked at once: who must wait for its own bucket stands back without holding up the
    // others.
    for (auto left = ready_.size(); left > 0 && in_flight_ < rules.max_in_flight; --left) {
        if (!rules.host.unlimited() && host_bucket_.ready_at_ns(rules.host) > now) return;
        const auto payee = ready_.front();
        ready_.pop_front();
        auto& slot = slots_[payee];
        if (slot.removed) {
            slot.removed = false;
            slot.stage = Stage::inactive;
            continue;
        }
        if (!rules.per_orchestrator.unlimited()) {
            const auto ready_at = slot.bucket.ready_at_ns(rules.per_orchestrator);
            if (ready_at > now) {
                slot.stage = Stage::scheduled;
                schedule_.add(ready_at, payee);
                continue;
            }
            slot.bucket.take(rules.per_orchestrator, now);
        }
        if (!rules.host.unlimited()) host_bucket_.take(rules.host, now);
        submit(payee, now);
    }
}

void Engine::submit(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    const auto& account = slot.account;
    slot.stage = Stage::in_flight;
    slot.bound = publication_at(account.due_at - account.interval_ns);
    ++live_[slot.bound - first_live_].users;
    ++slot.attempt;
    sent_.emplace_back(now + max_job_ns, JobToken{payee, slot.attempt});
    ++in_flight_;
    ++counters_.jobs;
    // The window reaches back to the last decision, and over at least the interval.
    const auto since =
        slot.last_decided_at == 0 ? account.interval_ns : std::max(now - slot.last_decided_at, account.interval_ns);
    effects_.submit({.token = {payee, slot.attempt},
                     .epoch = account.open_epoch(),
                     .period_from = account.due_at - account.interval_ns,
                     .period_to = account.due_at,
                     .window_s = static_cast<std::uint32_t>(std::min((since + ns_per_s - 1) / ns_per_s, max_window_s)),
                     .known = slot.known},
                    payees_[payee]);
}

// A plugin that loses a job must not keep its payee waiting for ever.
void Engine::give_up_lost_jobs(stipend_unix_ns now) {
    while (!sent_.empty()) {
        const auto [until, token] = sent_.front();
        const auto& slot = slots_[token.payee];
        const bool open = slot.stage == Stage::in_flight && slot.attempt == token.attempt;
        if (open && now < until) return;
        sent_.pop_front();
        if (!open) continue;
        JobResult lost;
        lost.reason = "the dispatch plugin never answered";
        take_answer(token, std::move(lost), now);
    }
}

std::uint32_t Engine::publication_at(stipend_unix_ns period_start) const {
    auto at = live_.size() - 1;
    while (at > 0 && live_[at].generation->published_at() > period_start) --at;
    return first_live_ + static_cast<std::uint32_t>(at);
}

void Engine::job_done(JobToken token, JobResult result, stipend_unix_ns now) {
    take_answer(token, std::move(result), now);
    tick(now);
}

void Engine::take_answer(JobToken token, JobResult result, stipend_unix_ns now) {
    if (token.payee >= slots_.size() || slots_[token.payee].stage != Stage::in_flight ||
        slots_[token.payee].attempt != token.attempt) {
        ++counters_.stray_answers;
        return;
    }
    auto& slot = slots_[token.payee];
    --in_flight_;
    if (slot.removed) {
        slot.removed = false;
        release(slot);
        slot.stage = Stage::inactive;
    } else {
        watch_outcome(token.payee, result, now);
        slot.stage = Stage::sampled;
        sampled_.push_back({token.payee, std::move(result)});
    }
}

// Raises and resolves what an outcome says of the gateway and of this payee's place in it.
void Engine::watch_outcome(registry::PayeeIndex payee, const JobResult& result, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    if ((result.flags & STIPEND_RESULT_ANSWERED) != 0) slot.known = true;
    const auto unlisted_id = [&] { return "unlisted:" + payees_[payee].key; };
    if ((result.flags & STIPEND_RESULT_UNLISTED) != 0) {
        raise(unlisted_id(), STIPEND_ALERT_WARNING,
              cat(payees_[payee].key,
                  " is unknown to the gateway: it is held, neither paid nor punished, until the gateway "
                  "lists ",
                  payees_[payee].address),
              now);
        resolve("gateway", now);
    } else if (result.outcome == STIPEND_JOB_UNKNOWN) {
        raise("gateway", STIPEND_ALERT_CRITICAL,
              "the gateway cannot be used, so nobody is paid or punished: " + result.reason, now);
    } else {
        resolve("gateway", now);
        resolve(unlisted_id(), now);
    }
}

void Engine::price_done(Result<Quote> quote, stipend_unix_ns now) {
    price_asked_ = false;
    price_answered_ = true;
    price_due_at_ = now + std::max(current().price_every_ns, ns_per_s);
    auto taken = quote ? price_.offer(*quote, now) : Result<void>(quote.error());
    if (taken) {
        resolve("price", now);
        pending_.price = ledger::Price{quote->usd_per_eth_e8, quote->observed_at, quote->source};
        has_pending_ = true;
    } else if (quote || !price_.rate(now)) {
        // An answer that is refused holds at once; a source that does not answer does so when the last rate is too old.
        raise("price", STIPEND_ALERT_CRITICAL,
              "what is owed is held, for want of an exchange rate: " + taken.error().message, now);
    }
    tick(now);
}

std::optional<stipend_unix_ns> Engine::next_wakeup(stipend_unix_ns now) const {
    std::optional<stipend_unix_ns> next;
    const auto earlier = [&](stipend_unix_ns at) { next = next ? std::min(*next, at) : at; };
    if (failure_) return next;
    if (!price_asked_) earlier(price_due_at_);
    if (retry_commit_at_ != 0) earlier(retry_commit_at_);
    if (!sent_.empty()) earlier(sent_.front().first);
    if (draining_) return next;
    if (const auto due = schedule_.next_ns(); due && (!until_ || *due <= *until_)) earlier(*due);
    if (!ready_.empty() && may_send()) {
        const auto& host = current().dispatch.host;
        earlier(host.unlimited() ? now : host_bucket_.ready_at_ns(host));
    }
    return next;
}

bool Engine::idle() const {
    return in_flight_ == 0 && sampled_.empty() && !committing_ && !must_write();
}

bool Engine::quiet(stipend_unix_ns now) const {
    const auto due = schedule_.next_ns();
    return idle() && ready_.empty() && (!due || *due > (until_ ? std::min(now, *until_) : now));
}

void Engine::release(Slot& slot) {
    --live_[slot.bound - first_live_].users;
}

void Engine::reschedule(registry::PayeeIndex payee) {
    slots_[payee].stage = Stage::scheduled;
    schedule_.add(slots_[payee].account.due_at, payee);
}

void Engine::raise(std::string id, std::int32_t severity, std::string text, stipend_unix_ns now) {
    raise(Alert{.id = std::move(id), .severity = severity, .text = std::move(text), .at = now});
}

void Engine::raise(const Alert& alert) {
    if (!alerts_.raise(alert)) return;
    pending_.events.push_back({ledger::EventKind::alert, alert.id + ": " + alert.text});
    has_pending_ = true;
    effects_.tell(alert);
}

void Engine::resolve(const std::string& id, stipend_unix_ns now) {
    if (!alerts_.resolve(id)) return;
    pending_.events.push_back({ledger::EventKind::alert, id + ": resolved"});
    has_pending_ = true;
    effects_.tell({.id = id, .severity = STIPEND_ALERT_INFO, .text = "resolved", .at = now, .resolved = true});
}

}  // namespace stipend::engine
