#include <fmt/format.h>

#include <cstdio>

#include "host/base/printable.hpp"
#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"

namespace stipend::cli {
namespace {

Json to_json(const plugin::Staged& staged, const plugin::LibraryDescription& description) {
    Json out = Json::object();
    out.set("file", staged.source.native());
    out.set("sha256", staged.sha256);
    const auto inside = description.to_json();
    for (const auto& [key, value] : inside.members()) out.set(key, value);
    Json tried = Json::array();
    for (const auto& one : description.plugins) {
        if (one.tried) tried.push(Json(one.id));
    }
    out.set("tried", std::move(tried));
    return out;
}

std::string shown(const std::string& text) {
    return printable(text);
}

void print(const plugin::Staged& staged, const plugin::LibraryDescription& description) {
    fmt::print("{}\n  sha256 {}\n  ABI {}.{}, {}, {}\n", staged.source.native(), staged.sha256, description.abi_major,
               description.abi_minor, description.sdk, description.build);
    for (const auto& one : description.plugins) {
        fmt::print("  {} {}: {}\n    {}\n    offers {}\n    {}\n    configuration schema: {}\n", shown(one.id),
                   shown(one.version), shown(one.name), shown(one.description),
                   shown(fmt::format("{}", fmt::join(one.kinds, ", "))),
                   one.tried ? "tried with an empty configuration"
                             : "not tried, since it needs a configuration: `stipend check` tries it",
                   one.config_schema.empty() ? "none" : shown(one.config_schema));
    }
    for (const auto& warning : description.warnings) fmt::print("  warning: {}\n", shown(warning));
}

}  // namespace

int plugins_list(const Common& common) {
    config::Diagnostics diagnostics;
    const auto loaded = config::load(common.config_file, config::ProcessEnvironment(), diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, common.json);
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    plugin::Loader loader(trial->loader_options(loaded.settings));
    const auto listed = loader.list();
    if (!listed) return print_error(listed.error());
    Json list = Json::array();
    bool all_good = true;
    for (const auto& one : *listed) {
        all_good = all_good && one.found.ok();
        if (common.json) {
            Json failed = Json::object();
            if (!one.found) {
                failed.set("file", one.file.native());
                failed.set("error", one.found.error().message);
            }
            list.push(one.found ? to_json(one.found->first, one.found->second) : failed);
        } else if (one.found) {
            for (const auto& inside : one.found->second.plugins) {
                fmt::print("{:<16} {:<28} {:<10} {}\n", one.file.stem().native(), inside.id, inside.version,
                           fmt::join(inside.kinds, ", "));
            }
        } else {
            fmt::print("{:<16} refused: {}\n", one.file.stem().native(), one.found.error().message);
        }
    }
    if (common.json) fmt::print("{}\n", list.dump());
    return all_good ? exit_good : exit_bad;
}

int plugins_inspect(const Common& common, const std::string& file) {
    // Of the settings only the plugin folder is needed, so a broken file is no obstacle.
    config::Diagnostics ignored;
    const auto loaded = config::load(common.config_file, config::ProcessEnvironment(), ignored);
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    auto options = trial->loader_options(loaded.settings);
    options.trust.clear();  // it is looked at before it is signed
    plugin::Loader loader(std::move(options));
    const auto found = loader.inspect(loader.file_of(file));
    if (!found) return print_error(found.error());
    if (common.json) {
        fmt::print("{}\n", to_json(found->first, found->second).dump());
    } else {
        print(found->first, found->second);
    }
    return exit_good;
}

}  // namespace stipend::cli
