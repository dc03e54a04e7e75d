// `stipend report`: analyses of the ledger, made by this process beside a host that runs, or without one.
#include "host/analysis/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/moment.hpp"
#include "host/cli/table.hpp"
#include "host/receipt/statement.hpp"
#include "host/runtime/role.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t month_characters = 7;  // "2026-11"

// "usd_per_up_hour" is "USD PER UP HOUR".
std::string title_of(const std::string& member) {
    std::string out;
    for (const char c : member) out.push_back(c == '_' ? ' ' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c));
    return out;
}

std::string cell_text(const Json& value) {
    return value.is(Json::Kind::null) ? "-" : printable_line(value.text());
}

bool is_numeric(const std::string& text) {
    return text == "-" || (!text.empty() && text.find_first_not_of("-0123456789.") == std::string::npos);
}

// Rows with the same members; a column of numbers stays at the right.
void print_rows(std::FILE* out, const std::vector<const Json*>& rows) {
    if (rows.empty()) return;
    std::vector<Table::Column> columns;
    const auto& members = rows.front()->members();
    for (std::size_t at = 0; at < members.size(); ++at) {
        const bool right = at > 0 && std::ranges::all_of(rows, [at](const Json* row) {
                               return is_numeric(cell_text(row->members()[at].second));
                           });
        columns.push_back({title_of(members[at].first), right, at == 0 || !right});
    }
    Table table(std::move(columns));
    for (const auto* row : rows) {
        std::vector<Table::Cell> cells;
        for (const auto& member : row->members()) cells.push_back({cell_text(member.second)});
        table.add(std::move(cells));
    }
    table.print(out);
}

void print_list(std::FILE* out, const Json& report, std::string_view name, std::string_view heading) {
    const auto* list = report.find(name);
    if (list == nullptr || list->items().empty()) return;
    std::vector<const Json*> rows;
    for (const auto& row : list->items()) rows.push_back(&row);
    fmt::print(out, "\n{}\n", heading);
    print_rows(out, rows);
}

void print_report(std::FILE* out, const Json& report) {
    fmt::print(out, "{} checks from {} to {}\n", report.find("checks")->text(), report.find("from")->text(),
               report.find("to")->text());
    std::vector<const Json*> rows;
    for (const auto& row : report.find("rows")->items()) rows.push_back(&row);
    const auto* total = report.find("total");
    if (total->is(Json::Kind::object)) rows.push_back(total);
    print_rows(out, rows);
    print_list(out, report, "distribution", "uptimes of answered checks, in percent");
    print_list(out, report, "backtest", "such chances of the span, each by what was known before it");
    print_list(out, report, "calibration", "chances in percent, and what happened");
    print_list(out, report, "reasons", "the most frequent reasons");
    if (const auto* error = report.find("error")) {
        fmt::print(out, "{} whole days; such forecasts of {} of them were off by {} % of what was spent\n",
                   report.find("whole_days")->text(), error->find("days")->text(), error->find("mean_percent")->text());
    }
}

// Those of the configuration; one that it does not list has that of newcomers.
std::function<std::string(std::string_view)> capabilities_of(const config::Settings& settings) {
    std::unordered_map<std::string, std::string> listed;
    for (const auto& one : settings.orchestrators) listed.emplace(one.id, one.capability);
    return [listed = std::move(listed), newcomer = settings.registration.capability](std::string_view key) {
        const auto found = listed.find(std::string(key));
        return found == listed.end() ? newcomer : found->second;
    };
}

// [from, to) as the options have it.
Result<std::pair<stipend_unix_ns, stipend_unix_ns>> span_of(const ReportOptions& options, analysis::Kind kind,
                                                            stipend_unix_ns now) {
    const bool has_span = !options.from.empty() || !options.to.empty();
    if (!options.month.empty() || (kind == analysis::Kind::sla && !has_span)) {
        STIPEND_LET(month, receipt::parse_month(options.month.empty() ? utc_text(now).substr(0, month_characters)
                                                                      : options.month));
        return std::pair(month.from, month.to);
    }
    STIPEND_LET(from, moment("--from", options.from, now));
    STIPEND_LET(to, moment("--to", options.to, now));
    const auto end = to.value_or(now);
    const auto usual = std::max<stipend_unix_ns>(end - analysis::usual_days(kind) * ns_per_day, 0);
    return std::pair(from.value_or(usual), end);
}

}  // namespace

int report(const ReportOptions& options) {
    const auto kind = analysis::parse_kind(options.report);
    const auto by = analysis::parse_by(options.by);
    if (!kind || !by) return print_error((kind ? by.error() : kind.error())), exit_usage;
    const auto now = SystemClock().now();
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto book = open_ledger(*settings, ledger::Access::read_only);
    if (!book) return print_error(book.error());
    if (*kind == analysis::Kind::sla && settings->sla.empty()) {
        return print_error(fail(STIPEND_E_CONFIG, "sla: no target of uptime is configured"));
    }
    const auto span = span_of(options, *kind, now);
    if (!span) return print_error(span.error()), exit_usage;
    const analysis::Query query{
        .kind = *kind, .by = *by, .from = span->first, .to = span->second, .orchestrator = options.orchestrator};
    const auto made = analysis::make_report(query, {.database = ledger::database_file(settings->state),
                                                    .ns = runtime::namespace_of(*settings),
                                                    .book = **book,
                                                    .capability_of = capabilities_of(*settings),
                                                    .now = now,
                                                    .sla = settings->sla});
    if (!made) return print_error(made.error());
    if (options.common.json) {
        fmt::print("{}\n", made->dump());
    } else if (options.csv) {
        fmt::print("{}", analysis::csv_text(*made));
    } else if (options.html) {
        fmt::print("{}", analysis::html_text(*made));
    } else {
        print_report(stdout, *made);
    }
    return std::fflush(stdout) == 0 ? exit_good
                                    : print_error(fail(STIPEND_E_UNAVAILABLE, "cannot write to standard output"));
}

}  // namespace stipend::cli
