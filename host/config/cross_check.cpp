#include "host/config/cross_check.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "host/base/recurring.hpp"
#include "host/config/api_check.hpp"
#include "host/config/dispatch_check.hpp"
#include "host/config/format.hpp"
#include "host/config/listener_check.hpp"
#include "host/config/maintenance_check.hpp"
#include "host/config/membership_check.hpp"
#include "host/config/network_check.hpp"
#include "host/config/settings_schema.hpp"
#include "host/config/settings_tree.hpp"
#include "host/config/sla_check.hpp"
#include "host/config/status_check.hpp"
#include "host/config/url.hpp"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "stipend/url.hpp"

namespace stipend::config {
namespace {

class CrossCheck {
  public:
    CrossCheck(const Node& root, Settings& settings, Diagnostics& diagnostics, std::vector<std::string>& warnings)
        : root_(root),
          settings_(settings),
          problems_(diagnostics),
          warnings_(warnings),
          listed_(settings.orchestrators.size()) {}

    void run() {
        check_state();
        check_maintenance(root_, settings_, problems_);
        if (settings_.role == Role::worker) {
            check_monitors();
            check_workers();
            check_listeners(root_, settings_, problems_);
            check_alerts();
            check_membership(root_, settings_, problems_);
            return check_services();
        }
        add_addresses_of_variable();
        check_monitors();
        if (settings_.orchestrators.size() > max_orchestrators) {
            return report("/orchestrators", cat("got ", settings_.orchestrators.size(), " orchestrators, want at most ",
                                                max_orchestrators));
        }
        check_orchestrators();
        check_service_addresses();
        check_worker_keys();
        check_references();
        check_alerts();
        check_limits();
        check_networks(root_, settings_, problems_);
        check_dispatchers(root_, settings_, problems_, warnings_);
        check_listeners(root_, settings_, problems_);
        check_api(root_, settings_, problems_);
        check_registration(root_, settings_, problems_);
    }

  private:
    using Owners = std::unordered_map<std::string_view, std::size_t>;

