#include "host/config/status_check.hpp"

#include <algorithm>
#include <span>

#include "stipend/duration.hpp"
#include "stipend/glob.hpp"

namespace stipend::config {
namespace {

class StatusCheck {
  public:
    StatusCheck(const Node& root, Settings& settings, Diagnostics& diagnostics, std::vector<std::string>& warnings)
        : root_(root), settings_(settings), diagnostics_(diagnostics), warnings_(warnings) {}

    void run() {
        auto& page = settings_.status;
        if (page.history_ns % ns_per_day != 0) {
            report("/status/history",
                   cat("got ", duration_text(page.history_ns), ", want whole days, such as 30d or 90d"));
        }
        if (page.enabled == Shown::yes && page.show.empty()) {
            report("/status/show", "got none, want at least one service for the page to show");
        }
        for (auto& service : page.show) {
            if (service.as.empty()) service.as = service.name;
        }
        for (std::size_t at = 0; at < page.show.size(); ++at) check(at);
    }

  private:
    void check(std::size_t at) {
        const auto& show = settings_.status.show;
        const auto& one = show[at];
        const auto earlier = std::span(show).first(at);
        if (!one.name.empty() && std::ranges::find(earlier, one.name, &StatusService::name) != earlier.end()) {
            report(place(at, "name"), cat("got ", quoted(one.name), ", want a name that no other service has"));
        } else if (std::ranges::find(earlier, one.as, &StatusService::as) != earlier.end()) {
            report(place(at, "as"), cat("got ", quoted(one.as), ", want a name that no other service has"));
        }
        const auto& capabilities = settings_.capabilities;
        if (!one.capability.empty() &&
            std::ranges::find(capabilities, one.capability, &Capability::name) == capabilities.end()) {
            report(place(at, "capability"), cat("got ", quoted(one.capability), ", want one of `capabilities`"));
        } else if (one.orchestrators.empty() && one.capability.empty()) {
            report(cat("/status/show/", at), "got neither orchestrators nor a capability, want what it shows");
        } else {
            check_members(at);
        }
    }

    // Where orchestrators register, those of the file are not all.
    void check_members(std::size_t at) {
        const auto& one = settings_.status.show[at];
        const auto is_shown = [&](const Orchestrator& other) { return shows(one, other.id, other.capability); };
        if (std::ranges::any_of(settings_.orchestrators, is_shown)) return;
        const auto pointer = place(at, one.orchestrators.empty() ? "capability" : "orchestrators");
        const auto& registration = settings_.registration;
        const bool none_registers = registration.mode == Enrollment::automatic && registration.secret.empty();
        if (none_registers)
            return report(pointer, "matches no orchestrator, want the id, a pattern or the capability of one");
        const auto found = locate(root_, "", pointer);
        warnings_.push_back(cat(diagnostics_.file(), ":", found.node->pos.line, ":", found.node->pos.column, ": ",
                                found.path,
                                ": no orchestrator of this file is of it: it shows nothing before one registers"));
    }

    [[nodiscard]] static std::string place(std::size_t at, std::string_view key) {
        return cat("/status/show/", at, "/", key);
    }
    [[nodiscard]] static std::string quoted(const std::string& text) { return scalar_node(text, true).shown(); }
    void report(const std::string& pointer, std::string message) {
        auto found = locate(root_, "", pointer);
        diagnostics_.add(found.node->pos, std::move(found.path), std::move(message));
    }

    const Node& root_;
    Settings& settings_;
    Diagnostics& diagnostics_;
    std::vector<std::string>& warnings_;
};

}  // namespace

bool shows(const StatusService& service, std::string_view key, std::string_view capability) {
    if (!service.capability.empty() && service.capability != capability) return false;
    if (service.orchestrators.empty()) return !service.capability.empty();
    return std::ranges::any_of(service.orchestrators, [key](const std::string& one) {
        return is_glob(one) ? glob_match(one, key) : one == key;
    });
}

void check_status(const Node& root, Settings& settings, Diagnostics& diagnostics, std::vector<std::string>& warnings) {
    StatusCheck(root, settings, diagnostics, warnings).run();
}

}  // namespace stipend::config
