#include "host/api/analytics_routes.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "host/api/list_part.hpp"

namespace stipend::api {
namespace {

class AnalyticsHandler {
  public:
    AnalyticsHandler(Analytics& analytics, const Clock& clock) : analytics_(analytics), clock_(clock) {}

    Reply answer(const Request& request) {
        for (const auto& [name, value] : request.query) {
            if (value.empty()) return problem(400, cat("query parameter \"", name, "\": got an empty text"));
        }
        auto format = value_of(request, "format");
        if (format.empty()) format = "json";
        if (format != "json" && format != "csv" && format != "html") {
            return problem(400, "query parameter \"format\": want json, csv or html");
        }
        const auto orchestrator = orchestrator_query(request);
        if (!orchestrator) return bad_query(orchestrator.error());
        const Analytics::Query query{.report = request.path.at("report"),
                                     .by = value_of(request, "by"),
                                     .orchestrator = *orchestrator,
                                     .from = value_of(request, "from"),
                                     .to = value_of(request, "to"),
                                     .month = value_of(request, "month")};
        const Key key(query.report, query.by, query.orchestrator, query.from, query.to, query.month);
        if (auto known = kept(key)) return reply(*known, format, query.report);
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return problem_later(503, "another analysis is being made", 1);
        if (auto known = kept(key)) return reply(*known, format, query.report);
        auto made = analytics_.report(query);
        if (!made && made.error().status == STIPEND_E_LIMIT) return problem(422, made.error().message);
        if (!made && made.error().status == STIPEND_E_INVALID) return problem(400, made.error().message);
        if (!made) return problem_of(made.error());
        const auto shared = std::make_shared<const Analytics::Made>(std::move(*made));
        keep(key, shared);
        return reply(*shared, format, query.report);
    }

  private:
    using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
    struct Kept {
        std::shared_ptr<const Analytics::Made> made;
        stipend_mono_ns until = 0;
    };

    static std::string value_of(const Request& request, const char* name) {
        const auto found = request.query.find(name);
        return found == request.query.end() ? std::string() : found->second;
    }
    static Reply reply(const Analytics::Made& made, const std::string& format, const std::string& report) {
        if (format == "json") return {.status = 200, .headers = {}, .body = made.json, .tagged = true};
        if (format == "html") {
            return {.status = 200,
                    .headers = "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n",
                    .body = made.html,
                    .content_type = "text/html; charset=utf-8",
                    .tagged = true};
        }
        return {.status = 200,
                .headers = cat("Content-Disposition: attachment; filename=\"", report, ".csv\"\r\n"),
                .body = made.csv,
                .content_type = "text/csv; charset=utf-8; header=present",
                .tagged = true};
    }
    static std::size_t bytes_of(const Analytics::Made& made) {
        return made.json.size() + made.csv.size() + made.html.size();
    }

    std::shared_ptr<const Analytics::Made> kept(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto found = kept_.find(key);
        return found == kept_.end() || found->second.until <= clock_.monotonic() ? nullptr : found->second.made;
    }
    void keep(const Key& key, const std::shared_ptr<const Analytics::Made>& made) {
        const std::lock_guard lock(mutex_);
        const auto now = clock_.monotonic();
        std::size_t bytes = bytes_of(*made);
        std::erase_if(kept_, [now](const auto& one) { return one.second.until <= now; });
        for (const auto& [other, one] : kept_) bytes += bytes_of(*one.made);
        if (bytes > max_reports_kept_bytes) kept_.clear();
        if (bytes_of(*made) > max_reports_kept_bytes) return;
        kept_[key] = {made, now + report_kept_ns};
    }

    Analytics& analytics_;
    const Clock& clock_;
    std::mutex one_at_a_time_;  // of what takes long
    std::mutex mutex_;
    std::map<Key, Kept> kept_;  // guarded by mutex_
};

}  // namespace

ApiRoute analytics_route(Analytics& analytics, const Clock& clock) {
    const auto handler = std::make_shared<AnalyticsHandler>(analytics, clock);
    return {.method = "GET",
            .path = "/api/v1/analytics/{report}",
            .permission = auth::Permission::payments_read,
            .rate = RateClass::read,
            .query = {"from", "to", "month", "by", "orchestrator", "format"},
            .handler = [handler](const Request& request) { return handler->answer(request); }};
}

}  // namespace stipend::api
