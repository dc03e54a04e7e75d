#include "host/engine/fee_book.hpp"

#include <algorithm>

#include "host/ledger/fees.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::engine {
namespace {

SignedWei sum_of(const SignedWei& a, const SignedWei& b) {
    const auto sum = a.plus(b);
    STIPEND_ASSERT(sum.ok());  // amounts are at most max_fee(), which no run adds up to a range of 2^255
    return *sum;
}

SignedWei difference_of(const SignedWei& a, const SignedWei& b) {
    const auto difference = a.minus(b);
    STIPEND_ASSERT(difference.ok());
    return *difference;
}

bool fits(const SignedWei& wei, const SignedWei& used, const SignedWei& limit) {
    const auto sum = used.plus(wei);
    return sum && *sum <= limit;
}

SignedWei rest_of(const SignedWei& limit, const SignedWei& used) {
    return used >= limit ? SignedWei() : difference_of(limit, used);
}

SignedWei half_of(const SignedWei& limit) {
    const auto half = SignedWei::of(Wei(CheckedU256(limit.magnitude().value() / 2)));
    STIPEND_ASSERT(half.ok());
    return *half;
}

}  // namespace

const SignedWei& smallest_fee() {
    static const SignedWei one = *SignedWei::parse("1");
    return one;
}

std::int64_t FeeBook::ledger_day(stipend_unix_ns now) {
    return ledger::fee_day(now);
}

void FeeBook::roll(stipend_unix_ns now) {
    if (day_ == ledger_day(now)) return;
    day_ = ledger_day(now);
    all_ = {};
    for (const auto& [payee, entry] : entries_) {
        if (entry.state.day == day_) all_ = sum_of(all_, entry.state.day_wei);
    }
}

void FeeBook::restore(registry::PayeeIndex payee, const ledger::FeeState& state) {
    entries_[payee].state = state;
    if (state.day == day_) all_ = sum_of(all_, state.day_wei);
}

FeeBook::Entry& FeeBook::entry_of(const FeeJob& job) {
    Entry& entry = entries_[job.payee];
    if (entry.attempt != job.attempt) {
        entry.attempt = job.attempt;
        entry.reservations = 0;
        entry.refused = false;
    }
    return entry;
}

FeeBook::Answer FeeBook::check(const FeeJob& job, const SignedWei& wei, const FeeLimits& limits, stipend_unix_ns now) {
    STIPEND_ASSERT(!wei.zero() && !wei.negative());
    roll(now);
    Entry& entry = entry_of(job);
    const auto refuse = [&](Verdict verdict, const SignedWei& used, const SignedWei& limit) {
        entry.refused = verdict != Verdict::too_often;
        return Answer{.verdict = verdict, .used = used, .limit = limit};
    };
    if (entry.reservations >= max_reservations) return refuse(Verdict::too_often, {}, {});
    const auto own = used(job.payee, now);
    const auto own_limit = std::min(limits.per_orchestrator_day, ledger::max_fee());
    if (!fits(wei, own, own_limit)) return refuse(Verdict::over_own, own, own_limit);
    if (!fits(wei, used(now), limits.per_day)) {
        largest_refused_ = std::max(largest_refused_, wei);
        return refuse(Verdict::over_all, used(now), limits.per_day);
    }
    return {};
}

FeeBook::Answer FeeBook::refuse_unreserved(const FeeJob& job, const FeeLimits& limits, stipend_unix_ns now) {
    roll(now);
    entry_of(job).refused = true;
    const auto own = used(job.payee, now);
    const auto all_left = rest_of(limits.per_day, used(now));
    if (rest_of(limits.per_orchestrator_day, own) <= all_left) {
        return {.verdict = Verdict::over_own, .used = own, .limit = limits.per_orchestrator_day};
    }
    largest_refused_ = std::max(largest_refused_, sum_of(all_left, smallest_fee()));
    return {.verdict = Verdict::over_all, .used = used(now), .limit = limits.per_day};
}

ledger::Fee FeeBook::reserve(const FeeJob& job, const SignedWei& wei, stipend_unix_ns now) {
    Entry& entry = entry_of(job);
    const auto kind = entry.reservations++ == 0 ? ledger::FeeKind::reserved : ledger::FeeKind::added;
    return take(entry, job, kind, wei, now);
}

ledger::Fee FeeBook::take(Entry& entry, const FeeJob& job, ledger::FeeKind kind, const SignedWei& wei,
                          stipend_unix_ns now) {
    roll(now);
    const auto counted = [&] { return entry.state.day == day_ ? entry.state.day_wei : SignedWei(); };
    const auto before = counted();
    const auto step = ledger::fee_step(entry.state, kind, wei, day_);
    STIPEND_ASSERT(step.ok());
    ledger::Fee row{.kind = kind,
                    .orchestrator = job.orchestrator,
                    .epoch = job.epoch,
                    .attempt = job.attempt,
                    .at = now,
                    .wei = wei,
                    .moved = step->moved,
                    .after = step->after};
    STIPEND_ASSERT(!ledger::broken_invariant(row));
    entry.state = step->after;
    all_ = sum_of(all_, difference_of(counted(), before));
    STIPEND_ASSERT(!all_.negative() && all_ >= counted());
    return row;
}

