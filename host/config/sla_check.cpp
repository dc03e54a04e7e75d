#include "host/config/sla_check.hpp"

#include <algorithm>

#include "stipend/duration.hpp"

namespace stipend::config {
namespace {

class SlaCheck {
  public:
    SlaCheck(const Node& root, const Settings& settings, Diagnostics& diagnostics)
        : root_(root), settings_(settings), diagnostics_(diagnostics) {}

    void check(std::size_t at) {
        const auto& one = settings_.sla[at];
        const auto begin = settings_.sla.begin();
        const auto same = [&](const Sla& other) { return other.name == one.name; };
        if (!one.name.empty() && std::any_of(begin, begin + static_cast<std::ptrdiff_t>(at), same)) {
            report(cat("/sla/", at, "/name"),
                   cat("got ", scalar_node(one.name, true).shown(), ", want a name that no other target has"));
        }
        const auto has_name = [&](const Capability& other) { return other.name == one.capability; };
        if (!one.capability.empty() && std::ranges::none_of(settings_.capabilities, has_name)) {
            report(cat("/sla/", at, "/capability"),
                   cat("got ", scalar_node(one.capability, true).shown(), ", want one of `capabilities`"));
        }
        for (std::size_t i = 0; i < one.alerts.size(); ++i) {
            const auto& alert = one.alerts[i];
            if (alert.long_ns == 0 || alert.short_ns < alert.long_ns) continue;  // the schema reports a missing one
            report(cat("/sla/", at, "/alerts/", i, "/short"),
                   cat("got ", alert.short_ns / ns_per_s, "s, want less than `long`, which is ",
                       alert.long_ns / ns_per_s, "s"));
        }
    }

  private:
    void report(const std::string& pointer, std::string message) {
        auto place = locate(root_, "", pointer);
        diagnostics_.add(place.node->pos, std::move(place.path), std::move(message));
    }

    const Node& root_;
    const Settings& settings_;
    Diagnostics& diagnostics_;
};

}  // namespace

std::vector<BurnAlert> burn_alerts_of(const Sla& sla) {
    if (!sla.alerts.empty()) return sla.alerts;
    constexpr auto minute = 60 * ns_per_s;
    constexpr auto hour = 60 * minute;
    return {{.long_ns = hour, .short_ns = 5 * minute, .burn_ppm = 14'400'000, .severity = "critical"},
            {.long_ns = 6 * hour, .short_ns = 30 * minute, .burn_ppm = 6'000'000, .severity = "critical"},
            {.long_ns = 72 * hour, .short_ns = 6 * hour, .burn_ppm = 1'000'000, .severity = "warning"}};
}

void check_sla(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    SlaCheck check(root, settings, diagnostics);
    for (std::size_t at = 0; at < settings.sla.size(); ++at) check.check(at);
}

}  // namespace stipend::config
