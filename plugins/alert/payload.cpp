#include "payload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "stipend/json_parse.hpp"

namespace alert {

using stipend::AlertMessage;
using stipend::cat;
using stipend::Json;
using stipend::view;

namespace {

constexpr std::int64_t discord_suppress_embeds = 4;
constexpr std::size_t longest_footer = 200;
constexpr std::size_t longest_head = 120;

// "2026-11-26T18:00:00Z", of whole seconds.
std::string time_text(stipend_unix_ns at) {
    using namespace std::chrono;
    const sys_seconds whole(seconds(at / stipend::ns_per_s));
    const auto day = floor<days>(whole);
    const year_month_day date(day);
    const hh_mm_ss time(whole - day);
    char out[64];
    std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return out;
}

const char* severity_word(std::int32_t severity) {
    return severity == STIPEND_ALERT_CRITICAL ? "critical" : severity == STIPEND_ALERT_INFO ? "info" : "warning";
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return stipend::ascii::is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

bool is_resolved(const stipend_alert& alert) {
    return alert.status == STIPEND_ALERT_RESOLVED;
}

Json labels_of(const stipend_alert& alert) {
    Json out = Json::object();
    const auto given = stipend::parse_json(view(alert.labels_json));
    if (!given || !given->is(Json::Kind::object)) return out;
    for (const auto& [name, value] : given->members()) out.append(clean(name), clean(value.text()));
    return out;
}

std::string label(const stipend_alert& alert, std::string_view name) {
    const auto labels = labels_of(alert);
    const auto* found = labels.find(name);
    return found == nullptr ? std::string() : found->text();
}

Json alert_json(const stipend_alert& alert) {
    return Json::object()
        .append("delivery_id", clean(view(alert.delivery_id)))
        .append("alert_id", clean(view(alert.alert_id)))
        .append("status", is_resolved(alert) ? "resolved" : "firing")
        .append("severity", severity_word(alert.severity))
        .append("title", clean(view(alert.title)))
        .append("body", clean(view(alert.body)))
        .append("labels", labels_of(alert))
        .append("starts_at", time_text(alert.starts_at))
        .append("ends_at", alert.ends_at == 0 ? Json() : Json(time_text(alert.ends_at)))
        .append("repeated", (alert.flags & STIPEND_ALERT_REPEATED) != 0)
        .append("test", (alert.flags & STIPEND_ALERT_TEST) != 0);
}

Json json_of(const AlertMessage& message) {
    Json alerts = Json::array();
    for (const auto& alert : message.alerts) alerts.push(alert_json(alert));
    return Json::object()
        .append("version", 1)
        .append("alerts", std::move(alerts))
        .append("omitted", message.omitted)
        .append("dropped", message.dropped);
}

// "[CRITICAL] gateway"
std::string title_of(const stipend_alert& alert) {
    auto word = is_resolved(alert) ? std::string("RESOLVED") : upper(severity_word(alert.severity));
    if ((alert.flags & STIPEND_ALERT_TEST) != 0) word = "TEST";
    if ((alert.flags & STIPEND_ALERT_REPEATED) != 0) word += ", still";
    return cat("[", word, "] ", view(alert.title));
}

// Its title, and under it what is wrong and since when.
std::string plain_text(const stipend_alert& alert) {
    const auto since = is_resolved(alert) ? cat("from ", time_text(alert.starts_at), " to ", time_text(alert.ends_at))
                                          : cat("since ", time_text(alert.starts_at));
    return cat(title_of(alert), " ", since, "\n", view(alert.body));
}

std::string footer_of(const AlertMessage& message) {
    std::string out;
    if (message.omitted != 0) out += cat("\nand ", message.omitted, " more, which no message lists");
    if (message.dropped != 0) out += cat("\n", message.dropped, " alerts before were lost: too many were waiting");
    return out;
}

}  // namespace

std::string subject_of(const AlertMessage& message) {
    const auto& first = message.alerts.front();
    const auto host = label(first, "host");
    return host.empty() ? title_of(first) : cat(title_of(first), " on ", host);
}

std::string text_of(Format format, const AlertMessage& message) {
    const auto host = label(message.alerts.front(), "host");
    auto out = host.empty() ? std::string() : channel_text(format, cat("stipend on ", host), longest_head) + "\n";
    const auto footer = channel_text(format, footer_of(message), longest_footer);
    const auto left = longest_text(format) - utf16_length(out) - utf16_length(footer) - message.alerts.size();
    // A share for each, and what a short one leaves goes to those after it.
    auto budget = left;
    auto waiting = message.alerts.size();
    for (const auto& alert : message.alerts) {
        const auto text = channel_text(format, plain_text(alert), budget / waiting--);
        budget -= utf16_length(text);
        if (&alert != message.alerts.data()) out += "\n";
        out += text;
    }
    return out + footer;
}

std::string payload(const Settings& settings, const AlertMessage& message) {
    if (settings.format == Format::json) return json_of(message).dump();
    const auto text = text_of(settings.format, message);
    switch (settings.format) {
        case Format::discord:
            // No mention is obeyed, whatever the text holds.
            return Json::object()
                .append("content", text)
                .append("allowed_mentions", Json::object().append("parse", Json::array()))
                .append("flags", discord_suppress_embeds)
                .dump();
        case Format::slack:
            return Json::object()
                .append("text", text)
                .append("mrkdwn", false)
                .append("link_names", false)
                .append("unfurl_links", false)
                .append("unfurl_media", false)
                .dump();
        case Format::telegram:
            // Without a parse mode the text has no markup.
            return Json::object()
                .append("chat_id", settings.chat_id)
                .append("text", text)
                .append("link_preview_options", Json::object().append("is_disabled", true))
                .dump();
        case Format::email:
        case Format::json:
            break;
    }
    return text;
}

}  // namespace alert
