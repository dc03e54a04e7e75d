#include "host/runtime/maintenance.hpp"

#include "host/base/time.hpp"

namespace stipend::runtime {

Maintenance::Maintenance(const std::vector<config::Maintenance>& windows) {
    for (const auto& one : windows) {
        auto made = Recurring::make(one.schedule, one.zone, one.duration_ns);
        // The zones of the system may have changed since the file was checked.
        if (!made) continue;
        entries_.push_back({one, {one.orchestrators.begin(), one.orchestrators.end()}, std::move(*made)});
    }
}

std::vector<Window> Maintenance::within(std::string_view orchestrator, stipend_unix_ns from, stipend_unix_ns to) const {
    std::vector<Window> out;
    for (const auto& entry : entries_) {
        if (!entry.orchestrators.empty() && !entry.orchestrators.contains(orchestrator)) continue;
        for (const auto& window : entry.windows.within(from, to)) out.push_back(window);
    }
    return out;
}

Json Maintenance::status(stipend_unix_ns now) const {
    Json out = Json::array();
    for (const auto& entry : entries_) {
        Json orchestrators = Json::array();
        for (const auto& id : entry.configured.orchestrators) orchestrators.push(id);
        const auto window = entry.windows.at_or_after(now);
        out.push(Json::object()
                     .append("name", entry.configured.name)
                     .append("schedule", entry.configured.schedule)
                     .append("zone", entry.configured.zone)
                     .append("duration", duration_text(entry.configured.duration_ns))
                     .append("orchestrators", std::move(orchestrators))
                     .append("active", window && window->from <= now)
                     .append("from", window ? Json(utc_text(window->from)) : Json())
                     .append("to", window ? Json(utc_text(window->to)) : Json()));
    }
    return out;
}

}  // namespace stipend::runtime
