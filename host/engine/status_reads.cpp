#include "host/engine/status_reads.hpp"

#include <algorithm>

#include "host/analysis/excused.hpp"
#include "host/ledger/span_facts.hpp"
#include "host/runtime/role.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t capabilities_wait_ns = 5 * ns_per_s;

}  // namespace

StatusReads::StatusReads(runtime::Host& host, const Engine& engine, const config::Settings& settings)
    : host_(host),
      engine_(engine),
      database_(ledger::database_file(settings.state)),
      ns_(runtime::namespace_of(settings)),
      ledger_(settings.state, runtime::namespace_of(settings)),
      terms_(std::make_shared<const Terms>(Terms{settings.status, 1})),
      lane_(host.make_lane()) {}

void StatusReads::in_force(const config::StatusPage& page) {
    const std::lock_guard lock(mutex_);
    if (terms_->page == page) return;
    terms_ = std::make_shared<const Terms>(Terms{page, terms_->revision + 1});
}

std::uint64_t StatusReads::revision() {
    const std::lock_guard lock(mutex_);
    return terms_->page.enabled == config::Shown::yes ? terms_->revision : 0;
}

void StatusReads::make(Done done) {
    lane_->post([this, done = std::move(done)] {
        auto made = round();
        if (!made) {
            work_ = {};  // the next one begins anew
            host_.log().warn(cat("no status page: ", made.error().message));
        }
        done(std::move(made));
    });
}

Result<StatusReads::Capabilities> StatusReads::capabilities(const config::StatusPage& page) {
    if (std::ranges::all_of(page.show, [](const auto& one) { return one.capability.empty(); })) return Capabilities();
    return host_.loop().ask_within(capabilities_wait_ns, [this] {
        Capabilities out;
        const auto& payees = engine_.payees();
        for (registry::PayeeIndex at = 0; at < payees.size(); ++at) {
            auto payee = payees[at];
            if (!payee.capability.empty()) out.emplace(std::move(payee.key), std::move(payee.capability));
        }
        return out;
    });
}

Result<api::PublicStatus> StatusReads::round() {
    std::shared_ptr<const Terms> terms;
    {
        const std::lock_guard lock(mutex_);
        terms = terms_;
    }
    STIPEND_LET(known, capabilities(terms->page));
    const auto now = host_.clock().now();
    const auto since = analysis::first_day(terms->page, now) * ns_per_day;
    STIPEND_LET(facts, ledger::span_facts(database_, ns_, since, now + 1));
    // A pardon takes back checks that were counted as failed.
    const bool same = work_.book && work_.revision == terms->revision && work_.pardons == facts.pardons.size() &&
                      work_.capabilities == known;
    if (!same) {
        work_ = {.revision = terms->revision, .capabilities = std::move(known), .pardons = facts.pardons.size()};
        work_.book = std::make_unique<analysis::StatusBook>(terms->page, [this](std::string_view key) {
            const auto found = work_.capabilities.find(std::string(key));
            return found == work_.capabilities.end() ? std::string() : found->second;
        });
    }
    STIPEND_TRY(read(facts, since));
    return work_.book->show(now, facts);
}

Result<void> StatusReads::read(const ledger::SpanFacts& facts, stipend_unix_ns since) {
    const analysis::Excused excused(facts);
    const ledger::DecisionFilter filter{.from = since, .after = work_.last, .archives = work_.last == 0, .brief = true};
    return ledger_.read([&](ledger::Ledger& book) {
        std::uint64_t checks = 0;
        return book.export_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
            if (++checks > max_checks) {
                return fail(STIPEND_E_LIMIT, "more than ", max_checks, " checks: shorten status.history");
            }
            work_.last = line.seq;
            return work_.book->take({.key = line.key, .decision = line.decision, .excused = excused(line.decision)});
        });
    });
}

}  // namespace stipend::engine
