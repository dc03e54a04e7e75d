// The engine's sending side: which payees are due, which may be sent a job now, and the results.
#include "host/engine/engine.hpp"

#include <algorithm>

#include "stipend/duration.hpp"

namespace stipend::engine {
void Engine::tick(stipend_unix_ns now) {
    health_.take(present_health(now), now);
    if (failure_) return;
    if (auto batch = commits_.retry(now)) effects_.commit(std::move(batch));
    for (std::size_t at = 0; at < networks_.all().size(); ++at) {
        if (networks_.price(at).ask(now)) effects_.fetch_price(at);
    }
    fees_.roll(now);
    if (!generations_.empty() && fees_.lifted(current().fees, now)) resolve("fees", now);
    expire_lost_jobs(now);
    free_places(now);
    if (!draining_) {
        collect_due(now);
        send_ready(now);
    }
    measure_demand(now);
    flush(now);
    retire_generations();
}

bool Engine::retired(Slot& slot) {
    if (!slot.life.leaving()) return false;
    slot.life.move(Stage::retired);
    return true;
}

void Engine::collect_due(stipend_unix_ns now) {
    while (const auto entry = schedule_.pop_due(until_ ? std::min(now, *until_) : now)) {
        auto& slot = slots_[entry->payee];
        if (retired(slot)) continue;
        slot.life.move(Stage::ready);
        const bool apart = slot.state.consecutive_failures > 0 && current().dispatch.max_waiting > 0;
        (apart ? ready_failing_ : ready_).push_back(entry->payee);
    }
    STIPEND_ASSERT(ready_.size() + ready_failing_.size() + schedule_.size() <= slots_.size());
}

// Before the first answer of the price source what is due waits, since it would only be held. No job is sent for a
// payee that is not yet in the ledger, as its result could not be decided. The queue of undecided samples is bounded,
// so a slow disk applies back-pressure.
bool Engine::may_send() const {
    return networks_.answered() && first_unwritten_ == payees_.size() && sampled_.size() < max_batch &&
           !generations_.empty() && in_place_ < current().dispatch.max_in_flight;
}

void Engine::send_ready(stipend_unix_ns now) {
    if (!may_send()) return;
    const auto places = current().dispatch.max_in_flight;
    send_from(ready_, now, [&] { return in_place_ < places; });
    send_from(ready_failing_, now, [&] { return in_place_ < places && has_place_for_failing(); });
}

template <class HasPlace>
void Engine::send_from(std::deque<registry::PayeeIndex>& line, stipend_unix_ns now, HasPlace&& has_place) {
    const auto& host = current().dispatch.host;
    // Each waiting payee is tried once: one that has to wait for its own rate does not hold up the others.
    for (auto left = line.size(); left > 0 && has_place(); --left) {
        if (!host.unlimited() && host_bucket_.ready_at_ns(host) > now) return;
        const auto payee = line.front();
        line.pop_front();
        if (retired(slots_[payee]) || !within_own_rate(payee, now)) continue;
        if (!host.unlimited()) host_bucket_.take(host, now);
        submit(payee, now);
    }
}

bool Engine::within_own_rate(registry::PayeeIndex payee, stipend_unix_ns now) {
    const auto& rate = current().dispatch.per_orchestrator;
    if (rate.unlimited()) return true;
    auto& slot = slots_[payee];
    const auto ready_at = slot.bucket.ready_at_ns(rate);
    if (ready_at <= now) {
        slot.bucket.take(rate, now);
        return true;
    }
    slot.life.move(Stage::scheduled);
    schedule_.add(ready_at, payee);
    return false;
}

void Engine::submit(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    const auto& state = slot.state;
    const auto period_from = state.due_at - state.interval_ns;
    slot.life.move(Stage::in_flight);
    slot.bound = generations_.at_start(period_from);
    generations_.bind(slot.bound);
    ++slot.attempt;
    ++in_place_;
    if (state.consecutive_failures > 0) ++failing_in_place_;
    const SentJobs::Sent sent{now, {payee, slot.attempt}};
    sent_.add(sent, in_flight(), [&](JobToken token) { return awaits(token); });
    placed_.add(sent, in_place_, [&](JobToken token) { return awaits(token) && slots_[token.payee].life.has_place(); });
    ++counters_.jobs;
    // The window reaches back to the last decision, and over at least the interval.
    const auto since =
        state.last_decided_at == 0 ? state.interval_ns : std::max(now - state.last_decided_at, state.interval_ns);
    // 0 means no limit, so a budget that is used up is passed on as 1 wei.
    const auto max_fee = std::max(fees_.left(payee, current().fees, now), smallest_fee());
    effects_.submit({.token = {payee, slot.attempt},
                     .epoch = state.epoch + 1,
                     .period_from = period_from,
                     .period_to = state.due_at,
                     .window_s = static_cast<std::uint32_t>(std::min((since + ns_per_s - 1) / ns_per_s, max_window_s)),
                     .known = state.known,
                     .max_fee = max_fee},
                    payees_[payee]);
}

bool Engine::awaits(JobToken token) const {
    if (token.payee >= slots_.size()) return false;
    const auto& slot = slots_[token.payee];
    return (slot.life.has_place() || slot.life.waits()) && slot.attempt == token.attempt;
}

// A job that the plugin loses must not block its payee for ever.
void Engine::expire_lost_jobs(stipend_unix_ns now) {
    const auto open = [&](JobToken token) { return awaits(token); };
    while (const auto* oldest = sent_.oldest(open)) {
        if (now < oldest->at + max_job_ns) return;
        JobResult lost;
        lost.reason = "the dispatch plugin never answered";
        lost.lost = true;
        lost.dispatch = payees_.dispatch(oldest->token.payee);
        on_job_result(oldest->token, std::move(lost), now);
    }
}

void Engine::free_places(stipend_unix_ns now) {
    if (generations_.empty()) return;
    const auto open = [&](JobToken token) { return awaits(token) && slots_[token.payee].life.has_place(); };
    while (const auto* oldest = placed_.oldest(open)) {
        if (waiting_ >= current().dispatch.max_waiting || now < oldest->at + DispatchRules::place_ns) return;
        auto& slot = slots_[oldest->token.payee];
        leave_place(slot);
        slot.life.proceed(Stage::waiting);
        ++waiting_;
    }
}

void Engine::leave_place(Slot& slot) {
    STIPEND_ASSERT(in_place_ > 0);
    --in_place_;
    if (slot.state.consecutive_failures == 0) return;
    STIPEND_ASSERT(failing_in_place_ > 0);
    --failing_in_place_;
}

void Engine::job_done(JobToken token, JobResult result, stipend_unix_ns now) {
    on_job_result(token, std::move(result), now);
    tick(now);
}

void Engine::on_job_result(JobToken token, JobResult result, stipend_unix_ns now) {
    if (!awaits(token)) {
        ++counters_.unexpected_results;
        return;
    }
    auto& slot = slots_[token.payee];
    if (slot.life.has_place()) {
        leave_place(slot);
    } else {
        --waiting_;
    }
    close_fee(token, result, now);
    if (result.outcome != STIPEND_JOB_UNKNOWN) ++counters_.outcomes;
    payee_counts_.count_job(token.payee, result, fees_.refused(token.payee, token.attempt));
    if (slot.life.leaving()) {
        generations_.release(slot.bound);
        slot.life.move(Stage::retired);
        return;
    }
    watch_outcome(token.payee, result, now);
    slot.life.move(Stage::sampled);
    sampled_.push_back({token.payee, std::move(result)});
}

// Raises and resolves the alerts about the gateway and about the payee's place in its list.
void Engine::watch_outcome(registry::PayeeIndex payee, const JobResult& result, stipend_unix_ns now) {
    if ((result.flags & STIPEND_RESULT_ANSWERED) != 0) slots_[payee].state.known = true;
    const auto unlisted_id = [&] { return "unlisted:" + payees_.key(payee); };
    const auto& dispatcher = result.dispatch;
    // What one that sends no more of its jobs says is not what its payments depend on.
    if (dispatcher != payees_.dispatch(payee)) return;
    const auto gateway = gateway_alert(dispatcher);
    if ((result.flags & STIPEND_RESULT_UNLISTED) != 0) {
        raise(unlisted_id(), STIPEND_ALERT_WARNING,
              cat(payees_.key(payee),
                  " is unknown to the gateway: it is held, neither paid nor punished, until the gateway "
                  "lists ",
                  payees_[payee].address),
              now);
        resolve(gateway, now);
    } else if ((result.flags & STIPEND_RESULT_UNFUNDED) != 0) {
        // The gateway is well; its dispatcher raises the alert about its funds, and resolves it when they suffice.
        resolve(gateway, now);
    } else if ((result.flags & STIPEND_RESULT_OVER_FEE) != 0) {
        const auto job = fee_job({payee, slots_[payee].attempt});
        raise_over_budget(job, fees_.refuse_unreserved(job, current().fees, now), result.reason, now);
    } else if (!result.defect.empty()) {
        raise(dispatcher_alert(dispatcher), STIPEND_ALERT_CRITICAL,
              cat(on_hold(dispatcher), ": the dispatch plugin returned an invalid result: ", result.defect), now);
    } else if (result.outcome == STIPEND_JOB_UNKNOWN) {
        if (fees_.refused(payee, slots_[payee].attempt)) return;  // by this host, not by the gateway
        raise(gateway, STIPEND_ALERT_CRITICAL,
              cat(on_hold(dispatcher), ": the gateway cannot be used: ", result.reason), now);
    } else {
        resolve(gateway, now);
        resolve(dispatcher_alert(dispatcher), now);
        resolve(unlisted_id(), now);
        if (fees_.knows(payee)) resolve("fees:" + payees_.key(payee), now);  // its job was sent, or costs nothing
    }
}

std::string Engine::on_hold(const std::string& dispatcher) const {
    if (dispatchers_.size() == 1) return "payments are on hold";
    return cat("payments by the dispatcher ", registry::shown_dispatcher(dispatcher), " are on hold");
}

void Engine::price_done(std::size_t network, const Result<Quote>& quote, stipend_unix_ns now) {
    const auto& terms = networks_.all().at(network).terms;
    auto& price = networks_.price(network);
    const auto accepted = price.answer(quote, now, terms.price_every_ns);
    if (accepted) {
        resolve(terms.alert_id("price"), now);
        auto& waiting = commits_.waiting().prices;
        std::erase_if(waiting, [&](const ledger::Price& one) { return one.network == terms.row.id; });
        waiting.push_back({quote->usd_per_eth_e8, quote->observed_at, quote->source, terms.row.id});
    } else if (quote || !price.rate(now)) {
        // A refused answer puts payments on hold at once; a source that does not answer, when the last rate is too old.
        raise(terms.alert_id("price"), STIPEND_ALERT_CRITICAL,
              cat(terms.name.empty() ? "" : cat(terms.name, ": "),
                  "payments are on hold: no valid exchange rate: ", accepted.error().message),
              now);
    }
    tick(now);
}

std::optional<stipend_unix_ns> Engine::next_wakeup(stipend_unix_ns now) const {
    std::optional<stipend_unix_ns> next;
    const auto earlier = [&](stipend_unix_ns at) { next = next ? std::min(*next, at) : at; };
    if (failure_) return next;
    if (const auto price = networks_.next_wakeup()) earlier(*price);
    if (const auto commit = commits_.next_wakeup()) earlier(*commit);
    if (const auto* oldest = sent_.front()) earlier(oldest->at + max_job_ns);
    if (draining_) return next;
    if (const auto cycle = demand_.ends_at(); cycle && commits_.waiting().demands.empty()) earlier(*cycle);
    if (const auto due = schedule_.next_ns(); due && (!until_ || *due <= *until_)) earlier(*due);
    const bool any_ready = !ready_.empty() || !ready_failing_.empty();
    if (may_send() && (!ready_.empty() || (!ready_failing_.empty() && has_place_for_failing()))) {
        const auto& host = current().dispatch.host;
        earlier(host.unlimited() ? now : host_bucket_.ready_at_ns(host));
    } else if (const auto* oldest = placed_.front();
               oldest != nullptr && any_ready && !generations_.empty() && waiting_ < current().dispatch.max_waiting) {
        earlier(oldest->at + DispatchRules::place_ns);
    }
    return next;
}

bool Engine::idle() const {
    return in_flight() == 0 && !writing();
}

bool Engine::quiet(stipend_unix_ns now) const {
    const auto due = schedule_.next_ns();
    return idle() && ready_.empty() && ready_failing_.empty() &&
           (!due || *due > (until_ ? std::min(now, *until_) : now));
}

void Engine::reschedule(registry::PayeeIndex payee) {
    auto& slot = slots_[payee];
    slot.life.proceed(Stage::scheduled);
    schedule_.add(slot.state.due_at, payee);
}

void Engine::raise(std::string id, std::int32_t severity, std::string text, stipend_unix_ns now) {
    raise(Alert{.id = std::move(id), .severity = severity, .text = std::move(text), .at = now});
}

void Engine::raise(const Alert& alert) {
    if (!alerts_.raise(alert)) return;
    commits_.waiting().events.push_back({ledger::EventKind::alert, alert.id + ": " + alert.text});
    reporter_.alert(alert);
}

void Engine::resolve(const std::string& id, stipend_unix_ns now) {
    if (!alerts_.resolve(id)) return reporter_.no_alert(id);
    commits_.waiting().events.push_back({ledger::EventKind::alert, id + ": resolved"});
    reporter_.alert({.id = id, .severity = STIPEND_ALERT_INFO, .text = "resolved", .at = now, .resolved = true});
}

}  // namespace stipend::engine
