#include "livepeer/worker_answers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;
using stipend::ServiceRecord;
using stipend::ServiceReport;

namespace {

constexpr std::size_t most_agent_id = 256;
constexpr std::size_t most_nonce = 128;  // hex digits

Json percent(std::uint32_t ppm) {
    return Json::of_number(percent_text(ppm));
}

std::int64_t count_up(const ServiceReport& report) {
    return std::count_if(report.services.begin(), report.services.end(), std::mem_fn(&ServiceRecord::up));
}

bool eligible(const ServiceReport& report, const WorkerSettings& settings) {
    return report.overall_ppm >= settings.min_uptime_ppm;
}

// Seconds with at least one decimal, rounded up to milliseconds, so that no downtime is reported as 0.
std::string seconds_text(std::int64_t ns) {
    const auto ms = ns / stipend::ns_per_ms + (ns % stipend::ns_per_ms != 0 ? 1 : 0);
    auto text = stipend::scaled_text(ms, 3);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
}

Json service_status(const ServiceRecord& one) {
    // The evidence of the Docker monitor is JSON with the state and health; that of others is plain text.
    const auto why = stipend::parse_json(one.why, {.bytes = 1 << 16, .depth = 8, .nodes = 1000});
    const auto member = [&](std::string_view key) -> const Json* {
        const auto* found = why && why->is(Json::Kind::object) ? why->find(key) : nullptr;
        return found != nullptr && found->is(Json::Kind::string) ? found : nullptr;
    };
    const auto* state = member("state");
    const auto* health = member("health");
    const auto status = state != nullptr ? state->text() : one.up() ? std::string("running") : one.verdict_name();
    auto out = Json::object();
    out.set("status", status);
    out.set("running", one.up());
    out.set("uptime_percentage", percent(one.up_ppm));
    out.set("checks_count", one.looks);
    out.set("health", health != nullptr ? health->text() : "none");
    out.set("verdict", one.verdict_name());
    out.set("coverage_percentage", percent(one.seen_ppm));
    out.set("why", one.why);
    return out;
}

void set_summary(Json& out, const ServiceReport& report, const WorkerSettings& settings) {
    const auto total = static_cast<std::int64_t>(report.services.size());
    out.set("services_up", count_up(report));
    out.set("services_down", total - count_up(report));
    out.set("total_services", total);
    out.set("eligible_for_payment", eligible(report, settings));
    out.set("min_uptime_required", percent(settings.min_uptime_ppm));
}

Json down_list(const ServiceReport& report) {
    auto out = Json::array();
    for (const auto& one : report.services) {
        if (one.not_up_ns == 0) continue;
        auto entry = Json::object();
        entry.set("name", one.name);
        entry.set("since", one.not_up_since != 0 ? Json(rfc3339_text(one.not_up_since)) : Json());
        entry.set("seconds", Json::of_number(seconds_text(one.not_up_ns)));
        out.push(std::move(entry));
    }
    return out;
}

Json service_list(const ServiceReport& report) {
    auto out = Json::array();
    for (const auto& one : report.services) {
        auto entry = Json::object();
        entry.set("name", one.name);
        entry.set("verdict", one.verdict_name());
        entry.set("uptime_percentage", percent(one.up_ppm));
        entry.set("coverage_percentage", percent(one.seen_ppm));
        out.push(std::move(entry));
    }
    return out;
}

Result<std::uint32_t> asked_window(std::string_view text) {
    const auto number = stipend::Decimal::parse(text);
    const auto seconds = number ? number->exact_scaled(0) : Result<std::int64_t>(0);
    if (seconds && *seconds >= 1 && *seconds <= most_window_s) return static_cast<std::uint32_t>(*seconds);
    return fail(STIPEND_E_INVALID, "window_seconds: got ", printable(text, 40), ", want 1 .. ", most_window_s);
}

// The member of that kind, or NULL if it is missing or null.
Result<const Json*> member_of(const Json& job, std::string_view key, Json::Kind kind, std::string_view want) {
    const auto* found = job.find(key);
    if (found == nullptr || found->is(Json::Kind::null)) return static_cast<const Json*>(nullptr);
    if (found->is(kind)) return found;
    return fail(STIPEND_E_INVALID, key, ": got ", found->kind_name(), ", want ", want);
}

Result<void> read_period(const Json& job, std::string_view key, std::string& out) {
    STIPEND_LET(found, member_of(job, key, Json::Kind::string, "nanoseconds in a string"));
    if (found == nullptr) return {};
    const auto& text = found->text();
    const bool digits =
        !text.empty() && text.size() <= 19 && std::all_of(text.begin(), text.end(), stipend::ascii::is_digit);
    if (!digits) {
        return fail(STIPEND_E_INVALID, key, ": got \"", printable(text, 40), "\", want 1 to 19 digits");
    }
    out = text;
    return {};
}

}  // namespace

std::string percent_text(std::uint32_t ppm) {
    auto text = stipend::scaled_text(ppm, 4);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
}

std::string rfc3339_text(stipend_unix_ns at) {
    using namespace std::chrono;
    const sys_time<milliseconds> time(milliseconds(at / stipend::ns_per_ms));
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss<milliseconds> clock(time - day);
    char out[64];
    std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return out;
}

Result<std::uint32_t> window_of_query(std::string_view query, std::uint32_t otherwise_s) {
    constexpr std::string_view key = "window_seconds=";
    while (!query.empty()) {
        const auto part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        if (part.starts_with(key)) return asked_window(part.substr(key.size()));
    }
    return otherwise_s;
}