    // The pointer of an orchestrator's key; those of the variable follow the listed ones and have none.
    [[nodiscard]] std::string orchestrator(std::size_t index, std::string_view key) const {
        return index < listed_ ? cat("/orchestrators/", index, "/", key) : "/orchestrator_addresses";
    }
    void report(std::string_view pointer, std::string message) {
        auto place = locate(root_, "", pointer);
        problems_.add(place.node->pos, std::move(place.path), std::move(message));
    }
    // Reports the value of an item that an earlier one has already, and is false then. `pointer` makes the JSON pointer
    // of the value from the item's index. An empty value is none.
    template <class Pointer>
    bool want_once(Owners& owners, std::string_view value, std::size_t index, const Pointer& pointer,
                   std::string_view shown = {}) {
        if (value.empty()) return true;
        const auto [owner, fresh] = owners.emplace(value, index);
        if (fresh || owner->second == index) return true;
        const auto first = locate(root_, "", pointer(owner->second));
        report(pointer(index), cat("got ", scalar_node(shown.empty() ? value : shown, true).shown(), ", which ",
                                   first.path, " at line ", first.node->pos.line, ", column ", first.node->pos.column,
                                   " has already: want it once"));
        return false;
    }
    void want_known(std::string_view name, const std::vector<std::string_view>& known, std::string_view where,
                    const std::string& pointer) {
        if (name.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
        report(pointer, cat("got ", scalar_node(name, true).shown(), ", want a name that `", where, "` has",
                            did_you_mean(name, known)));
    }
    // The key of each orchestrator's address. Most addresses are their own keys.
    class AddressKeys {
      public:
        explicit AddressKeys(const std::vector<Orchestrator>& orchestrators) {
            keys_.reserve(orchestrators.size());
            for (const auto& one : orchestrators) {
                auto key = address_key(one.address);
                keys_.push_back(key == one.address ? one.address : others_.emplace_back(std::move(key)));
            }
        }
        std::string_view operator[](std::size_t index) const { return keys_[index]; }

      private:
        std::vector<std::string_view> keys_;
        std::deque<std::string> others_;
    };
    template <class T>
    [[nodiscard]] static std::vector<std::string_view> names_of(const std::vector<T>& items) {
        std::vector<std::string_view> out;
        out.reserve(items.size());
        for (const auto& item : items) out.push_back(item.name);
        return out;
    }

    void add_addresses_of_variable();
    void check_limits();
    void check_state();
    void check_monitors();
    void check_workers();
    void check_orchestrators();
    void check_service_addresses();
    void check_worker_keys();
    void check_references();
    void check_checks(std::size_t orchestrator);
    void check_down_after(const std::string& text, const std::string& pointer);
    void check_services();
    void check_alerts();
    void add_named_services();

    const Node& root_;
    Settings& settings_;
    Diagnostics& problems_;
    std::vector<std::string>& warnings_;
    std::size_t listed_;  // orchestrators of the list; those of the variable follow
};

void CrossCheck::add_addresses_of_variable() {
    const std::string all = std::exchange(settings_.orchestrator_addresses, {});
    if (all.empty()) return;
    // An address that the list has too stays as the list says, which is more.
    std::unordered_set<std::string> listed;
    for (std::size_t i = 0; i < listed_; ++i) listed.insert(address_key(settings_.orchestrators[i].address));
    std::size_t number = 0;
    for (const auto part : comma_separated(all)) {
        ++number;
        if (auto address = read_origin(part)) {
            if (!listed.contains(address_key(*address)))
                settings_.orchestrators.emplace_back().address = std::move(*address);
            continue;
        }
        Node entry = scalar_node(part, true);
        entry.secret = locate(root_, "", "/orchestrator_addresses").node->secret;
        report("/orchestrator_addresses",
               cat("entry ", number, ": got ", entry.shown(), ", want ", find_format("origin")->noun));
    }
}

// A limit below the pay of one period holds every full payment.
void CrossCheck::check_limits() {
    std::size_t highest = 0;
    const auto base = [&](std::size_t i) { return base_of(settings_, settings_.orchestrators[i]); };
    for (std::size_t i = 1; i < settings_.orchestrators.size(); ++i) {
        if (base(i) > base(highest)) highest = i;
    }
    if (settings_.orchestrators.empty()) return;
    const auto least = base(highest);
    const auto& limits = settings_.limits;
    for (const auto& [key, limit] : {std::pair("accrual_per_orchestrator_day", limits.accrual_per_orchestrator_day),
                                     std::pair("accrual_per_day", limits.accrual_per_day)}) {
        if (limit >= least) continue;
        report(cat("/limits/", key),
               cat("got ", limit.text(), " USD, want at least ", least.text(), " USD, the pay of ",
                   settings_.orchestrators[highest].id, " for one period: it would be held each time"));
    }
}

// The socket by which commands reach the host is in the state folder, and the system bounds the length of its path.
void CrossCheck::check_state() {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1 - std::string_view("/control.sock").size();
    if (settings_.state.size() <= longest) return;
    report("/state", cat("got a path of ", settings_.state.size(), " bytes, want at most ", longest,
                         ": the path of the control socket in it would be too long"));
}

void CrossCheck::check_monitors() {
    Owners names;
    for (std::size_t i = 0; i < settings_.monitors.size(); ++i) {
        want_once(names, settings_.monitors[i].name, i, [](std::size_t k) { return cat("/monitors/", k, "/name"); });
    }
}

void CrossCheck::check_workers() {
    Owners names;
    for (std::size_t i = 0; i < settings_.workers.size(); ++i) {
        want_once(names, settings_.workers[i].name, i, [](std::size_t k) { return cat("/workers/", k, "/name"); });
    }
}

// Ids and addresses, each once. Two spellings of one address are the same address.
// One index after the other, since each is large: there may be 100,000 orchestrators.
void CrossCheck::check_orchestrators() {
    auto& all = settings_.orchestrators;
    std::vector<bool> is_sound(all.size());
    {
        Owners addresses;
        addresses.reserve(all.size());
        const AddressKeys keys(all);
        const auto address = [&](std::size_t k) { return orchestrator(k, "address"); };
        for (std::size_t i = 0; i < all.size(); ++i) {
            is_sound[i] = !all[i].address.empty() && want_once(addresses, keys[i], i, address, all[i].address);
        }
    }
    Owners ids;
    ids.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!is_sound[i]) continue;
        const bool named = !all[i].id.empty();
        if (!named) all[i].id = host_and_port(all[i].address);
        const auto& id = all[i].id;
        want_once(ids, id, i, [&](std::size_t k) { return orchestrator(k, k == i && !named ? "address" : "id"); });
    }
}

// An answer counts for the orchestrator that owns the address which it names, so no two may own one.
void CrossCheck::check_service_addresses() {
    const auto& all = settings_.orchestrators;
    // Most have none beside their own, which `check_orchestrators` compares.
    if (std::ranges::all_of(all, [](const Orchestrator& one) { return one.service_addresses.empty(); })) return;
    Owners owners;
    owners.reserve(all.size());
    const AddressKeys keys(all);
    for (std::size_t i = 0; i < all.size(); ++i) owners.emplace(keys[i], i);
    std::deque<std::string> more;  // keys that `owners` views
    for (std::size_t i = 0; i < listed_; ++i) {
        for (std::size_t j = 0; j < all[i].service_addresses.size(); ++j) {
            const auto& address = all[i].service_addresses[j];
            const auto& key = more.emplace_back(address.empty() ? address : address_key(address));
            const auto pointer = [&](std::size_t k) {
                if (k == i) return orchestrator(i, cat("service_addresses/", j));
                return orchestrator(k, keys[k] == key ? "address" : "service_addresses");
            };
            want_once(owners, key, i, pointer, address);
        }
    }
}

// A key says which worker made a report: with one key, two orchestrators could show the same worker's answers as their
// own.
void CrossCheck::check_worker_keys() {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < listed_; ++i) keys.push_back(ascii::to_lower(settings_.orchestrators[i].worker_key));
    Owners owners;
    for (std::size_t i = 0; i < listed_; ++i) {
        const auto pointer = [&](std::size_t k) { return orchestrator(k, "worker_key"); };
        want_once(owners, keys[i], i, pointer, settings_.orchestrators[i].worker_key);
    }
}

