#include "host/config/load.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "host/config/expand.hpp"
#include "host/config/format.hpp"
#include "host/config/published.hpp"
#include "host/config/settings_schema.hpp"
#include "host/config/settings_tree.hpp"
#include "host/config/url.hpp"
#include "host/config/yaml.hpp"
#include "stipend/ascii.hpp"
#include "stipend/money.hpp"

namespace stipend::config {
namespace {

// What the options' own types cannot say: rules between one setting and another.
class CrossCheck {
  public:
    CrossCheck(const Node& root, Settings& settings, Problems& problems)
        : root_(root), settings_(settings), problems_(problems), listed_(settings.orchestrators.size()) {}

    void run() {
        if (settings_.role == Role::worker) {
            check_names();
            return check_services();
        }
        add_addresses_of_variable();
        check_price();
        check_names();
        if (settings_.orchestrators.size() > max_orchestrators) {
            return problems_.add(
                mark_of(root_, "orchestrators"), "orchestrators",
                cat("got ", settings_.orchestrators.size(), " orchestrators, want at most ", max_orchestrators));
        }
        check_orchestrators();
        check_service_addresses();
        check_worker_keys();
        check_references();
    }

  private:
    using Owners = std::unordered_map<std::string_view, std::size_t>;

    static Mark mark_of(const Node& parent, std::string_view key) {
        const auto* node = parent.find(key);
        return node == nullptr ? parent.mark : node->mark;
    }

    // The mapping of an orchestrator; NULL for those of the variable.
    [[nodiscard]] const Node* node_of(std::size_t index) const {
        const auto* list = root_.find("orchestrators");
        return index < listed_ && list != nullptr ? &list->children[index] : nullptr;
    }
    [[nodiscard]] Mark place_of(std::size_t index, std::string_view key) const {
        const auto* node = node_of(index);
        return node != nullptr ? mark_of(*node, key) : mark_of(root_, "orchestrator_addresses");
    }
    [[nodiscard]] std::string path_of(std::size_t index, std::string_view key) const {
        if (index >= listed_) return "orchestrator_addresses";
        return cat("orchestrators[", index, "].", key);
    }
    void report_twice(std::size_t index, std::string_view key, std::string_view value, std::size_t earlier,
                      std::string_view earlier_key) {
        report_twice_at(place_of(index, key), path_of(index, key), value, earlier, earlier_key);
    }
    void report_twice_at(Mark mark, std::string path, std::string_view value, std::size_t earlier,
                         std::string_view earlier_key) {
        const auto first = place_of(earlier, earlier_key);
        problems_.add(mark, std::move(path),
                      cat("got ", scalar_node(value, true).shown(), ", which ", path_of(earlier, earlier_key),
                          " at line ", first.line, ", column ", first.column, " has already: want it once"));
    }

