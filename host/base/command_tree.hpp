// The command line of a program as JSON, from which its pages and completions are made (host/cli/command_pages.hpp).
//
//   {"name","what","footer","commands":[...],"exit":[{"status","what"}],
//    "options":[{"names":["-c","--config"],"value","what","default","choices":[...],"required","repeats"}]}
//
// `value` is empty for a flag; FILE and DIR are paths. An argument without a name has its place in the order and no
// names.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"

namespace stipend {

// The only word of a command line that asks a program for its tree. No part of what --help shows.
inline constexpr std::string_view command_tree_word = "--command-tree";

struct ExitStatus {
    int status = 0;
    std::string_view what;
};

namespace command_tree_parts {

inline constexpr int many = 1 << 20;

// "TEXT:{manager,worker}" has two; a range and others have none.
inline Json choices(const std::string& type) {
    auto out = Json::array();
    const auto open = type.find('{');
    const auto close = type.find('}', open == std::string::npos ? type.size() : open);
    if (close == std::string::npos) return out;
    for (std::size_t at = open + 1; at < close;) {
        const auto end = std::min(type.find(',', at), close);
        out.push(type.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

inline Json option(const CLI::Option& one) {
    auto names = Json::array();
    for (const auto& name : one.get_snames()) names.push("-" + name);
    for (const auto& name : one.get_lnames()) names.push("--" + name);
    const bool flag = one.get_items_expected_max() == 0;
    const auto type = one.get_type_name();
    std::string value = flag ? "" : type.substr(0, type.find_first_of(": "));
    if (one.get_positional() && one.nonpositional() == false) value = one.get_name(true);
    return Json::object()
        .set("names", std::move(names))
        .set("value", value)
        .set("what", one.get_description())
        .set("default", one.get_default_str())
        .set("choices", choices(type))
        .set("required", one.get_required())
        .set("repeats", !flag && one.get_items_expected_max() >= many);
}

// An option group has no name: what is in it belongs to the command.
inline void add_options(const CLI::App& app, Json& into) {
    for (const auto* one : app.get_options()) {
        if (!one->get_group().empty()) into.push(option(*one));
    }
    for (const auto* group : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (group->get_name().empty()) add_options(*group, into);
    }
}

inline Json command(const CLI::App& app, const std::string& name) {
    auto options = Json::array();
    add_options(app, options);
    auto commands = Json::array();
    for (const auto* one : app.get_subcommands([](const CLI::App*) { return true; })) {
        const bool shown = !one->get_name().empty() && !one->get_group().empty();
        if (shown) commands.push(command(*one, one->get_name()));
    }
    return Json::object()
        .set("name", name)
        .set("what", app.get_description())
        .set("footer", app.get_footer())
        .set("options", std::move(options))
        .set("commands", std::move(commands));
}

}  // namespace command_tree_parts

// `name`: "stipend", or "jobs" for `stipend jobs`.
[[nodiscard]] inline Json command_tree(const CLI::App& app, const std::string& name,
                                       const std::vector<ExitStatus>& exits) {
    auto out = command_tree_parts::command(app, name);
    auto list = Json::array();
    for (const auto& [status, what] : exits) list.push(Json::object().set("status", status).set("what", what));
    return out.set("exit", std::move(list));
}

// Prints the tree and returns true where the command line asks for it.
[[nodiscard]] inline bool print_command_tree(const CLI::App& app, const std::string& name, int argc, char** argv,
                                             const std::vector<ExitStatus>& exits) {
    if (argc != 2 || argv[1] != command_tree_word) return false;
    std::puts(command_tree(app, name, exits).dump().c_str());
    return true;
}

}  // namespace stipend
