#include "host/config/dispatch_check.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace stipend::config {
namespace {

class DispatchCheck {
  public:
    DispatchCheck(const Node& root, const Settings& settings, Diagnostics& diagnostics,
                  std::vector<std::string>& warnings)
        : root_(root), settings_(settings), problems_(diagnostics), warnings_(warnings) {}

    void run() {
        check_names();
        check_references();
        for (const auto& one : settings_.dispatchers) {
            if (one.name.empty() || used_.contains(one.name)) continue;
            warnings_.push_back(cat("dispatchers: ", scalar_node(one.name, true).shown(),
                                    " is not used: no orchestrator, no capability and no registration names it"));
        }
    }

  private:
    void report(std::string_view pointer, std::string message) {
        auto place = locate(root_, "", pointer);
        problems_.add(place.node->pos, std::move(place.path), std::move(message));
    }

    void check_names() {
        const auto& all = settings_.dispatchers;
        for (std::size_t at = 0; at < all.size(); ++at) {
            const auto& name = all[at].name;
            if (name.empty()) continue;  // missing, which is reported
            const auto first = std::ranges::find(known_, name) - known_.begin();
            known_.push_back(name);
            if (first + 1 == static_cast<std::ptrdiff_t>(known_.size())) continue;
            report(cat("/dispatchers/", at, "/name"),
                   cat("got ", scalar_node(name, true).shown(), ", which ",
                       first == 0 ? std::string("names `dispatch` itself") : cat(place_of(name), " has already"),
                       ": want another name"));
        }
    }
    [[nodiscard]] std::string place_of(std::string_view name) const {
        const auto& all = settings_.dispatchers;
        return cat("dispatchers[", std::ranges::find(all, name, &Dispatch::name) - all.begin(), "]");
    }

    void check_references() {
        for (const auto& one : settings_.capabilities) {
            check(one.dispatch, [&] { return cat("/capabilities/", pointer_token(one.name), "/dispatch"); });
        }
        check(settings_.registration.dispatch, [] { return std::string("/registration/dispatch"); });
        for (std::size_t at = 0; at < settings_.orchestrators.size(); ++at) {
            check(settings_.orchestrators[at].dispatch, [at] { return cat("/orchestrators/", at, "/dispatch"); });
        }
    }
    template <class Pointer>
    void check(std::string_view name, const Pointer& pointer) {
        if (name.empty()) return;
        if (std::ranges::find(known_, name) != known_.end()) {
            used_.insert(name);
            return;
        }
        report(pointer(), cat("got ", scalar_node(name, true).shown(), ", want a name that `dispatchers` has, or ",
                              first_dispatcher, did_you_mean(name, known_)));
    }
    // As a part of a JSON Pointer.
    static std::string pointer_token(std::string_view name) {
        std::string out;
        for (const auto c : name) {
            if (c == '~') {
                out += "~0";
            } else if (c == '/') {
                out += "~1";
            } else {
                out += c;
            }
        }
        return out;
    }

    const Node& root_;
    const Settings& settings_;
    Diagnostics& problems_;
    std::vector<std::string>& warnings_;
    std::vector<std::string_view> known_ = {first_dispatcher};
    std::set<std::string_view> used_;
};

}  // namespace

void check_dispatchers(const Node& root, const Settings& settings, Diagnostics& diagnostics,
                       std::vector<std::string>& warnings) {
    DispatchCheck(root, settings, diagnostics, warnings).run();
}

}  // namespace stipend::config
