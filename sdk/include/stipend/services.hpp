// What the host observed of the services that it watches: the records of abi/services.h as values.
#pragma once

#include <string>
#include <vector>

#include "stipend/abi/monitor.h"
#include "stipend/abi/services.h"
#include "stipend/record.hpp"

namespace stipend {

struct ServiceRecord {
    std::string name;
    std::int32_t verdict = STIPEND_UNKNOWN;  // at present
    std::uint32_t up_ppm = 0;                // of the window
    std::uint32_t seen_ppm = 0;
    std::uint64_t looks = 0;
    stipend_unix_ns since = 0;
    stipend_unix_ns not_up_since = 0;  // 0: up for the whole window
    std::int64_t not_up_ns = 0;
    std::string why;  // a monitor's last evidence: text or JSON

    [[nodiscard]] bool up() const { return verdict == STIPEND_UP; }
    // up, down or unknown. A degraded service counts as down.
    [[nodiscard]] const char* verdict_name() const {
        if (up()) return "up";
        return verdict == STIPEND_DOWN || verdict == STIPEND_DEGRADED ? "down" : "unknown";
    }

    static ServiceRecord of(const stipend_service_record& raw) {
        return {std::string(view(raw.name)),
                raw.verdict,
                raw.up_ppm,
                raw.seen_ppm,
                raw.looks,
                raw.since,
                raw.not_up_since,
                raw.not_up_ns,
                std::string(view(raw.why))};
    }
    // Borrows the texts.
    [[nodiscard]] stipend_service_record raw() const {
        auto out = make_record<stipend_service_record>();
        out.verdict = verdict;
        out.name = to_abi(name);
        out.why = to_abi(why);
        out.up_ppm = up_ppm;
        out.seen_ppm = seen_ppm;
        out.looks = looks;
        out.since = since;
        out.not_up_since = not_up_since;
        out.not_up_ns = not_up_ns;
        return out;
    }
};

struct ServiceReport {
    stipend_unix_ns now = 0;
    std::uint32_t window_s = 0;
    std::uint32_t overall_ppm = 0;   // mean of up_ppm over the services; 0 without services
    std::uint32_t coverage_ppm = 0;  // mean of seen_ppm
    std::string error;               // why no service could be observed
    std::vector<ServiceRecord> services;
    std::vector<ServiceRecord> found;  // discoveries: only name and why are set

    static ServiceReport of(const stipend_service_totals& totals, const stipend_service_record* records,
                            std::uint64_t count, std::uint64_t stride) {
        ServiceReport out{.now = totals.now,
                          .window_s = totals.window_s,
                          .overall_ppm = totals.overall_ppm,
                          .coverage_ppm = totals.coverage_ppm,
                          .error = std::string(view(totals.error)),
                          .services = {},
                          .found = {}};
        for (std::uint64_t at = 0; at < count; ++at) {
            const auto* given =
                reinterpret_cast<const stipend_service_record*>(reinterpret_cast<const char*>(records) + at * stride);
            stipend_service_record scratch;
            auto record = ServiceRecord::of(detail::record_view(given, scratch));
            (record.verdict == STIPEND_FOUND ? out.found : out.services).push_back(std::move(record));
        }
        return out;
    }
    // For hosts: calls the visitor once with the records of this report.
    void visit(stipend_service_visitor visitor, void* user) const {
        auto totals = make_record<stipend_service_totals>();
        totals.window_s = window_s;
        totals.now = now;
        totals.overall_ppm = overall_ppm;
        totals.coverage_ppm = coverage_ppm;
        totals.error = to_abi(error);
        std::vector<stipend_service_record> records;
        for (const auto& service : services) records.push_back(service.raw());
        for (const auto& discovery : found) {
            records.push_back(discovery.raw());
            records.back().verdict = STIPEND_FOUND;
        }
        visitor(user, &totals, records.data(), records.size(), sizeof(stipend_service_record));
    }
};

}  // namespace stipend