    void add_addresses_of_variable();
    void check_price();
    void check_names();
    void check_orchestrators();
    void check_service_addresses();
    void check_worker_keys();
    void check_references();
    void check_services();
    void check_known(Mark mark, std::string path, std::string_view name, std::string_view where,
                     const std::vector<std::string_view>& known) {
        if (name.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
        problems_.add(mark, std::move(path),
                      cat("got ", scalar_node(name, true).shown(), ", want a name that `", where, "` has",
                          did_you_mean(name, known)));
    }
    [[nodiscard]] std::vector<std::string_view> monitor_names() const {
        std::vector<std::string_view> out;
        for (const auto& monitor : settings_.monitors) out.push_back(monitor.name);
        return out;
    }

    const Node& root_;
    Settings& settings_;
    Problems& problems_;
    std::size_t listed_;  // orchestrators of the list; those of the variable follow
};

void CrossCheck::add_addresses_of_variable() {
    const std::string all = std::exchange(settings_.orchestrator_addresses, {});
    const auto mark = mark_of(root_, "orchestrator_addresses");
    // Who stands in the list too is the list's: it says more of him.
    std::unordered_set<std::string> listed;
    for (std::size_t i = 0; i < listed_; ++i) listed.insert(settings_.orchestrators[i].address);
    std::size_t number = 0;
    for (std::size_t start = 0; start <= all.size();) {
        const auto end = std::min(all.find(',', start), all.size());
        auto part = std::string_view(all).substr(start, end - start);
        start = end + 1;
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (part.empty()) continue;
        ++number;
        Node entry = scalar_node(part, true);
        entry.secret = settings_.secret_paths.contains("orchestrator_addresses");
        auto address = read_origin(part);
        if (!address) {
            problems_.add(mark, "orchestrator_addresses",
                          cat("entry ", number, ": got ", entry.shown(), ", want ", find_format("origin")->noun));
            continue;
        }
        if (!listed.contains(*address)) settings_.orchestrators.emplace_back().address = std::move(*address);
    }
}

void CrossCheck::check_price() {
    const auto& price = settings_.price;
    if (price.min_usd_e8 <= price.max_usd_e8) return;
    const auto* node = root_.find("price");
    problems_.add(node == nullptr ? root_.mark : mark_of(*node, "min"), "price.min",
                  cat("got more than price.max: ", Usd::of_e8(price.min_usd_e8).text(), " USD, want at most ",
                      Usd::of_e8(price.max_usd_e8).text(), " USD"));
}

void CrossCheck::check_names() {
    Owners monitors;
    const auto* list = root_.find("monitors");
    for (std::size_t i = 0; i < settings_.monitors.size(); ++i) {
        const std::string_view name = settings_.monitors[i].name;
        if (name.empty() || monitors.emplace(name, i).second) continue;
        problems_.add(mark_of(list->children[i], "name"), cat("monitors[", i, "].name"),
                      cat("got ", scalar_node(name, true).shown(), ", which monitors[", monitors[name],
                          "] has already: want it once"));
    }
}

// Ids and addresses, each once. An orchestrator whose address was refused has none here.
void CrossCheck::check_orchestrators() {
    Owners ids;
    Owners addresses;
    for (std::size_t i = 0; i < settings_.orchestrators.size(); ++i) {
        auto& orchestrator = settings_.orchestrators[i];
        if (orchestrator.address.empty()) continue;
        if (const auto [at, fresh] = addresses.emplace(orchestrator.address, i); !fresh) {
            report_twice(i, "address", orchestrator.address, at->second, "address");
            continue;
        }
        const bool named = !orchestrator.id.empty();
        if (!named) orchestrator.id = host_and_port(orchestrator.address);
        if (const auto [at, fresh] = ids.emplace(orchestrator.id, i); !fresh) {
            report_twice(i, named ? "id" : "address", orchestrator.id, at->second, "id");
        }
    }
}

// An answer counts for whoever owns the address that it names, so no two may own one.
void CrossCheck::check_service_addresses() {
    Owners owners;
    for (std::size_t i = 0; i < settings_.orchestrators.size(); ++i) {
        owners.emplace(settings_.orchestrators[i].address, i);
    }
    for (std::size_t i = 0; i < listed_; ++i) {
        const auto& addresses = settings_.orchestrators[i].service_addresses;
        for (std::size_t j = 0; j < addresses.size(); ++j) {
            const auto [at, fresh] = owners.emplace(addresses[j], i);
            if (fresh || at->second == i) continue;
            const bool is_main = settings_.orchestrators[at->second].address == addresses[j];
            const auto& items = node_of(i)->find("service_addresses")->children;
            // A refused item is not among the addresses: then the list stands for its items.
            const bool aligned = items.size() == addresses.size();
            report_twice_at(aligned ? items[j].mark : place_of(i, "service_addresses"),
                            cat(path_of(i, "service_addresses"), aligned ? cat("[", j, "]") : std::string()),
                            addresses[j], at->second, is_main ? "address" : "service_addresses");
        }
    }
}

// A key says who made a report: with one key two orchestrators could show the same worker's answers as their own.
void CrossCheck::check_worker_keys() {
    std::unordered_map<std::string, std::size_t> owners;
    for (std::size_t i = 0; i < listed_; ++i) {
        auto key = ascii::to_lower(settings_.orchestrators[i].worker_key);
        if (key.empty()) continue;
        const auto [at, fresh] = owners.emplace(std::move(key), i);
        if (!fresh) {
            report_twice(i, "worker_key", settings_.orchestrators[i].worker_key, at->second, "worker_key");
        }
    }
}

// Names of monitors and capabilities have to be there.
void CrossCheck::check_references() {
    const auto monitors = monitor_names();
    std::vector<std::string_view> capabilities;
    for (const auto& capability : settings_.capabilities) capabilities.push_back(capability.name);
    for (std::size_t i = 0; i < listed_; ++i) {
        const auto& orchestrator = settings_.orchestrators[i];
        if (!orchestrator.capability.empty()) {
            check_known(place_of(i, "capability"), path_of(i, "capability"), orchestrator.capability, "capabilities",
                        capabilities);
        }
        for (std::size_t j = 0; j < orchestrator.checks.size(); ++j) {
            const auto& item = node_of(i)->find("checks")->children[j];
            check_known(mark_of(item, "monitor"), cat(path_of(i, "checks"), "[", j, "].monitor"),
                        orchestrator.checks[j].monitor, "monitors", monitors);
        }
    }
}

// A worker's services: each once, and looked at by a monitor that is there.
void CrossCheck::check_services() {
    const auto monitors = monitor_names();
    Owners names;
    for (std::size_t i = 0; i < settings_.services.watch.size(); ++i) {
        const auto& service = settings_.services.watch[i];
        const auto& item = root_.find("services")->find("watch")->children[i];
        const auto path = cat("services.watch[", i, "]");
        check_known(mark_of(item, "monitor"), path + ".monitor", service.monitor, "monitors", monitors);
        if (service.name.empty() || names.emplace(service.name, i).second) continue;
        problems_.add(mark_of(item, "name"), path + ".name",
                      cat("got ", scalar_node(service.name, true).shown(), ", which services.watch[",
                          names[service.name], "] has already: want it once"));
    }
}

// The role whose schema the file is checked by; that reports a role that is none.
Role role_of(const Node& root) {
    const auto* role = root.find("role");
    return role != nullptr && role->text == "worker" ? Role::worker : Role::manager;
}

void collect_secrets(const Node& node, const Path& path, std::set<std::string>& paths) {
    if (node.secret) paths.insert(path.text());
    std::size_t index = 0;
    for (const auto& child : node.children) {
        collect_secrets(child, node.is(Node::Kind::mapping) ? path.key(child.key) : path.item(index++), paths);
    }
}

}  // namespace

Loaded load_text(const std::string& file, std::string text, const Environment& environment, Problems& problems) {
    Loaded out;
    // Editors of another world put a byte order mark first; columns are counted without it.
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    problems.set_source(file, std::move(text));
    auto root = parse_yaml(problems.source(), problems);
    if (!root) return out;
    expand_tree(*root, environment, out.names_read, problems);
    const auto role = role_of(*root);
    add_defaults(*root, role, environment, out.names_read, problems);
    settings_rules(role).check(*root, Path(), {}, problems);
    read_settings(*root, role, out.settings);
    collect_secrets(*root, Path(), out.settings.secret_paths);
    CrossCheck(*root, out.settings, problems).run();
    check_published(*root, out.settings, problems, out.warnings);
    return out;
}

Loaded load(const std::string& file, const Environment& environment, Problems& problems) {
    auto text = environment.read_file(file, YamlLimits{}.bytes);
    if (!text) {
        problems.set_source(file, {});
        problems.add({}, "", text.error().message);
        return {};
    }
    return load_text(file, std::move(*text), environment, problems);
}

}  // namespace stipend::config
