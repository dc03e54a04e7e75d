// The analyses by their names, made of a ledger.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "host/analysis/context.hpp"
#include "stipend/duration.hpp"

namespace stipend::analysis {

inline constexpr std::int64_t max_span_ns = 800 * ns_per_day;

enum class Kind : std::uint8_t { cost, uptime, failures, latency, forecast, sla, prediction };
inline constexpr std::string_view kind_names[] = {"cost",     "uptime", "failures",  "latency",
                                                  "forecast", "sla",    "prediction"};
// INVALID: there is none of that name.
[[nodiscard]] Result<Kind> parse_kind(std::string_view name);
// INVALID: not "tier", "orchestrator" or "capability"; empty is By::all.
[[nodiscard]] Result<By> parse_by(std::string_view name);

struct Query {
    Kind kind = Kind::cost;
    By by = By::all;
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;                  // later than `from`, by max_span_ns at most
    std::string orchestrator = {};           // empty: all
    std::uint64_t most_checks = UINT64_MAX;  // LIMIT beyond
};

// Where a query is answered from; outlives the call.
struct Source {
    std::filesystem::path database;
    ledger::Namespace ns = {};
    ledger::Ledger& book;  // of that database
    std::function<std::string(std::string_view key)> capability_of;
    stipend_unix_ns now = 0;
    std::vector<config::Sla> sla = {};  // the targets of Kind::sla
};

// {"report","from","to","by","orchestrator","checks","rows":[{...}],"total":{...} or null, and what the analysis has
// beside them}. INVALID: the span is none, there is no such orchestrator, or the ledger is damaged (then "ledger:
// ...").
[[nodiscard]] Result<Json> make_report(const Query& query, const Source& source);

// So many days up to now are asked about where nothing else is said. [pure]
[[nodiscard]] constexpr std::int64_t usual_days(Kind kind) {
    return kind == Kind::forecast || kind == Kind::prediction ? 56 : 30;
}

// The rows, and the total where there is one, as CSV; numbers stay numbers.
[[nodiscard]] std::string csv_text(const Json& report);

// A page of its own, fit for print: a table of the rows, and one for each list beside them.
[[nodiscard]] std::string html_text(const Json& report);

// Passes the checks of a span to `take`, in the order of the ledger. `facts` are those of the same span. Returns their
// number. LIMIT: more than `most`.
using CheckSink = std::function<Result<void>(const Check& check)>;
[[nodiscard]] Result<std::uint64_t> each_check(ledger::Ledger& book, const ledger::DecisionFilter& filter,
                                               const ledger::SpanFacts& facts, std::uint64_t most,
                                               const CheckSink& take);

}  // namespace stipend::analysis