void CrossCheck::check_references() {
    const auto monitors = names_of(settings_.monitors);
    const auto capabilities = names_of(settings_.capabilities);
    const auto networks = names_of(settings_.networks);
    for (std::size_t i = 0; i < listed_; ++i) {
        const auto& one = settings_.orchestrators[i];
        want_known(one.capability, capabilities, "capabilities", orchestrator(i, "capability"));
        want_known(one.network, networks, "networks", orchestrator(i, "network"));
        for (std::size_t j = 0; j < one.checks.size(); ++j) {
            want_known(one.checks[j].monitor, monitors, "monitors", orchestrator(i, cat("checks/", j, "/monitor")));
        }
        check_checks(i);
    }
    if (!settings_.witness.empty() && settings_.monitors.empty()) {
        report("/witness", "got a witness, want a monitor that looks at it in `monitors`");
    }
    check_maintained(root_, settings_, problems_);
    check_sla(root_, settings_, problems_);
    check_status(root_, settings_, problems_, warnings_);
}

// The names of an orchestrator's checks, each once; a target without a name may come again.
void CrossCheck::check_checks(std::size_t index) {
    const auto& checks = settings_.orchestrators[index].checks;
    Owners names;
    for (std::size_t j = 0; j < checks.size(); ++j) {
        check_down_after(checks[j].down_after, orchestrator(index, cat("checks/", j, "/down_after")));
        want_once(names, checks[j].name, j,
                  [&](std::size_t k) { return orchestrator(index, cat("checks/", k, "/name")); });
    }
}

void CrossCheck::check_down_after(const std::string& text, const std::string& pointer) {
    if (text.empty() || parse_down_after(text)) return;
    report(pointer,
           cat("got ", scalar_node(text, true).shown(), ", want M of N looks, such as 2 of 3, with N up to 20"));
}

