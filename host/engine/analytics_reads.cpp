#include "host/engine/analytics_reads.hpp"

#include "host/analysis/report.hpp"
#include "host/base/time.hpp"
#include "host/receipt/statement.hpp"
#include "host/runtime/role.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t capabilities_wait_ns = 5 * ns_per_s;
constexpr std::size_t month_characters = 7;  // "2026-11"

Result<stipend_unix_ns> time_or(std::string_view name, const std::string& text, stipend_unix_ns otherwise) {
    if (text.empty()) return otherwise;
    auto at = parse_utc(text);
    if (!at) return fail(STIPEND_E_INVALID, "query parameter \"", name, "\": ", at.error().message);
    return at;
}

using Span = std::pair<stipend_unix_ns, stipend_unix_ns>;

// [from, to); of targets of uptime this month, unless it says otherwise.
Result<Span> span_of(const api::Analytics::Query& query, analysis::Kind kind, stipend_unix_ns now) {
    const bool has_span = !query.from.empty() || !query.to.empty();
    if (has_span && !query.month.empty()) {
        return fail(STIPEND_E_INVALID, "query parameter \"month\": want it without from and to");
    }
    if (!query.month.empty() || (kind == analysis::Kind::sla && !has_span)) {
        const auto name = query.month.empty() ? utc_text(now).substr(0, month_characters) : query.month;
        STIPEND_LET(month, receipt::parse_month(name));
        return Span(month.from, month.to);
    }
    const auto days = analysis::usual_days(kind);
    STIPEND_LET(to, time_or("to", query.to, now));
    STIPEND_LET(from, time_or("from", query.from, std::max<stipend_unix_ns>(0, to - days * ns_per_day)));
    return Span(from, to);
}

}  // namespace

AnalyticsReads::AnalyticsReads(runtime::Host& host, const Engine& engine, const config::Settings& settings,
                               std::function<std::vector<config::Sla>()> targets)
    : host_(host),
      engine_(engine),
      targets_(std::move(targets)),
      database_(ledger::database_file(settings.state)),
      ns_(runtime::namespace_of(settings)),
      ledger_(settings.state, runtime::namespace_of(settings)) {}

Result<AnalyticsReads::Capabilities> AnalyticsReads::capabilities() {
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

Result<api::Analytics::Made> AnalyticsReads::report(const Query& query) {
    STIPEND_LET(kind, analysis::parse_kind(query.report));
    STIPEND_LET(by, analysis::parse_by(query.by));
    const auto now = host_.clock().now();
    STIPEND_LET(span, span_of(query, kind, now));
    Capabilities known;
    std::vector<config::Sla> targets;
    if (kind == analysis::Kind::sla) {
        STIPEND_SET(targets, host_.loop().ask_within(capabilities_wait_ns, targets_));
    }
    if (by == analysis::By::capability || kind == analysis::Kind::sla) {
        STIPEND_SET(known, capabilities());
    }
    const analysis::Query asked{.kind = kind,
                                .by = by,
                                .from = span.first,
                                .to = span.second,
                                .orchestrator = query.orchestrator,
                                .most_checks = max_checks};
    auto made = ledger_.read([&](ledger::Ledger& book) {
        return analysis::make_report(asked, {.database = database_,
                                             .ns = ns_,
                                             .book = book,
                                             .capability_of =
                                                 [&known](std::string_view key) {
                                                     const auto found = known.find(std::string(key));
                                                     return found == known.end() ? std::string() : found->second;
                                                 },
                                             .now = now,
                                             .sla = targets});
    });
    if (!made) {
        const auto status = made.error().status;
        const bool by_question = status == STIPEND_E_INVALID || status == STIPEND_E_LIMIT;
        if (!by_question) host_.log().warn(cat("no analysis: ", made.error().message));
        return std::move(made).error();
    }
    return Made{.json = made->dump() + "\n", .csv = analysis::csv_text(*made), .html = analysis::html_text(*made)};
}

}  // namespace stipend::engine
