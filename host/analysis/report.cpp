#include "host/analysis/report.hpp"

#include <algorithm>
#include <memory>

#include "host/analysis/cost.hpp"
#include "host/analysis/excused.hpp"
#include "host/analysis/failures.hpp"
#include "host/analysis/forecast.hpp"
#include "host/analysis/latency.hpp"
#include "host/analysis/prediction_report.hpp"
#include "host/analysis/sla.hpp"
#include "host/analysis/uptime_share.hpp"
#include "host/api/csv.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"

namespace stipend::analysis {
namespace {

constexpr std::string_view by_names[] = {"", "tier", "orchestrator", "capability"};

std::string shown_word(std::string_view text) {
    return cat("\"", printable_line(clip(text, 60)), "\"");
}

std::unique_ptr<Analysis> analysis_of(Kind kind, const Context& context) {
    switch (kind) {
        case Kind::prediction:
            return std::make_unique<PredictionReport>(context);
        case Kind::sla:
            return std::make_unique<SlaReport>(context);
        case Kind::cost:
            return std::make_unique<Cost>(context);
        case Kind::uptime:
            return std::make_unique<UptimeShare>(context);
        case Kind::failures:
            return std::make_unique<Failures>(context);
        case Kind::latency:
            return std::make_unique<Latency>(context);
        case Kind::forecast:
            break;
    }
    return std::make_unique<Forecast>(context);
}

// Leaves what is about one orchestrator.
void keep_only(ledger::OrchestratorId id, ledger::SpanFacts& facts) {
    std::erase_if(facts.accounts, [id](const auto& one) { return one.id != id; });
    std::erase_if(facts.gaps, [id](const auto& one) { return one.orchestrator != id; });
    std::erase_if(facts.pardons, [id](const auto& one) { return one.orchestrator != id; });
    std::erase_if(facts.apart, [id](const auto& one) { return one.orchestrator != id; });
}

// A text that is a plain decimal number becomes one, so that a spreadsheet takes it for one.
Json as_number(const Json& value) {
    if (!value.is(Json::Kind::string)) return value;
    const auto& text = value.text();
    const auto digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string::npos) return value;
    return Decimal::parse(text) ? Json::of_number(text) : value;
}

Json numbers_in(const Json& row) {
    auto out = Json::object();
    bool first = true;  // the group's name, which stays a text
    for (const auto& [name, value] : row.members()) {
        out.append(name, first ? value : as_number(value));
        first = false;
    }
    return out;
}

}  // namespace

Result<Kind> parse_kind(std::string_view name) {
    const auto found = std::ranges::find(kind_names, name);
    if (found != std::end(kind_names)) return static_cast<Kind>(found - std::begin(kind_names));
    std::string known;
    for (const auto one : kind_names) known += cat(known.empty() ? "" : ", ", one);
    return fail(STIPEND_E_INVALID, "report: got ", shown_word(name), ", want one of ", known);
}

Result<By> parse_by(std::string_view name) {
    const auto found = std::ranges::find(by_names, name);
    if (found != std::end(by_names)) return static_cast<By>(found - std::begin(by_names));
    return fail(STIPEND_E_INVALID, "by: got ", shown_word(name), ", want tier, orchestrator or capability");
}

Result<std::uint64_t> each_check(ledger::Ledger& book, const ledger::DecisionFilter& filter,
                                 const ledger::SpanFacts& facts, std::uint64_t most, const CheckSink& take) {
    const Excused excused(facts);
    std::uint64_t checks = 0;
    STIPEND_TRY(book.export_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
        if (++checks > most) {
            return fail(STIPEND_E_LIMIT, "more than ", most, " checks: ask for a shorter span, or one orchestrator");
        }
        return take(Check{.key = line.key, .decision = line.decision, .excused = excused(line.decision)});
    }));
    return checks;
}

namespace {

// INVALID is said of the question alone: what the ledger has wrong is another's fault.
template <class T>
Result<T> of_ledger(Result<T> read) {
    if (read || read.error().status != STIPEND_E_INVALID) return read;
    return fail(STIPEND_E_INTERNAL, read.error().message);
}

}  // namespace

Result<Json> make_report(const Query& query, const Source& source) {
    const auto to = std::min(query.to, source.now);
    if (to <= query.from || query.to - query.from > max_span_ns) {
        return fail(STIPEND_E_INVALID, "span: got ", utc_text(query.from), " to ", utc_text(query.to),
                    ", want one of at most ", max_span_ns / ns_per_day, " days that has begun");
    }
    STIPEND_LET(facts, of_ledger(ledger::span_facts(source.database, source.ns, query.from, to)));
    ledger::DecisionFilter filter{.from = query.from, .to = to};
    if (!query.orchestrator.empty()) {
        const auto found = std::ranges::find(facts.accounts, query.orchestrator, &ledger::SpanFacts::Account::key);
        if (found == facts.accounts.end()) {
            return fail(STIPEND_E_INVALID, "no orchestrator ", shown_word(query.orchestrator), " is here");
        }
        filter.orchestrator = found->id;
        keep_only(*filter.orchestrator, facts);
    }
    const Context context{.from = query.from,
                          .to = to,
                          .now = source.now,
                          .by = query.by,
                          .facts = facts,
                          .capability_of = source.capability_of,
                          .sla = source.sla,
                          .span_is_over = query.to <= source.now};
    const auto analysis = analysis_of(query.kind, context);
    STIPEND_LET(checks, of_ledger(each_check(source.book, filter, facts, query.most_checks,
                                             [&](const Check& check) { return analysis->take(check); })));
    STIPEND_LET(report, analysis->finish());
    auto rows = Json::array();
    for (auto& row : report.rows) rows.push(std::move(row));
    const auto name_or_null = [](std::string_view name) { return name.empty() ? Json() : Json(name); };
    auto out = Json::object()
                   .append("report", kind_names[static_cast<std::size_t>(query.kind)])
                   .append("from", utc_text(query.from))
                   .append("to", utc_text(to))
                   .append("by", name_or_null(by_names[static_cast<std::size_t>(query.by)]))
                   .append("orchestrator", name_or_null(query.orchestrator))
                   .append("checks", checks)
                   .append("rows", std::move(rows))
                   .append("total", report.total ? std::move(*report.total) : Json());
    for (auto& [name, value] : report.more) {
        out.append(std::move(name), std::move(value));
    }
    return out;
}

std::string csv_text(const Json& report) {
    std::vector<Json> records;
    for (const auto& row : report.find("rows")->items()) records.push_back(numbers_in(row));
    const auto* total = report.find("total");
    if (total->is(Json::Kind::object)) records.push_back(numbers_in(*total));
    if (records.empty()) return {};
    return api::csv_of(api::csv_columns(records.front()), records);
}

}  // namespace stipend::analysis