void CrossCheck::check_alerts() {
    const auto& receivers = settings_.alerts.receivers;
    Owners names;
    for (std::size_t i = 0; i < receivers.size(); ++i) {
        want_once(names, receivers[i].name, i, [](std::size_t k) { return cat("/alerts/receivers/", k, "/name"); });
        if (receivers[i].name == "target") {
            report(cat("/alerts/receivers/", i, "/name"),
                   "got \"target\", want another name: alert-target:ID is an alert about an orchestrator's own target");
        }
        const auto& quiet = receivers[i].quiet;
        const auto pointer = cat("/alerts/receivers/", i, "/quiet_hours");
        if (quiet.schedule.empty() != (quiet.duration_ns == 0)) {
            report(pointer,
                   cat("got a ", quiet.schedule.empty() ? "duration without a schedule" : "schedule without a duration",
                       ", want both"));
        } else if (!quiet.schedule.empty()) {
            const auto made = Recurring::make(quiet.schedule, quiet.zone, quiet.duration_ns);
            if (!made) report(cat(pointer, made.error().path), made.error().message);
        }
    }
    const auto known = names_of(receivers);
    for (std::size_t i = 0; i < settings_.alerts.routes.size(); ++i) {
        const auto& wanted = settings_.alerts.routes[i].receivers;
        for (std::size_t j = 0; j < wanted.size(); ++j) {
            want_known(wanted[j], known, "alerts.receivers", cat("/alerts/routes/", i, "/receivers/", j));
        }
    }
}

// The services of a variable, where the file has no list.
void CrossCheck::add_named_services() {
    const std::string all = std::exchange(settings_.services.names, {});
    auto& watch = settings_.services.watch;
    if (!watch.empty()) {
        if (!all.empty()) {
            warnings_.push_back("services.names (MONITORED_SERVICES) has no effect: services.watch has a list");
        }
        return;
    }
    for (const auto part : comma_separated(all)) {
        const auto same = [&](const WatchedService& one) { return one.name == part; };
        if (std::ranges::any_of(watch, same)) continue;
        auto& service = watch.emplace_back();
        service.name = part;
        service.monitor = "docker";
        service.every_ns = settings_.services.names_every_ns;
        if (part.find('=') != std::string_view::npos) {
            service.label = part;
        } else if (part.find('/') != std::string_view::npos) {
            service.compose = part;
        }
        service.target_pos = service.pos = locate(root_, "", "/services/names").node->pos;
    }
    const auto known = names_of(settings_.monitors);
    if (!watch.empty()) want_known("docker", known, "monitors", "/services/names");
}

void CrossCheck::check_services() {
    const auto monitors = names_of(settings_.monitors);
    Owners names;
    for (std::size_t i = 0; i < settings_.services.watch.size(); ++i) {
        auto& service = settings_.services.watch[i];
        const auto key = [i](std::string_view name) { return cat("/services/watch/", i, "/", name); };
        const auto ways = int{!service.target.empty()} + int{!service.compose.empty()} + int{!service.label.empty()};
        if (ways > 1) report(cat("/services/watch/", i), "got several of target, compose and label, want one");
        if (service.name.empty()) service.name = service.compose.empty() ? service.label : service.compose;
        const auto& node = *locate(root_, "", cat("/services/watch/", i)).node;
        if (service.name.empty() && node.is(Node::Kind::mapping) && node.find("name") == nullptr) {
            report(cat("/services/watch/", i), "the key \"name\" is missing, or compose or label instead");
        }
        check_down_after(service.down_after, key("down_after"));
        const auto pointer = [](std::size_t k) { return cat("/services/watch/", k, "/name"); };
        want_known(service.monitor, monitors, "monitors", cat("/services/watch/", i, "/monitor"));
        want_once(names, service.name, i, pointer);
    }
    add_named_services();
}

}  // namespace

void cross_check(const Node& root, Settings& settings, Diagnostics& diagnostics, std::vector<std::string>& warnings) {
    CrossCheck(root, settings, diagnostics, warnings).run();
}

}  // namespace stipend::config
