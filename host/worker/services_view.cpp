#include "host/worker/services_view.hpp"

#include <charconv>

#include "stipend/json.hpp"

namespace stipend::worker {
namespace {

Result<std::int64_t> window_of(std::string_view query) {
    constexpr std::string_view key = "window_seconds=";
    if (query.empty()) return ServicesView::default_window_s;
    if (!query.starts_with(key))
        return fail(STIPEND_E_UNSUPPORTED, "view services: got ?", query, ", want ?", key, "N");
    query.remove_prefix(key.size());
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(query.data(), query.data() + query.size(), out);
    if (error != std::errc() || end != query.data() + query.size() || out < 1 || out > ServicesView::max_window_s)
        return fail(STIPEND_E_INVALID, "view services: got a window of ", query, ", want 1 to ",
                    ServicesView::max_window_s, " seconds");
    return out;
}

const char* verdict_name(std::int32_t verdict) {
    if (verdict == STIPEND_UP) return "up";
    return verdict == STIPEND_DOWN || verdict == STIPEND_DEGRADED ? "down" : "unknown";
}

Json ns_text(std::int64_t ns) {
    return Json::of_string(std::to_string(ns));
}

struct Totals {
    std::uint64_t up_ppm = 0, seen_ppm = 0;
    std::int64_t count = 0, unknown = 0;
    std::string error;
};

Json service_json(const runtime::Watched& one, stipend_unix_ns from, stipend_unix_ns now, Totals& totals) {
    const auto& series = one.series;
    const auto share = series.measure(from, now);
    const auto up_ppm = uptime::ppm_of(share.up_ns, now - from);
    const auto seen_ppm = uptime::ppm_of(share.seen_ns, now - from);
    const auto verdict = series.verdict(now);
    ++totals.count;
    totals.up_ppm += up_ppm;
    totals.seen_ppm += seen_ppm;
    if (verdict == STIPEND_UNKNOWN) {
        ++totals.unknown;
        if (totals.error.empty()) totals.error = series.why().empty() ? "not looked at yet" : series.why();
    }
    const auto not_up_since = series.last_not_up_since(from, now);
    Json out = Json::object();
    out.append("name", Json::of_string(one.id));
    out.append("verdict", Json::of_string(verdict_name(verdict)));
    out.append("up_ppm", Json::of_int(up_ppm));
    out.append("seen_ppm", Json::of_int(seen_ppm));
    out.append("looks", Json::of_int(static_cast<std::int64_t>(series.looks())));
    out.append("since_ns", ns_text(series.since()));
    out.append("not_up_since_ns", not_up_since ? ns_text(*not_up_since) : Json());
    out.append("not_up_ns", ns_text(now - from - share.up_ns));
    out.append("why", Json::of_string(series.why()));
    return out;
}

}  // namespace

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

Result<std::string> ServicesView::view(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto mark = std::min(name.find('?'), name.size());
    if (name.substr(0, mark) != "services" || watcher_ == nullptr)
        return fail(STIPEND_E_UNSUPPORTED, "got the view ", name, ", want services");
    STIPEND_LET(window_s, window_of(name.substr(std::min(mark + 1, name.size()))));
    const auto now = line_->now();
    const auto from = now - window_s * ns_per_s;
    Totals totals;
    Json services = Json::array();
    watcher_->visit(0, [&](const runtime::Watched& one) { services.push(service_json(one, from, now, totals)); });
    Json found = Json::array();
    for (const auto& [found_name, why] : found_) {
        Json one = Json::object();
        one.append("name", Json::of_string(found_name));
        one.append("why", Json::of_string(why));
        found.push(std::move(one));
    }
    const auto mean = [&](std::uint64_t sum) {
        return Json::of_int(totals.count == 0 ? 0 : static_cast<std::int64_t>(sum) / totals.count);
    };
    Json out = Json::object();
    out.append("now_ns", ns_text(now));
    out.append("window_seconds", Json::of_int(window_s));
    out.append("overall_ppm", mean(totals.up_ppm));
    out.append("coverage_ppm", mean(totals.seen_ppm));
    out.append("services", std::move(services));
    out.append("found", std::move(found));
    if (totals.count > 0 && totals.unknown == totals.count) out.append("error", Json::of_string(totals.error));
    if (totals.count == 0) out.append("error", Json::of_string("no services are watched"));
    return out.dump();
}

}  // namespace stipend::worker
