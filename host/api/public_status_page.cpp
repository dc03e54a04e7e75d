// The status page as HTML, without a script, and as JSON.
#include <algorithm>

#include "host/api/public_status.hpp"
#include "host/base/html.hpp"
#include "host/base/printable.hpp"
#include "stipend/decimal.hpp"
#include "stipend/money.hpp"

namespace stipend::api {
namespace {

using State = PublicStatus::State;

constexpr std::uint32_t day_width = 8;  // of the picture, a gap included
constexpr std::uint32_t bar_width = 6;
constexpr std::uint32_t bar_height = 40;
constexpr std::uint32_t least_height = 4;      // of what is there at all
constexpr std::size_t minute_characters = 16;  // "2026-11-22T06:25"

std::string shown(std::string_view text) {
    return html_escaped(printable_line(text));
}

std::string day_text(std::int64_t number) {
    return utc_text(number * ns_per_day).substr(0, 10);
}

std::string minute_text(stipend_unix_ns at) {
    auto out = utc_text(at).substr(0, minute_characters);
    out[10] = ' ';
    return out;
}

std::string state_text(const PublicStatus::Day& day) {
    if (!day.watched) return "no data";
    return day.uptime_ppm ? cat(uptime_text(day.uptime_ppm), " up") : std::string("unknown");
}

std::uint32_t height_of(std::uint32_t ppm) {
    if (ppm == 0) return 0;
    return std::max(least_height, static_cast<std::uint32_t>(std::uint64_t{ppm} * bar_height / ppm_one));
}

std::string rectangle(std::uint32_t x, std::uint32_t y, std::uint32_t height, std::string_view kind) {
    if (height == 0) return {};
    // A pattern is named here, since a style sheet would look for it in its own file.
    const auto fill = kind == "unknown" ? std::string_view(" fill=\"url(#hatch)\"") : std::string_view();
    return cat("<rect x=\"", x, "\" y=\"", y, "\" width=\"", bar_width, "\" height=\"", height, "\" class=\"", kind,
               "\"", fill, "/>");
}

// From the bottom up: what was up, what was unknown, what was down. A day before there was anything is a line.
std::string bar(const PublicStatus::Day& day, std::uint32_t x) {
    auto out = cat("<g><title>", day_text(day.number), ": ", state_text(day), "</title>");
    if (!day.watched) return cat(out, rectangle(x, bar_height - 2, 2, "none"), "</g>");
    const auto down = height_of(day.down_ppm);
    const auto up = std::min(height_of(day.up_ppm), bar_height - down);
    auto unknown = bar_height - down - up;
    auto measured = up;
    if (day.up_ppm + day.down_ppm >= ppm_one - 1) measured += std::exchange(unknown, 0);  // what rounding left
    return cat(out, rectangle(x, 0, down, "down"), rectangle(x, down, unknown, "unknown"),
               rectangle(x, down + unknown, measured, uptime_class(day.uptime_ppm) == "up" ? "up" : "degraded"),
               "</g>");
}

std::string history(const PublicStatus::Service& service) {
    const auto days = service.days.size();
    const auto is_unknown = [](const auto& day) { return !day.uptime_ppm; };
    const auto unknown = std::ranges::count_if(service.days, is_unknown);
    auto out = cat("<svg class=\"history\" role=\"img\" aria-label=\"", shown(service.as), ", the last ", days,
                   days == 1 ? " day" : " days", unknown == 0 ? std::string() : cat(", ", unknown, " without data"),
                   "\" viewBox=\"0 0 ", days * day_width, " ", bar_height, "\" preserveAspectRatio=\"none\">");
    std::uint32_t x = 0;
    for (const auto& day : service.days) {
        out += bar(day, x);
        x += day_width;
    }
    return cat(out, "</svg><p class=\"ends\"><span>", day_text(service.days.front().number),
               "</span><span>today (UTC)</span></p>");
}

// Where much of the time is unknown, the figure rests on little.
std::string measured_note(const PublicStatus::Span& span) {
    if (!span.uptime_ppm || span.measured_ppm >= good_uptime_ppm) return {};
    return cat("<dd class=\"note\">of ", uptime_text(span.measured_ppm), " measured</dd>");
}

std::string spans(const PublicStatus::Service& service) {
    std::string out = "<dl>";
    for (const auto& span : service.spans) {
        out += cat("<div><dt>", span.days == 1 ? std::string("today") : cat(span.days, " days"), "</dt><dd class=\"",
                   uptime_class(span.uptime_ppm), "\">", uptime_text(span.uptime_ppm), "</dd>", measured_note(span),
                   "</div>");
    }
    return out + "</dl>";
}

std::string incidents(const PublicStatus::Service& service) {
    const auto is_known = [](const auto& span) { return span.uptime_ppm.has_value(); };
    if (service.incidents.empty()) {
        return std::ranges::any_of(service.spans, is_known) ? "<p class=\"calm\">No failure in this time.</p>"
                                                            : "<p class=\"calm\">Nothing was measured yet.</p>";
    }
    std::string out = cat("<details><summary>Failures: ", service.incidents.size(), "</summary><ul>");
    for (const auto& one : service.incidents) {
        out += cat("<li>", minute_text(one.from),
                   one.ongoing ? std::string(" UTC, and still") : cat(" to ", minute_text(one.to), " UTC"), "</li>");
    }
    return out + "</ul></details>";
}

std::string article(const PublicStatus::Service& service, bool in_group) {
    const std::string_view heading = in_group ? "h3" : "h2";
    const auto state = state_name(service.state);
    return cat("<article data-service=\"", shown(service.name), "\"><", heading, ">", shown(service.as),
               " <span class=\"state ", state, "\">", state, "</span></", heading, ">", history(service),
               spans(service), incidents(service), "</article>\n");
}

Json percent_or_null(std::optional<std::uint32_t> ppm) {
    return ppm ? Json::of_number(ppm_to_percent(*ppm)) : Json();
}

Json ppm_or_null(std::optional<std::uint32_t> ppm) {
    return ppm ? Json(*ppm) : Json();
}

Json json_of(const PublicStatus::Service& service) {
    auto spans = Json::array();
    for (const auto& one : service.spans) {
        spans.push(Json::object()
                       .append("days", one.days)
                       .append("uptime_ppm", ppm_or_null(one.uptime_ppm))
                       .append("uptime_percent", percent_or_null(one.uptime_ppm))
                       .append("measured_percent", percent_or_null(one.measured_ppm)));
    }
    auto days = Json::array();
    for (const auto& one : service.days) {
        days.push(Json::object()
                      .append("day", day_text(one.number))
                      .append("uptime_ppm", ppm_or_null(one.uptime_ppm))
                      .append("up_ppm", one.up_ppm)
                      .append("down_ppm", one.down_ppm)
                      .append("watched", one.watched));
    }
    auto incidents = Json::array();
    for (const auto& one : service.incidents) {
        incidents.push(Json::object()
                           .append("from", utc_text(one.from))
                           .append("to", one.ongoing ? Json() : Json(utc_text(one.to))));
    }
    return Json::object()
        .append("name", service.name)
        .append("as", printable_line(service.as))
        .append("group", service.group.empty() ? Json() : Json(printable_line(service.group)))
        .append("state", state_name(service.state))
        .append("uptime", std::move(spans))
        .append("days", std::move(days))
        .append("incidents", std::move(incidents));
}

}  // namespace

std::string_view state_name(State state) {
    switch (state) {
        case State::up:
            return "up";
        case State::degraded:
            return "degraded";
        case State::down:
            return "down";
        case State::unknown:
            break;
    }
    return "unknown";
}

std::string uptime_text(std::optional<std::uint32_t> ppm) {
    if (!ppm) return "no data";
    return cat(scaled_text(*ppm / 100, 2), " %");
}

std::string_view uptime_class(std::optional<std::uint32_t> ppm) {
    if (!ppm) return "unknown";
    if (*ppm >= good_uptime_ppm) return "up";
    return *ppm >= fair_uptime_ppm ? "degraded" : "down";
}

State state_of_all(const PublicStatus& status) {
    State out = State::unknown;
    for (const auto& one : status.services) out = std::max(out, one.state);
    return out;
}

std::string summary_of(const PublicStatus& status) {
    const auto all = status.services.size();
    const auto count = [&](State state) {
        return std::ranges::count(status.services, state, &PublicStatus::Service::state);
    };
    const auto up = count(State::up);
    if (static_cast<std::size_t>(up) == all) return all == 1 ? "The service is up" : "All services are up";
    std::string out;
    for (const auto state : {State::down, State::degraded, State::unknown, State::up}) {
        if (const auto of_it = count(state); of_it > 0) {
            out += cat(out.empty() ? "" : ", ", of_it, " ", state_name(state));
        }
    }
    return cat("Of ", all, all == 1 ? " service: " : " services: ", out);
}

// Services of a group are below its heading, where the first of them is.
std::string status_page_html(const PublicStatus& status) {
    std::string body;
    std::vector<std::string_view> done;
    for (const auto& service : status.services) {
        if (service.group.empty()) {
            body += article(service, false);
            continue;
        }
        if (std::ranges::find(done, service.group) != done.end()) continue;
        done.push_back(service.group);
        body += cat("<section><h2>", shown(service.group), "</h2>\n");
        for (const auto& other : status.services) {
            if (other.group == service.group) body += article(other, true);
        }
        body += "</section>\n";
    }
    const auto title = shown(status.title);
    return cat(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", title,
        "</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<link rel=\"stylesheet\" href=\"status/style.css\"><link rel=\"icon\" href=\"data:,\"></head>\n<body>"
        "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"4\" "
        "height=\"4\" patternUnits=\"userSpaceOnUse\"><rect width=\"4\" height=\"4\" class=\"ground\"/>"
        "<path d=\"M0 4L4 0\" class=\"line\"/></pattern></defs></svg>\n<header><h1>",
        title, "</h1><p class=\"summary ", state_name(state_of_all(status)), "\">", summary_of(status),
        "</p></header>\n<main>\n", body, "</main>\n<footer><p>As of ", minute_text(status.as_of),
        " UTC; days are those of UTC. An uptime is of the time that was measured; a hatched part of a bar is time in "
        "which nothing was measured: it counts neither "
        "as up nor as down.</p><p><a href=\"status.json\">The same as JSON</a></p></footer></body></html>\n");
}

Json status_page_json(const PublicStatus& status) {
    auto services = Json::array();
    for (const auto& one : status.services) services.push(json_of(one));
    return Json::object()
        .append("title", printable_line(status.title))
        .append("as_of", utc_text(status.as_of))
        .append("state", state_name(state_of_all(status)))
        .append("services", std::move(services));
}

std::string_view status_page_css() {
    return R"(:root { color-scheme: light dark; --ground: #fff; --text: #1c2024; --faint: #57606a; --edge: #d0d7de;
  --up: #1a7f37; --degraded: #8a5a00; --down: #b3261e; --unknown: #57606a; --hatch: #afb8c1; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1317; --text: #e6eaee; --faint: #a3adb8; --edge: #343c45;
  --up: #4ac26b; --degraded: #e0a930; --down: #ff7b72; --unknown: #a3adb8; --hatch: #5b6672; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 0; }
h3 { font-size: 1rem; margin: 0; }
section { margin-top: 2rem; }
article { border: 1px solid var(--edge); border-radius: .5rem; padding: 1rem; margin-top: 1rem; break-inside: avoid; }
.defs { position: absolute; }
.summary { font-size: 1.1rem; font-weight: 600; margin: .5rem 0 0; }
.state { font-size: .9rem; font-weight: 600; margin-left: .5rem; }
.up { color: var(--up); fill: var(--up); }
.degraded { color: var(--degraded); fill: var(--degraded); }
.down { color: var(--down); fill: var(--down); }
.unknown { color: var(--unknown); }
.none { fill: var(--edge); }
.ground { fill: var(--ground); }
.line { stroke: var(--hatch); stroke-width: 1.2; fill: none; }
.history { display: block; width: 100%; height: 2.5rem; margin-top: .75rem; }
.ends { display: flex; justify-content: space-between; margin: .25rem 0 0; color: var(--faint); font-size: .85rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: .75rem 0 0; }
dt { color: var(--faint); font-size: .85rem; }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.note { color: var(--faint); font-size: .85rem; font-weight: 400; }
details, .calm { margin: .75rem 0 0; }
.calm { color: var(--faint); }
ul { margin: .5rem 0 0; padding-left: 1.25rem; font-variant-numeric: tabular-nums; }
footer { margin-top: 2rem; color: var(--faint); font-size: .85rem; }
a { color: inherit; }
@media print { body { max-width: none; } .history rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
)";
}

}  // namespace stipend::api
