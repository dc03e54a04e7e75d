// A report as a page that prints well: it needs nothing beside itself.
#include <algorithm>

#include "host/analysis/report.hpp"
#include "host/base/html.hpp"
#include "host/base/printable.hpp"

namespace stipend::analysis {
namespace {

constexpr std::string_view page_style =
    "body{font-family:sans-serif;margin:2em;color:#111;background:#fff}table{border-collapse:collapse;margin:1em 0}"
    "caption{text-align:left;font-weight:bold;padding:.3em 0}th,td{border:1px solid #999;padding:.2em .6em;"
    "text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums}tr.total{font-weight:bold}"
    "td.no{background:#fbdcdc}thead{display:table-header-group}tr{break-inside:avoid}"
    "@page{size:A4 landscape;margin:12mm}@media print{body{margin:0;font-size:9pt}}";

std::string words_of(std::string name) {
    std::ranges::replace(name, '_', ' ');
    return name;
}

std::string cell_of(const std::string& name, const Json& value) {
    const auto text = value.is(Json::Kind::null) ? "-" : html_escaped(printable_line(value.text()));
    const bool number = value.is(Json::Kind::number) || value.is(Json::Kind::null) || name.find("usd") != name.npos;
    const bool missed = name == "met" && value.text() == "no";
    return cat("<td", number ? " class=\"n\"" : missed ? " class=\"no\"" : "", ">", text, "</td>");
}

void add_table(std::string& out, std::string_view caption, const std::vector<Json>& rows, const Json* total) {
    if (rows.empty()) return;
    out += cat("<table><caption>", html_escaped(caption), "</caption><thead><tr>");
    for (const auto& [name, value] : rows.front().members()) {
        out += cat("<th scope=\"col\">", html_escaped(words_of(name)), "</th>");
    }
    out += "</tr></thead><tbody>\n";
    const auto add_row = [&out](const Json& row, std::string_view attribute) {
        out += cat("<tr", attribute, ">");
        for (const auto& [name, value] : row.members()) out += cell_of(name, value);
        out += "</tr>\n";
    };
    for (const auto& row : rows) add_row(row, "");
    if (total != nullptr && total->is(Json::Kind::object)) add_row(*total, " class=\"total\"");
    out += "</tbody></table>\n";
}

}  // namespace

std::string html_text(const Json& report) {
    const auto text = [&report](std::string_view name) { return report.find(name)->text(); };
    const auto title = cat("stipend: ", text("report"), ", ", text("from"), " to ", text("to"));
    auto out = cat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", html_escaped(title),
                   "</title>\n<style>", page_style, "</style></head>\n<body><h1>", html_escaped(title), "</h1>\n<p>",
                   text("checks"), " checks. Times in UTC, uptimes in percent of what was measured.");
    if (const auto* over = report.find("over"); over != nullptr && !over->truth()) {
        out += " The span was not over when this was made.";
    }
    out += "</p>\n";
    add_table(out, text("report"), report.find("rows")->items(), report.find("total"));
    for (const auto& [name, value] : report.members()) {
        if (value.is(Json::Kind::array) && name != "rows") add_table(out, name, value.items(), nullptr);
    }
    return out + "</body></html>\n";
}

}  // namespace stipend::analysis
