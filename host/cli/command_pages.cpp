#include "host/cli/command_pages.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>

#include "host/base/file.hpp"
#include "host/cli/completion.hpp"
#include "host/cli/context.hpp"
#include "host/cli/man_page.hpp"
#include "host/config/reference.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t max_tree_bytes = std::size_t{4} << 20;
constexpr mode_t page_mode = 0644;

// What that program prints of itself; none where it cannot be started or says nothing.
std::optional<Json> tree_of_program(const std::filesystem::path& program) {
    int ends[2] = {-1, -1};
    if (::access(program.c_str(), X_OK) != 0 || ::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string name = program.string();
    std::string word = "--command-tree";  // host/base/command_tree.hpp
    char* words[] = {name.data(), word.data(), nullptr};
    pid_t child = -1;
    const int failed = ::posix_spawn(&child, name.c_str(), &actions, nullptr, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string text;
    char part[4096];
    ssize_t got = 0;
    while (failed == 0 && text.size() <= max_tree_bytes && (got = ::read(ends[0], part, sizeof part)) > 0) {
        text.append(part, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);  // a program that still writes is ended by that
    int status = 0;
    if (failed != 0 || ::waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
    auto tree = parse_json(text);
    return tree ? std::optional(std::move(*tree)) : std::nullopt;
}

// The cells of a row of the reference; none of another line.
std::vector<std::string> cells_of(std::string_view line) {
    std::vector<std::string> out;
    if (!line.starts_with("| `") || !line.ends_with(" |")) return out;
    line = line.substr(2, line.size() - 4);
    for (;;) {
        const auto end = line.find(" | ");
        out.emplace_back(line.substr(0, end));
        if (end == std::string_view::npos) return out;
        line.remove_prefix(end + 3);
    }
}

// "`GATEWAY_URL`, `OTHER`" has two; anything else has none.
std::vector<std::string> variables_of(std::string_view cell) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    std::vector<std::string> out;
    while (cell.starts_with('`')) {
        const auto end = cell.find_first_not_of(letters, 1);
        if (end == std::string_view::npos || end == 1 || cell[end] != '`') return {};
        out.emplace_back(cell.substr(1, end - 1));
        cell.remove_prefix(end + 1);
        if (cell.empty()) return out;
        if (!cell.starts_with(", ")) return {};
        cell.remove_prefix(2);
    }
    return {};
}

// The names that a configuration takes from the environment, as its reference has them: the cells of a row are an
// option, its values, its default, and its names.
std::vector<std::string> environment() {
    const auto text = config::settings_reference();
    std::map<std::string, std::string> found;
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        const auto cells = cells_of(std::string_view(text).substr(from, end - from));
        from = end + 1;
        for (std::size_t at = 3; at < cells.size(); ++at) {
            auto option = cells.front();
            auto standard = cells[at - 1];
            std::erase(option, '`');
            std::erase(standard, '`');
            const auto rest = standard.empty() ? "." : cat("; the default is ", standard, ".");
            for (const auto& name : variables_of(cells[at])) {
                found.try_emplace(name, cat("Sets ", option, " in a configuration that does not", rest));
            }
        }
    }
    found.try_emplace("STIPEND_API_KEY", "The key for a manager that is asked over its API, where no file is given.");
    std::vector<std::string> out;
    for (const auto& [key, what] : found) out.push_back(cat(key, " ", what));
    return out;
}

// The tree with those of the programs beside this one among its commands.
Json whole(const Json& tree, const std::vector<std::string>& beside, std::vector<std::string>& found) {
    auto out = tree;
    auto commands = *tree.find("commands");
    for (const auto& name : beside) {
        auto one = tree_of_program(program_folder() / ("stipend-" + name));
        if (!one) continue;
        commands.push(std::move(*one));
        found.push_back(name);
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

int man_page(const PageOptions& options, const Json& tree, const std::vector<std::string>& beside) {
    std::vector<std::string> found;
    auto asked = beside;
    // One that is installed apart: only where it is asked for.
    if (options.command == "signer") asked.push_back(options.command);
    const auto root = whole(tree, asked, found);
    const auto names = environment();
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

int completion(const PageOptions& options, const Json& tree, const std::vector<std::string>& beside) {
    std::vector<std::string> found;
    const auto root = whole(tree, beside, found);
    const auto text = options.shell == "bash"  ? bash_completion(root, found)
                      : options.shell == "zsh" ? zsh_completion(root, found)
                                               : fish_completion(root);
    std::fputs(text.c_str(), stdout);
    return exit_good;
}

}  // namespace stipend::cli
