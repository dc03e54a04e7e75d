#include "host/config/known_default_secrets.hpp"

#include <algorithm>

#include "host/config/expand.hpp"
#include "host/config/path.hpp"
#include "host/config/url.hpp"
#include "stipend/ascii.hpp"

namespace stipend::config {
namespace {

// "listen.worker is 0.0.0.0:9876" of the first listener that others can reach; empty: there is none.
std::string reachable(const Settings& settings) {
    const std::pair<std::string_view, std::string_view> listeners[] = {{"listen.worker", settings.worker_listen},
                                                                       {"listen.api", settings.api_listen},
                                                                       {"listen.metrics", settings.metrics_listen}};
    for (const auto& [name, address] : listeners) {
        if (!address.empty() && !loopback_listen(address)) return cat(name, " is ", address);
    }
    return {};
}

bool secret_key(std::string key) {
    for (auto& c : key) c = ascii::is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    return secret_name(key);
}

// The first secret variable that the value at a place is written with; empty: none.
std::string variable_at(std::string_view source, SourcePos pos) {
    auto rest = line_of(source, pos.line);
    rest.remove_prefix(std::min(static_cast<std::size_t>(pos.column - 1), rest.size()));
    const auto names = variables_of(rest);
    const auto found = std::find_if(names.begin(), names.end(), [](const auto& name) { return secret_name(name); });
    return found == names.end() ? std::string() : *found;
}

}  // namespace

void check_published(const Node& root, const Settings& settings, Diagnostics& diagnostics,
                     std::vector<std::string>& warnings) {
    const auto listener = reachable(settings);
    for_each_value(root, Path(), [&](const Node& node, const Path& path) {
        if (!node.is(Node::Kind::scalar) || node.refused || !known_default_secret(node.text)) return;
        if (!node.secret && !secret_key(node.key)) return;
        if (path.text() == "manager.secret" && settings.membership.url.empty()) return;  // it is used for nothing
        const auto variable = variable_at(diagnostics.source(), node.pos);
        const auto mend = cat("want one of your own", variable.empty() ? "" : cat(" in ", variable),
                              ", here and where it is checked, such as this prints: openssl rand -hex 32");
        if (!listener.empty()) {
            const auto message = cat("got a publicly known secret, while ", listener, ": ", mend);
            return diagnostics.add(node.pos, path.text(), message);
        }
        warnings.push_back(
            cat(diagnostics.file(), ":", node.pos.line, ":", node.pos.column, ": ", path.text(),
                ": got a publicly known secret, accepted only while every listener is on loopback: ", mend));
    });
}

}  // namespace stipend::config
