// What was seen: kept in the ledger's file, read back from it, and answered from.
#include <algorithm>
#include <utility>

#include "host/runtime/watcher.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t forget_every_ns = 3600 * ns_per_s;

}  // namespace

// Reads the stored observations of these owners. They fill only time without an observation, so what is reported
// meanwhile stays as it is.
void Watcher::restore(const std::vector<ledger::OrchestratorId>& owners, std::function<void()> then) {
    const auto until = line_.now();
    const auto since = until - kept_ns;
    if (!turning_) {
        // Before the first turn nothing else waits, and nothing may be answered or decided from half a history.
        for (const auto owner : owners) {
            take_past(owner,
                      writer_.ask([&](ledger::Ledger& ledger) { return ledger.observations(owner, since, until); }));
        }
        return then();
    }
    writer_.query(
        [this, &loop = loop_, alive = alive_, owners, since, until, then = std::move(then)](ledger::Ledger& ledger) {
            for (const auto owner : owners) {
                loop.post([this, alive, owner, rows = ledger.observations(owner, since, until)] {
                    if (*alive) take_past(owner, rows);
                });
            }
            loop.post([alive, then] {
                if (*alive) then();
            });
        });
}

void Watcher::take_past(ledger::OrchestratorId owner, const Result<std::vector<ledger::Observation>>& rows) {
    if (!rows) {
        if (hooks_.saved) hooks_.saved(rows.error());
        return;
    }
    const std::lock_guard lock(mutex_);
    for (const auto& row : *rows) {
        if (auto* one = series_for({}, owner, row.target))
            one->series.restore({row.from, row.to, row.verdict == STIPEND_UP});
    }
    // It came from there: nothing of it is news to the ledger.
    for (auto at = series_.lower_bound({owner, std::string()}); at != series_.end() && at->first.first == owner; ++at)
        static_cast<void>(at->second.series.history().take_changed());
}

void Watcher::save() {
    if (saving_) return;
    // What was refused goes first, and alone: what came since may replace it, and never the other way.
    auto batch = refused_ ? std::exchange(refused_, nullptr) : unsaved();
    if (batch->observations.empty() && !batch->forget_observations_before) return;
    saving_ = true;
    writer_.commit(batch, [this, &loop = loop_, alive = alive_, batch](Result<void> done) {
        loop.post([this, alive, batch, done = std::move(done)] {
            if (!*alive) return;
            saving_ = false;
            // A batch that is refused for another reason would be refused again, and hold up all that follows.
            if (!done && done.error().status == STIPEND_E_BUSY) refused_ = batch;
            if (hooks_.saved) hooks_.saved(done);
        });
    });
}

void Watcher::save_last() {
    const auto save = [this](std::shared_ptr<const ledger::Batch> batch) {
        writer_.commit(std::move(batch), [](const Result<void>&) {});
    };
    if (refused_) save(std::exchange(refused_, nullptr));
    for (auto batch = unsaved(); !batch->observations.empty(); batch = unsaved()) save(std::move(batch));
}

std::shared_ptr<const ledger::Batch> Watcher::unsaved() {
    const auto now = line_.now();
    auto batch = std::make_shared<ledger::Batch>();
    const std::lock_guard lock(mutex_);
    for (auto& [key, one] : series_) {
        if (batch->observations.size() >= ledger::max_batch_rows / 2) break;  // the rest comes with the next one
        for (const auto& span : one.series.history().take_changed())
            batch->observations.push_back({one.owner, one.id, span.from, span.to, span.up ? STIPEND_UP : STIPEND_DOWN});
    }
    if (now >= forget_at_) {
        forget_at_ = now + forget_every_ns;
        batch->forget_observations_before = now - kept_ns;
        for (auto& [key, one] : series_) one.series.history().forget_before(now - kept_ns);
    }
    return batch;
}

std::optional<uptime::Observed> Watcher::observed(ledger::OrchestratorId owner, stipend_unix_ns from,
                                                  stipend_unix_ns to, std::vector<Window> excused) const {
    // The parts of the window that are left.
    std::sort(excused.begin(), excused.end(), [](const Window& a, const Window& b) { return a.from < b.from; });
    std::vector<Window> parts;
    auto begin = from;
    for (const auto& window : excused) {
        if (window.from > begin) parts.push_back({begin, std::min(window.from, to)});
        begin = std::max(begin, window.to);
    }
    if (begin < to) parts.push_back({begin, to});
    std::uint64_t up_ppm = 0, coverage_ppm = 0, seen = 0, all = 0;
    const std::lock_guard lock(mutex_);
    for (auto at = series_.lower_bound({owner, std::string()}); at != series_.end() && at->first.first == owner; ++at) {
        uptime::Share share;
        for (const auto& part : parts) {
            const auto one = at->second.series.measure(part.from, part.to);
            share.up_ns += one.up_ns;
            share.seen_ns += one.seen_ns;
        }
        ++all;
        coverage_ppm += uptime::ppm_of(share.seen_ns, to - from);
        if (share.seen_ns == 0) continue;
        ++seen;
        up_ppm += uptime::ppm_of(share.up_ns, share.seen_ns);
    }
    if (all == 0) return std::nullopt;
    return uptime::Observed{seen == 0 ? 0 : static_cast<std::uint32_t>(up_ppm / seen),
                            static_cast<std::uint32_t>(coverage_ppm / all)};
}

void Watcher::visit(ledger::OrchestratorId owner, const std::function<void(const TargetHistory&)>& show) const {
    const std::lock_guard lock(mutex_);
    for (auto at = series_.lower_bound({owner, std::string()}); at != series_.end() && at->first.first == owner; ++at)
        show(at->second);
}

void Watcher::visit_all(const std::function<bool(const TargetHistory&)>& show) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, one] : series_) {
        if (!show(one)) return;
    }
}

}  // namespace stipend::runtime
