#include "tools/flow/layout.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "host/base/time.hpp"
#include "stipend/duration.hpp"
#include "tools/flow/text.hpp"

namespace stipend::flow {
namespace {

constexpr std::size_t one_line_from = 148;  // columns; below, a lane has two lines
constexpr std::size_t head_lines = 3;       // the title and two lines of headings, or one and an empty one
constexpr std::size_t foot_lines = 1;

struct Cell {
    std::vector<Span> spans;
};
struct Column {
    std::string_view title;
    std::size_t width = 0;  // at least
    std::size_t most = 0;   // what it grows to
    bool right = false;
    std::function<std::vector<Span>(const Lane&, std::size_t width, stipend_unix_ns now)> cell;
};

std::vector<Span> plain(std::string text, Look look = Look::plain) {
    return {{std::move(text), look}};
}

Look look_of(const Lane& lane) {
    return lane.checks.empty() ? Look::plain : look_of(lane.checks.back());
}

std::vector<Span> of_decision(const Lane& lane, std::string_view key) {
    return plain(lane.decision.is(Json::Kind::null) ? "-" : shown(lane.decision, key));
}

std::string status_of(const Lane& lane) {
    if (text_of(lane.standing, "held") == "true") return "held";
    if (text_of(lane.standing, "suspended") == "true") return "suspended";
    return shown(lane.standing, "status");
}

std::vector<Span> status_cell(const Lane& lane) {
    const auto text = status_of(lane);
    if (text == "connected") return plain(text, Look::good);
    return plain(text, text == "unapproved" || text == "held" ? Look::warning : Look::bad);
}

std::vector<Span> next_cell(const Lane& lane, stipend_unix_ns now) {
    const auto at = parse_utc(text_of(lane.standing, "next_due"));
    return plain(at ? countdown(*at - now) : "-");
}

Column id_column() {
    return {"ORCHESTRATOR", 20, 44, false,
            [](const Lane& lane, std::size_t, stipend_unix_ns) { return plain(shown_id(lane.id), Look::strong); }};
}
Column strip_column() {
    return {"CHECKS", 24, kept_checks, false,
            [](const Lane& lane, std::size_t width, stipend_unix_ns) { return strip(lane, width); }};
}
Column status_column() {
    return {"STATUS", 12, 12, false, [](const Lane& lane, std::size_t, stipend_unix_ns) { return status_cell(lane); }};
}
// Only where there are several.
constexpr std::size_t dispatcher_width = 10;
Column dispatcher_column() {
    return {"DISPATCHER", dispatcher_width, 32, false,
            [](const Lane& lane, std::size_t, stipend_unix_ns) { return plain(shown(lane.standing, "dispatcher")); }};
}
bool has_dispatchers(const Model& model) {
    std::string first;
    return std::ranges::any_of(model.lanes(), [&](const auto& one) {
        auto name = text_of(one.second.standing, "dispatcher");
        if (name == "-") return false;
        if (first.empty()) first = std::move(name);
        return !name.empty() && name != first;
    });
}
Column next_column() {
    return {"NEXT", 8, 8, true,
            [](const Lane& lane, std::size_t, stipend_unix_ns now) { return next_cell(lane, now); }};
}
Column decided(std::string_view title, std::size_t width, std::size_t most, bool right, std::string key) {
    return {title, width, most, right,
            [key = std::move(key)](const Lane& lane, std::size_t, stipend_unix_ns) { return of_decision(lane, key); }};
}

constexpr std::size_t widest_amount = 26;

Asset asset_of(const Lane& lane) {
    const auto symbol = text_of(lane.standing, "asset");
    return symbol == "-" ? Asset() : Asset{symbol, text_of(lane.standing, "decimals")};
}

// Those of an orchestrator that was never paid are zero, in the asset that it is to be paid in.
std::string fit_payouts(const SignedWei& sum, const Lane& lane, std::size_t width) {
    const auto payouts = payouts_of(lane);
    return fit_amount(sum.text(), payouts.asset.empty() ? asset_of(lane) : Asset{payouts.asset, payouts.decimals},
                      width);
}

std::vector<Column> flow_columns() {
    std::vector<Column> out;
    out.push_back(decided("UP %", 6, 8, true, "uptime_percent"));
    out.push_back(decided("SEEN %", 6, 8, true, "coverage_percent"));
    out.push_back({"TIER", 9, 14, false, [](const Lane& lane, std::size_t, stipend_unix_ns) {
                       return plain(lane.decision.is(Json::Kind::null) ? "-" : shown(lane.decision, "tier"),
                                    look_of(lane));
                   }});
    out.push_back(decided("x", 6, 8, true, "multiplier"));
    out.push_back(decided("PENALTY", 7, 9, true, "penalty_seconds"));
    out.push_back(decided("USD", 9, 16, true, "amount_usd"));
    out.push_back({"OWED", 10, widest_amount, true, [](const Lane& lane, std::size_t width, stipend_unix_ns) {
                       return plain(fit_amount(text_of(lane.standing, "owed_wei"), asset_of(lane), width));
                   }});
    out.push_back({"SENT", 9, widest_amount, true, [](const Lane& lane, std::size_t width, stipend_unix_ns) {
                       return plain(fit_payouts(payouts_of(lane).sent, lane, width));
                   }});
    out.push_back({"FINAL", 9, widest_amount, true, [](const Lane& lane, std::size_t width, stipend_unix_ns) {
                       return plain(fit_payouts(payouts_of(lane).final, lane, width));
                   }});
    return out;
}

// Gives what is left of the width to the columns that can grow, evenly: first to amounts, which are exact then.
void widen(std::vector<Column>& columns, std::size_t width) {
    std::size_t used = columns.size();  // a blank between two, and the mark of the selected one
    for (const auto& one : columns) used += one.width;
    for (const bool amounts : {true, false}) {
        for (bool grew = true; used < width && grew;) {
            grew = false;
            for (auto& one : columns) {
                const bool takes_part = !amounts || one.most == widest_amount;
                if (used >= width || !takes_part || one.width >= one.most) continue;
                ++one.width;
                ++used;
                grew = true;
            }
        }
    }
}

// A line of all columns, cut to `width`.
struct Row {
    Line line;
    std::size_t used = 0;
    std::size_t width = 0;

