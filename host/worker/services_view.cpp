#include "host/worker/services_view.hpp"

#include <charconv>

#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

ServiceRecord record_of(const runtime::TargetHistory& one, stipend_unix_ns from, stipend_unix_ns now) {
    const auto& series = one.series;
    const auto share = series.measure(from, now);
    return {.name = one.id,
            .verdict = series.verdict(now),
            .up_ppm = uptime::ppm_of(share.up_ns, now - from),
            .seen_ppm = uptime::ppm_of(share.seen_ns, now - from),
            .looks = series.looks(),
            .since = series.since(),
            .not_up_since = series.last_not_up_since(from, now).value_or(0),
            .not_up_ns = now - from - share.up_ns,
            .why = series.why()};
}

std::uint32_t mean(const std::vector<ServiceRecord>& services, std::uint32_t ServiceRecord::*share) {
    std::uint64_t sum = 0;
    for (const auto& one : services) sum += one.*share;
    return services.empty() ? 0 : static_cast<std::uint32_t>(sum / services.size());
}

// Why no service could be observed; empty where one could.
std::string error_of(const std::vector<ServiceRecord>& services) {
    if (services.empty()) return "no services are watched";
    for (const auto& one : services) {
        if (one.verdict != STIPEND_UNKNOWN) return {};
    }
    const auto why = reason_of(services.front().why);
    return why.empty() ? "not looked at yet" : why;
}

Json ns_text(std::int64_t ns) {
    return std::to_string(ns);
}

Json service_json(const ServiceRecord& one) {
    Json out = Json::object();
    out.append("name", one.name);
    out.append("verdict", one.verdict_name());
    out.append("up_ppm", one.up_ppm);
    out.append("seen_ppm", one.seen_ppm);
    out.append("looks", one.looks);
    out.append("since_ns", ns_text(one.since));
    out.append("not_up_since_ns", one.not_up_since != 0 ? ns_text(one.not_up_since) : Json());
    out.append("not_up_ns", ns_text(one.not_up_ns));
    out.append("why", one.why);
    return out;
}

}  // namespace

std::string reason_of(std::string_view evidence) {
    if (!evidence.starts_with('{')) return std::string(evidence);
    const auto json = parse_json(evidence, {.bytes = 1 << 16, .depth = 8, .nodes = 1000});
    if (!json) return std::string(evidence);
    if (const auto* why = json->find("why"); why != nullptr && why->is(Json::Kind::string)) return why->text();
    if (const auto* state = json->find("state"); state != nullptr && state->is(Json::Kind::string)) {
        return cat("its state is ", state->text());
    }
    return std::string(evidence);
}

std::optional<std::int32_t> restarts_of(std::string_view evidence) {
    if (!evidence.starts_with('{')) return std::nullopt;
    const auto json = parse_json(evidence, {.bytes = 1 << 16, .depth = 8, .nodes = 1000});
    const auto* found = json ? json->find("restarts") : nullptr;
    std::int32_t count = 0;
    if (found == nullptr || !found->is(Json::Kind::number)) return std::nullopt;
    const auto& text = found->text();
    if (std::from_chars(text.data(), text.data() + text.size(), count).ec != std::errc() || count < 0) {
        return std::nullopt;
    }
    return count;
}

void ServicesView::set_watcher(const runtime::Watcher* watcher, const TimeLine* line) {
    const std::lock_guard lock(mutex_);
    watcher_ = watcher;
    line_ = line;
}

bool ServicesView::add_found(const std::string& name, const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (found_.size() >= max_found) return false;
    const auto [at, fresh] = found_.try_emplace(name, why);
    if (!fresh) at->second = why;
    return fresh;
}

Result<ServiceReport> ServicesView::report(std::uint32_t window_s) {
    if (window_s < 1 || window_s > max_window_s) {
        return fail(STIPEND_E_INVALID, "services: got a window of ", window_s, " s, want 1 to ", max_window_s);
    }
    const std::lock_guard lock(mutex_);
    if (watcher_ == nullptr) return fail(STIPEND_E_UNAVAILABLE, "no services are watched");
    ServiceReport out;
    out.now = line_->now();
    out.window_s = window_s;
    const auto from = out.now - window_s * ns_per_s;
    watcher_->visit(0,
                    [&](const runtime::TargetHistory& one) { out.services.push_back(record_of(one, from, out.now)); });
    for (const auto& [name, why] : found_) out.found.push_back({.name = name, .why = why});
    out.overall_ppm = mean(out.services, &ServiceRecord::up_ppm);
    out.coverage_ppm = mean(out.services, &ServiceRecord::seen_ppm);
    out.error = error_of(out.services);
    return out;
}

Json services_json(const ServiceReport& report) {
    Json services = Json::array();
    for (const auto& one : report.services) services.push(service_json(one));
    Json found = Json::array();
    for (const auto& one : report.found) {
        found.push(Json::object().append("name", one.name).append("why", one.why));
    }
    Json out = Json::object();
    out.append("now_ns", ns_text(report.now));
    out.append("window_seconds", report.window_s);
    out.append("overall_ppm", report.overall_ppm);
    out.append("coverage_ppm", report.coverage_ppm);
    out.append("services", std::move(services));
    out.append("found", std::move(found));
    if (!report.error.empty()) out.append("error", report.error);
    return out;
}

}  // namespace stipend::worker