FeeBook::Closed FeeBook::close(const FeeJob& job, const std::optional<SignedWei>& cost, stipend_unix_ns now) {
    const auto found = entries_.find(job.payee);
    const bool open = found != entries_.end() && found->second.attempt == job.attempt && found->second.reservations > 0;
    const bool costs = cost && !cost->zero();
    if (!open && !costs) return {};
    Entry& entry = entry_of(job);
    Closed out;
    if (!open) {
        out.misreported = true;
        if (*cost <= ledger::max_fee()) out.row = take(entry, job, ledger::FeeKind::unreserved, *cost, now);
    } else {
        entry.reservations = 0;
        out.reserved = entry.state.open_wei;
        out.misreported = cost && *cost > out.reserved;
        if (cost) out.row = take(entry, job, ledger::FeeKind::closed, std::min(*cost, out.reserved), now);
    }
    if (!cost) ended_ = sum_of(ended_, out.reserved);
    if (out.row) ended_ = sum_of(ended_, out.row->wei);
    return out;
}

FeeBook::Answer FeeBook::check_call(const FeeJob& call, const SignedWei& wei, const FeeLimits& limits,
                                    stipend_unix_ns now) {
    STIPEND_ASSERT(!wei.zero() && !wei.negative());
    roll(now);
    const auto open = calls_.find(call.epoch);
    if (open != calls_.end() && open->second.reservations >= max_reservations) return {.verdict = Verdict::too_often};
    const auto own = used(call.payee, now);
    const auto own_limit = std::min(half_of(limits.per_orchestrator_day), ledger::max_fee());
    if (!fits(wei, own, own_limit)) return {.verdict = Verdict::over_own, .used = own, .limit = own_limit};
    const auto limit = half_of(limits.per_day);
    if (!fits(wei, used(now), limit)) return {.verdict = Verdict::over_all, .used = used(now), .limit = limit};
    return {};
}

ledger::Fee FeeBook::reserve_call(const FeeJob& call, const SignedWei& wei, stipend_unix_ns now) {
    roll(now);
    auto [at, fresh] = calls_.try_emplace(call.epoch);
    auto& open = at->second;
    if (fresh) open.day = day_;
    open.one_day = open.one_day && open.day == day_;
    open.reserved = sum_of(open.reserved, wei);
    ++open.reservations;
    return take(entries_[call.payee], call, ledger::FeeKind::called, wei, now);
}

FeeBook::Closed FeeBook::close_call(const FeeJob& call, const std::optional<SignedWei>& cost, stipend_unix_ns now) {
    const auto found = calls_.find(call.epoch);
    const auto open = found == calls_.end() ? OpenCall() : found->second;
    if (found != calls_.end()) calls_.erase(found);
    Closed out{.row = {}, .reserved = open.reserved};
    if (!cost || *cost == open.reserved) {
        ended_ = sum_of(ended_, open.reserved);
        return out;
    }
    roll(now);
    Entry& entry = entries_[call.payee];
    if (*cost > open.reserved) {
        out.misreported = true;
        const auto more = difference_of(*cost, open.reserved);
        if (more <= ledger::max_fee()) out.row = take(entry, call, ledger::FeeKind::called, more, now);
        ended_ = sum_of(ended_, out.row ? *cost : open.reserved);
        return out;
    }
    const auto back = difference_of(open.reserved, *cost);
    const bool same_day = open.one_day && open.day == day_;
    if (same_day && ledger::fee_step(entry.state, ledger::FeeKind::returned, back, day_)) {
        out.row = take(entry, call, ledger::FeeKind::returned, back, now);
    }
    ended_ = sum_of(ended_, out.row ? *cost : open.reserved);
    return out;
}

SignedWei FeeBook::left_for_calls(registry::PayeeIndex payee, const FeeLimits& limits, stipend_unix_ns now) const {
    return std::min(rest_of(half_of(limits.per_orchestrator_day), used(payee, now)),
                    rest_of(half_of(limits.per_day), used(now)));
}

bool FeeBook::refused(registry::PayeeIndex payee, std::uint32_t attempt) const {
    const auto found = entries_.find(payee);
    return found != entries_.end() && found->second.attempt == attempt && found->second.refused;
}

bool FeeBook::lifted(const FeeLimits& limits, stipend_unix_ns now) {
    if (largest_refused_.zero() || !fits(largest_refused_, used(now), limits.per_day)) return false;
    largest_refused_ = {};
    return true;
}

SignedWei FeeBook::left(registry::PayeeIndex payee, const FeeLimits& limits, stipend_unix_ns now) const {
    return std::min(rest_of(limits.per_orchestrator_day, used(payee, now)), rest_of(limits.per_day, used(now)));
}

SignedWei FeeBook::used(registry::PayeeIndex payee, stipend_unix_ns now) const {
    const auto found = entries_.find(payee);
    if (found == entries_.end() || found->second.state.day != ledger_day(now)) return {};
    return found->second.state.day_wei;
}

}  // namespace stipend::engine
