#include "host/cli/command_pages.hpp"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>

#include "host/base/command_tree.hpp"
#include "host/base/file.hpp"
#include "host/base/program_paths.hpp"
#include "host/base/subprocess.hpp"
#include "host/cli/completion.hpp"
#include "host/cli/context.hpp"
#include "host/cli/man_page.hpp"
#include "host/cli/settings_page.hpp"
#include "stipend/duration.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t max_tree_bytes = std::size_t{4} << 20;
constexpr mode_t page_mode = 0644;

// What that program prints of itself; none where it cannot be started or says nothing.
std::optional<Json> tree_of_program(const std::filesystem::path& program) {
    subprocess::Command command;
    command.arguments = {program.native(), std::string(command_tree_word)};
    command.deadline_ns = 10 * ns_per_s;
    command.max_output = max_tree_bytes;
    const auto ended = subprocess::run(command);
    if (!ended || ended->status != 0) return std::nullopt;
    auto tree = parse_json(ended->out);
    return tree ? std::optional(std::move(*tree)) : std::nullopt;
}

// The tree with those of these programs among its commands.
Json whole(const Json& tree, const std::vector<std::string>& apart) {
    auto out = tree;
    auto commands = *tree.find("commands");
    for (const auto& name : apart) {
        const auto program = command_program(program_folder(), name);
        if (!program) continue;
        if (auto one = tree_of_program(*program)) commands.push(std::move(*one));
    }
    out.set("commands", std::move(commands));
    return out;
}

// Its own where it is a program's.
std::string page_of(const Json& command, const Json& root, const std::vector<std::string>& names) {
    const auto* own = command.find("exit");
    const bool of_host = own == nullptr;
    return command_page(command, {of_host ? *root.find("exit") : *own, of_host ? names : std::vector<std::string>()});
}

int write_pages(const std::string& folder, const Json& root, const std::vector<std::string>& names) {
    const auto write = [&](const std::string& name, const std::string& text) {
        const auto done = write_file_atomically(std::filesystem::path(folder) / name, text, page_mode);
        if (!done) print_notice(done.error().message);
        return done.ok();
    };
    if (!write(page_name(""), overview_page(root, {*root.find("exit"), names}))) return exit_bad;
    for (const auto& one : root.find("commands")->items()) {
        if (!write(page_name(one.find("name")->text()), page_of(one, root, names))) return exit_bad;
    }
    return exit_good;
}

}  // namespace

int man_page(const PageOptions& options, const Json& tree, const std::vector<std::string>& apart) {
    auto asked = apart;
    // One that is installed apart: only where it is asked for.
    if (options.command == "signer") asked.push_back(options.command);
    const auto root = whole(tree, asked);
    const auto names = settings_environment();
    if (options.settings) {
        std::fputs(settings_page().c_str(), stdout);
        return exit_good;
    }
    if (!options.folder.empty()) return write_pages(options.folder, root, names);
    if (options.command.empty()) {
        std::fputs(overview_page(root, {*root.find("exit"), names}).c_str(), stdout);
        return exit_good;
    }
    std::vector<std::string_view> known;
    for (const auto& one : root.find("commands")->items()) {
        known.push_back(one.find("name")->text());
        if (known.back() != options.command) continue;
        std::fputs(page_of(one, root, names).c_str(), stdout);
        return exit_good;
    }
    print_notice(cat("got no command \"", options.command, "\", want one of --help",
                     config::did_you_mean(options.command, known)));
    return exit_usage;
}

int completion(const PageOptions& options, const Json& tree, const std::vector<std::string>& apart) {
    const auto root = whole(tree, apart);
    const auto text = options.shell == "bash"  ? bash_completion(root)
                      : options.shell == "zsh" ? zsh_completion(root)
                                               : fish_completion(root);
    std::fputs(text.c_str(), stdout);
    return exit_good;
}

}  // namespace stipend::cli
