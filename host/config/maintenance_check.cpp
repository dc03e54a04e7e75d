#include "host/config/maintenance_check.hpp"

#include <algorithm>

#include "host/base/recurring.hpp"

namespace stipend::config {
namespace {

void report_window(const Node& root, Diagnostics& diagnostics, std::string_view pointer, std::string message) {
    auto place = locate(root, "", pointer);
    diagnostics.add(place.node->pos, std::move(place.path), std::move(message));
}

}  // namespace

void check_maintenance(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    for (std::size_t i = 0; i < settings.maintenance.size(); ++i) {
        const auto& one = settings.maintenance[i];
        if (one.schedule.empty() || one.zone.empty() || one.duration_ns == 0) continue;  // the schema reports it
        const auto made = Recurring::make(one.schedule, one.zone, one.duration_ns);
        if (!made) {
            report_window(root, diagnostics, cat("/maintenance/", i, made.error().path), made.error().message);
        } else if (!made->at_or_after(0)) {
            report_window(root, diagnostics, cat("/maintenance/", i, "/schedule"),
                          cat("got ", scalar_node(one.schedule, true).shown(), ", want a time that comes"));
        }
    }
}

void check_maintained(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    for (std::size_t i = 0; i < settings.maintenance.size(); ++i) {
        const auto& ids = settings.maintenance[i].orchestrators;
        for (std::size_t j = 0; j < ids.size(); ++j) {
            const auto same = [&](const Orchestrator& one) { return one.id == ids[j]; };
            if (ids[j].empty() || std::ranges::any_of(settings.orchestrators, same)) continue;
            report_window(root, diagnostics, cat("/maintenance/", i, "/orchestrators/", j),
                          cat("got ", scalar_node(ids[j], true).shown(), ", want the id of an orchestrator"));
        }
    }
}

}  // namespace stipend::config
