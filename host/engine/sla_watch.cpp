#include "host/engine/sla_watch.hpp"

#include <algorithm>
#include <set>

#include "host/analysis/excused.hpp"
#include "host/runtime/role.hpp"

namespace stipend::engine {
namespace {

bool same_targets(const std::vector<config::Sla>& a, const std::vector<config::Sla>& b) {
    const auto same_alert = [](const config::BurnAlert& x, const config::BurnAlert& y) {
        return x.long_ns == y.long_ns && x.short_ns == y.short_ns && x.burn_ppm == y.burn_ppm &&
               x.severity == y.severity;
    };
    return std::ranges::equal(a, b, [&](const config::Sla& x, const config::Sla& y) {
        return x.name == y.name && x.target_e6 == y.target_e6 && x.orchestrators == y.orchestrators &&
               x.capability == y.capability && std::ranges::equal(x.alerts, y.alerts, same_alert);
    });
}

}  // namespace

SlaWatch::SlaWatch(runtime::Host& host, const config::Settings& settings, Parts parts)
    : host_(host),
      parts_(std::move(parts)),
      database_(ledger::database_file(settings.state)),
      ns_(runtime::namespace_of(settings)),
      every_ns_(std::clamp(settings.payment.interval_ns, ns_per_s, longest_ns)),
      ledger_(settings.state, runtime::namespace_of(settings)),
      next_at_(host.now()) {}

void SlaWatch::tick(stipend_unix_ns now, const std::vector<config::Sla>& targets) {
    if (now < next_at_ || busy_) return;
    next_at_ = now + every_ns_;
    if (targets.empty()) {
        if (std::exchange(had_targets_, false)) over(Found(std::vector<analysis::BurnBook::Firing>()));
        return;
    }
    had_targets_ = true;
    busy_ = true;
    const bool by_capability =
        std::ranges::any_of(targets, [](const config::Sla& one) { return !one.capability.empty(); });
    auto capabilities = by_capability ? parts_.capabilities() : Capabilities();
    host_.blocking().post([this, now, targets, work = work_, capabilities = std::move(capabilities)] {
        if (!work->book || !same_targets(work->targets, targets)) {
            *work = {.targets = targets, .book = std::make_unique<analysis::BurnBook>(targets)};
        }
        auto found = round(*work, now, capabilities);
        if (!found) work->book.reset();  // the next round begins anew
        host_.loop().post([this, found = std::move(found)] {
            busy_ = false;
            over(found);
        });
    });
}

SlaWatch::Found SlaWatch::round(Work& work, stipend_unix_ns now, const Capabilities& capabilities) {
    const auto since = std::max<stipend_unix_ns>(now - work.book->longest_ns(), 0);
    STIPEND_LET(facts, ledger::span_facts(database_, ns_, since, now + 1));
    if (work.last > 0 && facts.pardons.size() != work.pardons) {
        // Checks that were counted as failed may be taken back.
        work = {.targets = work.targets, .book = std::make_unique<analysis::BurnBook>(work.targets)};
    }
    work.pardons = facts.pardons.size();
    STIPEND_TRY(read(work, facts, since, capabilities));
    return work.book->evaluate(now);
}

Result<void> SlaWatch::read(Work& work, const ledger::SpanFacts& facts, stipend_unix_ns since,
                            const Capabilities& capabilities) {
    const analysis::Excused excused(facts);
    const auto capability_of = [&capabilities](std::string_view key) {
        const auto found = capabilities.find(std::string(key));
        return found == capabilities.end() ? std::string() : found->second;
    };
    const ledger::DecisionFilter filter{.from = since, .after = work.last, .archives = false, .brief = true};
    return ledger_.read([&](ledger::Ledger& book) {
        return book.export_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
            work.last = line.seq;
            return work.book->take({.key = line.key, .decision = line.decision, .excused = excused(line.decision)},
                                   capability_of);
        });
    });
}

void SlaWatch::over(const Found& found) {
    if (!found) return parts_.failed(cat("targets of uptime are not watched: ", found.error().message));
    parts_.failed({});
    std::set<std::string> ids;
    for (const auto& one : *found) {
        ids.insert(one.id);
        parts_.raise(one);
    }
    parts_.resolve_others([&ids](const std::string& id) { return ids.contains(id); });
}

}  // namespace stipend::engine
