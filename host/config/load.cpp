#include "host/config/load.hpp"

#include <algorithm>

#include "host/config/cross_check.hpp"
#include "host/config/expand.hpp"
#include "host/config/known_default_secrets.hpp"
#include "host/config/settings_schema.hpp"
#include "host/config/settings_tree.hpp"
#include "host/config/yaml.hpp"

namespace stipend::config {
namespace {

// The role whose schema the file is checked by; that reports a role that is none.
Role role_of(const Node& root) {
    const auto* role = root.find("role");
    return role != nullptr && role->text == "worker" ? Role::worker : Role::manager;
}

// Those of the host's own options that are secrets are not shown, also where the file holds them as they are.
void mark_secrets(Node& root) {
    constexpr std::pair<std::string_view, std::string_view> secrets[] = {{"api", "jwt_secret"},
                                                                         {"api", "admin_password"},
                                                                         {"registration", "secret"},
                                                                         {"manager", "secret"},
                                                                         {"manager", "own_secret"}};
    for (auto& section : root.children) {
        for (const auto& [of, key] : secrets) {
            if (section.key != of) continue;
            for (auto& option : section.children) {
                if (option.key == key) option.secret = option.secret || !option.text.empty();
            }
        }
    }
}

}  // namespace

Loaded load_text(const std::string& file, std::string text, const Environment& environment, Diagnostics& diagnostics) {
    return load_text(file, std::make_shared<const std::string>(std::move(text)), environment, diagnostics);
}

Loaded load_text(const std::string& file, SourceText text, const Environment& environment, Diagnostics& diagnostics,
                 const TablesText* tables) {
    Loaded out;
    // Editors of another world put a byte order mark first; columns are counted without it.
    const std::size_t mark = text->starts_with("\xEF\xBB\xBF") ? 3 : 0;
    diagnostics.set_source(file, std::move(text), mark);
    auto root = parse_yaml(diagnostics.source(), diagnostics);
    if (!root) return out;
    expand_tree(*root, environment, out.names_read, diagnostics);
    const auto role = role_of(*root);
    add_defaults(*root, role, environment, out.names_read, diagnostics);
    mark_secrets(*root);
    out.tables = add_tables(*root, tables, environment, diagnostics, out.warnings);
    settings_rules(role).check(*root, Path(), {}, diagnostics);
    read_settings(*root, role, out.settings);
    for_each_value(*root, Path(), [&](const Node& node, const Path& path) {
        if (node.secret) out.settings.secret_paths.insert(path.text());
    });
    cross_check(*root, out.settings, diagnostics, out.warnings);
    check_published(*root, out.settings, diagnostics, out.warnings);
    return out;
}

std::optional<std::string> only_options(std::string_view text, std::span<const std::string_view> options) {
    std::string out;
    std::vector<std::string_view> found;
    std::vector<std::string_view> inside;  // keys of lines that are indented
    bool keeps = false;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        // The items of a list may begin at the column of its key.
        const auto first = line.find_first_not_of(" \t");
        const bool goes_on = first != 0 || line.front() == '#' || line.front() == '-';
        auto key = first == std::string_view::npos ? line : line.substr(first);
        key = key.substr(0, key.find_first_of(" :"));
        if (key.size() > 1 && (key.front() == '"' || key.front() == '\'') && key.back() == key.front())
            key = key.substr(1, key.size() - 2);
        if (!goes_on) {
            if (line.front() == '{' || line.front() == '[') return std::nullopt;
            found.push_back(key);
            keeps = key == "role" || std::find(options.begin(), options.end(), key) != options.end();
        } else {
            inside.push_back(key);
        }
        if (keeps) out += line;
        out += '\n';
    }
    if (found.empty()) return std::nullopt;
    // One that is missing here and is a key further in may be meant, and only be indented by mistake.
    const auto has = [](const auto& keys, std::string_view key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    const bool doubtful = std::any_of(options.begin(), options.end(),
                                      [&](auto option) { return !has(found, option) && has(inside, option); });
    return doubtful ? std::nullopt : std::optional(std::move(out));
}

Loaded load(const std::string& file, const Environment& environment, Diagnostics& diagnostics) {
    auto text = environment.read_file(file, YamlLimits{}.bytes);
    if (!text) {
        diagnostics.set_source(file, {});
        diagnostics.add({}, "", text.error().message);
        return {};
    }
    return load_text(file, std::move(*text), environment, diagnostics);
}

}  // namespace stipend::config