    void add(const std::string& text, Look look) {
        if (used >= width) return;
        auto part = fit(text, width - used);
        used += cells(part);
        if (!part.empty()) line.spans.push_back({std::move(part), look});
    }
    void pad(std::size_t count) { add(std::string(count, ' '), Look::plain); }
};

void add_cell(Row& row, std::vector<Span> spans, const Column& column) {
    std::size_t taken = 0;
    for (auto& span : spans) {
        span.text = fit(span.text, column.width - taken);
        taken += cells(span.text);
    }
    const auto padding = column.width - taken;
    if (column.right) row.pad(padding);
    for (const auto& span : spans) row.add(span.text, span.look);
    if (!column.right) row.pad(padding);
}

// The lines of a lane: the columns of each.
std::vector<std::vector<Column>> lines_of_columns(const Model& model, std::size_t width) {
    std::vector<std::vector<Column>> out;
    auto flow = flow_columns();
    const bool dispatchers = has_dispatchers(model);
    if (width >= one_line_from) {
        std::vector<Column> all{id_column(), strip_column()};
        if (dispatchers) {
            all.back().width -= dispatcher_width + 1;
            all.push_back(dispatcher_column());
        }
        std::ranges::move(flow, std::back_inserter(all));
        all.push_back(next_column());
        all.push_back(status_column());
        out.push_back(std::move(all));
    } else {
        std::vector<Column> first{id_column(), strip_column()};
        if (dispatchers) first.push_back(dispatcher_column());
        first.push_back(next_column());
        first.push_back(status_column());
        out.push_back(std::move(first));
        out.push_back(std::move(flow));
    }
    for (auto& columns : out) widen(columns, width);
    return out;
}

Line heading(const std::vector<Column>& columns, std::size_t width) {
    Row row{{}, 0, width};
    for (const auto& column : columns) {
        row.add(&column == &columns.front() ? " " : ">", Look::faint);
        add_cell(row, plain(std::string(column.title), Look::faint), column);
    }
    return std::move(row.line);
}

Line lane_line(const Lane& lane, const std::vector<Column>& columns, bool first, bool selected, std::size_t width,
               stipend_unix_ns now) {
    Row row{{}, 0, width};
    for (const auto& column : columns) {
        const bool mark = first && selected && &column == &columns.front();
        row.add(mark ? ">" : " ", Look::strong);
        add_cell(row, column.cell(lane, column.width, now), column);
    }
    row.line.selected = selected;
    return std::move(row.line);
}

Line one_span(const std::string& text, Look look, std::size_t width) {
    return {{{fit(text, width), look}}, false};
}

std::string utc_time(stipend_unix_ns now) {
    constexpr std::size_t begin = 11;
    constexpr std::size_t length = 8;
    return utc_text(now).substr(begin, length) + "Z";
}

Line title(const Model& model, const View& view, std::size_t shown_lanes, Size size, stipend_unix_ns now) {
    const auto all = model.lanes().size();
    auto text = cat("stipend flow ", utc_time(now), "  ");
    text += shown_lanes == all ? cat(all, " orchestrators") : cat(shown_lanes, " of ", all, " orchestrators");
    text += cat("  by ", name_of(view.sort), "  ", model.events(), " events  ", view.url);
    return one_span(text, Look::strong, size.width);
}

Line foot(const Model& model, const View& view, Size size) {
    if (view.mode == View::Mode::filter) return one_span(cat("/", view.filter, "_"), Look::strong, size.width);
    if (!view.note.empty()) return one_span(view.note, Look::bad, size.width);
    if (view.mode == View::Mode::detail) return one_span("Esc back  arrows scroll", Look::faint, size.width);
    auto text = cat("q quit  / filter", view.filter.empty() ? "" : cat(" (", view.filter, ")"),
                    "  s sort  Enter explain  arrows scroll");
    if (!model.payouts_complete()) text += "  FINAL: newest payouts only";
    if (model.left_out() > 0) text += cat("  ", model.left_out(), " left out");
    if (!model.last_alert().empty()) text += cat("  alert ", one_line(model.last_alert()));
    return one_span(text, Look::faint, size.width);
}

void add_detail(std::vector<Line>& out, const View& view, Size size) {
    const auto page = page_of(view, size);
    out.push_back(one_span(cat("The last decision of ", shown_id(view.selected)), Look::plain, size.width));
    for (std::size_t at = view.top; at < view.detail.size() && at < view.top + page; ++at) {
        out.push_back(one_span(view.detail[at], Look::plain, size.width));
    }
}

}  // namespace

std::string text_of(const Line& line) {
    std::string out;
    for (const auto& span : line.spans) out += span.text;
    return out;
}

std::size_t page_of(const View& view, Size size) {
    if (view.mode == View::Mode::detail) {
        return size.height > 2 + foot_lines ? size.height - 2 - foot_lines : 1;
    }
    const std::size_t each = size.width >= one_line_from ? 1 : 2;
    const auto used = head_lines + foot_lines;
    return size.height > used ? std::max<std::size_t>((size.height - used) / each, 1) : 1;
}

std::vector<Line> table_lines(const Model& model, const View& view, std::size_t width, stipend_unix_ns now) {
    const auto parts = lines_of_columns(model, width);
    std::vector<Line> out;
    for (const auto& columns : parts) out.push_back(heading(columns, width));
    for (const auto* lane : lanes_of(model, view)) {
        for (const auto& columns : parts) out.push_back(lane_line(*lane, columns, true, false, width, now));
    }
    return out;
}

std::vector<Line> screen_lines(const Model& model, const View& view, Size size, stipend_unix_ns now) {
    if (size.width < smallest.width || size.height < smallest.height) {
        return {one_span(cat("want ", smallest.width, "x", smallest.height), Look::bad, size.width)};
    }
    const auto lanes = lanes_of(model, view);
    std::vector<Line> out{title(model, view, lanes.size(), size, now)};
    if (view.mode == View::Mode::detail) {
        add_detail(out, view, size);
    } else {
        const auto parts = lines_of_columns(model, size.width);
        for (const auto& columns : parts) out.push_back(heading(columns, size.width));
        if (parts.size() == 1) out.emplace_back();
        const auto page = page_of(view, size);
        for (std::size_t at = view.top; at < lanes.size() && at < view.top + page; ++at) {
            const bool selected = lanes[at]->id == view.selected;
            for (const auto& columns : parts) {
                out.push_back(lane_line(*lanes[at], columns, &columns == &parts.front(), selected, size.width, now));
            }
        }
        if (lanes.empty()) out.push_back(one_span("no orchestrator", Look::faint, size.width));
    }
    while (out.size() + foot_lines < size.height) out.emplace_back();
    out.push_back(foot(model, view, size));
    return out;
}

}  // namespace stipend::flow
