// The routes by which accounts read analyses of what is recorded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/api/api_server.hpp"
#include "host/base/time.hpp"

namespace stipend::api {

// Thread-safe. Calls read the ledger, which takes up to seconds; BUSY: the ledger cannot be read now.
class Analytics {
  public:
    virtual ~Analytics() = default;
    struct Query {
        std::string report = {}, by = {}, orchestrator = {};
        std::string from = {}, to = {};  // times as text; empty: the report's own span, which ends now
        std::string month = {};          // "2026-11" instead
    };
    struct Made {
        std::string json = {}, csv = {}, html = {};
    };
    // INVALID: something of the query is none. LIMIT: the span has too many checks.
    virtual Result<Made> report(const Query& query) = 0;
};

// How long an answer is given again, and how many bytes of answers are kept.
inline constexpr std::int64_t report_kept_ns = 30 * ns_per_s;
inline constexpr std::size_t max_reports_kept_bytes = 16 << 20;

// `analytics` and `clock` outlive it.
[[nodiscard]] ApiRoute analytics_route(Analytics& analytics, const Clock& clock);

}  // namespace stipend::api