Result<JobAsked> read_job(std::string_view body, std::uint32_t otherwise_window_s) {
    STIPEND_LET(job, stipend::parse_json(body));
    if (!job.is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "the job: got ", job.kind_name(), ", want an object");
    }
    JobAsked out;
    out.window_s = otherwise_window_s;
    STIPEND_LET(agent_id, member_of(job, "agent_id", Json::Kind::string, "a string"));
    if (agent_id != nullptr) out.agent_id = agent_id->text();
    if (out.agent_id.size() > most_agent_id) {
        return fail(STIPEND_E_INVALID, "agent_id: got ", out.agent_id.size(), " bytes, want at most ", most_agent_id);
    }
    STIPEND_LET(window, member_of(job, "window_seconds", Json::Kind::number, "a number"));
    if (window != nullptr) {
        STIPEND_SET(out.window_s, asked_window(window->text()));
    }
    STIPEND_LET(nonce, member_of(job, "nonce", Json::Kind::string, "hex digits in a string"));
    if (nonce != nullptr) {
        out.nonce = nonce->text();
        if (out.nonce.empty() || out.nonce.size() % 2 != 0 || !stipend::is_hex(out.nonce) ||
            out.nonce.size() > most_nonce) {
            return fail(STIPEND_E_INVALID, "nonce: got \"", printable(out.nonce, 40), "\", want 2 to ", most_nonce,
                        " hex digits");
        }
    }
    STIPEND_TRY(read_period(job, "period_from", out.period_from));
    STIPEND_TRY(read_period(job, "period_to", out.period_to));
    return out;
}

Json status_answer(const ServiceReport& report, const WorkerSettings& settings) {
    auto services = Json::object();
    for (const auto& one : report.services) services.append(one.name, service_status(one));
    auto summary = Json::object();
    summary.set("overall_uptime", percent(report.overall_ppm));
    set_summary(summary, report, settings);
    auto found = Json::array();
    for (const auto& one : report.found) {
        auto entry = Json::object();
        entry.set("name", one.name);
        entry.set("why", one.why);
        found.push(std::move(entry));
    }
    auto out = Json::object();
    out.set("timestamp", rfc3339_text(report.now));
    out.set("services", std::move(services));
    out.set("monitored_count", report.services.size());
    out.set("summary", std::move(summary));
    out.set("window_seconds", report.window_s);
    out.set("coverage_percentage", percent(report.coverage_ppm));
    out.set("discovered", std::move(found));
    if (!report.error.empty()) out.set("error", report.error);
    return out;
}

Json uptime_answer(const ServiceReport& report, const WorkerSettings& settings) {
    auto out = Json::object();
    out.set("timestamp", rfc3339_text(report.now));
    out.set("overall_uptime_percentage", percent(report.overall_ppm));
    set_summary(out, report, settings);
    out.set("window_seconds", report.window_s);
    out.set("coverage_percentage", percent(report.coverage_ppm));
    out.set("down", down_list(report));
    if (!report.error.empty()) out.set("error", report.error);
    return out;
}

Json job_answer(const ServiceReport& report, const WorkerSettings& settings, const JobAsked& job) {
    const auto total = static_cast<std::int64_t>(report.services.size());
    const auto up = count_up(report);
    auto services = Json::object();
    services.set("total", total);
    services.set("up", up);
    services.set("down", total - up);
    services.set("uptime_percentage", percent(report.overall_ppm));
    services.set("eligible_for_payment", eligible(report, settings));
    auto out = Json::object();
    out.set("status", "success");
    out.set("agent_id", job.agent_id);
    out.set("capability", settings.capability);
    out.set("timestamp", Json::of_number(timestamp_text(report.now)));
    out.set("overall_uptime_percentage", percent(report.overall_ppm));
    out.set("window_seconds", report.window_s);
    out.set("services", std::move(services));
    out.set("down", down_list(report));
    // Fields for older readers. They are not about a GPU: the "memory" is the uptime.
    out.set("model_name", cat("Services: ", up, "/", total, " up"));
    out.set("vram_usage_mb", percent(report.overall_ppm));
    out.set("total_models", total);
    out.set("gpu_count", 1);
    out.set("coverage_percentage", percent(report.coverage_ppm));
    out.set("service_list", service_list(report));
    if (!report.error.empty()) out.set("error", report.error);
    return out;
}

std::string metadata_text(const ServiceReport& report, const WorkerSettings& settings, const JobAsked& job) {
    auto out = Json::object();
    out.set("capability", settings.capability);
    out.set("agent_id", printable(job.agent_id, most_agent_id));
    out.set("timestamp", Json::of_number(timestamp_text(report.now)));
    out.set("uptime", percent(report.overall_ppm));
    out.set("eligible", eligible(report, settings));
    return out.dump();
}

Evidence evidence_of(const ServiceReport& report, const WorkerSettings& settings, const JobAsked& job) {
    std::vector<std::pair<std::string, std::uint32_t>> services;
    for (const auto& one : report.services) services.emplace_back(one.name, one.up_ppm);
    return {.orchestrator_id = settings.orchestrator_id,
            .nonce = job.nonce,
            .period_from = job.period_from,
            .period_to = job.period_to,
            .uptime_ppm = report.overall_ppm,
            .window_s = report.window_s,
            .coverage_ppm = report.coverage_ppm,
            .services_sha256 = services_hash(std::move(services))};
}

}  // namespace livepeer
