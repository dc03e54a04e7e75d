#include "host/cli/plugins_new.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <vector>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/cli/context.hpp"
#include "stipend/version.h"

namespace stipend::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_name = 48;
constexpr std::uintmax_t max_template_bytes = 256u << 10;
constexpr std::size_t max_files = 64;

bool is_small(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

Result<void> check_name(const std::string& name) {
    bool good = !name.empty() && name.size() <= max_name && is_small(name.front()) && name.back() != '-' &&
                name.find("--") == std::string::npos;
    for (const char c : name) good = good && (is_small(c) || is_digit(c) || c == '-');
    if (good) return {};
    return fail(STIPEND_E_INVALID, "NAME: got \"", printable_line(name.substr(0, 80)),
                "\", want lower case letters, digits and single hyphens, such as night-rate; at most ", max_name);
}

// night-rate as an identifier of C: night_rate.
std::string identifier(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

// night-rate as the name of a class: NightRate.
std::string class_name(const std::string& name) {
    std::string out;
    bool begins = true;
    for (const char c : name) {
        if (c != '-') out += begins && is_small(c) ? static_cast<char>(c - 'a' + 'A') : c;
        begins = c == '-';
    }
    return out;
}

// "0.1" of 0.1.0: what a project asks of the SDK.
std::string sdk_version() {
    const std::string_view whole = STIPEND_VERSION;
    return std::string(whole.substr(0, whole.rfind('.')));
}

using Values = std::vector<std::pair<std::string, std::string>>;

std::string filled_in(std::string text, const Values& values) {
    for (const auto& [key, value] : values) {
        for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size())) {
            text.replace(at, key.size(), value);
        }
    }
    return text;
}

std::vector<std::string> folders_in(const fs::path& folder) {
    std::vector<std::string> out;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.is_directory(error)) out.push_back(entry.path().filename().native());
    }
    std::sort(out.begin(), out.end());
    return out;
}

// templates/LANGUAGE/KIND; beside them, templates/KIND is what the languages share, and templates/common what all do.
Result<fs::path> find_template(const fs::path& templates, const NewPluginOptions& options) {
    std::error_code error;
    if (!fs::is_directory(templates, error)) {
        return fail(STIPEND_E_UNAVAILABLE, "templates: got no folder ", templates.native(),
                    ", want it there: it comes with the package stipend-sdk");
    }
    std::vector<std::string> known;
    for (const auto& language : {"c++", "c", "rust", "go"}) {
        for (const auto& kind : folders_in(templates / language)) {
            if (options.language == language && options.kind == kind) return templates / language / kind;
            known.push_back(fmt::format("{} in {}", kind, language));
        }
    }
    return fail(STIPEND_E_INVALID, "template: got ", printable_line(options.kind), " in ",
                printable_line(options.language), ", want one of ", fmt::format("{}", fmt::join(known, ", ")));
}

// The files below a folder, by their place in the project; a later folder's file replaces one of the same place. Those
// that other tools must not take for sources of this tree end in ".in".
Result<void> collect(const fs::path& folder, std::map<fs::path, fs::path>& files) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) return {};
    auto next = fs::recursive_directory_iterator(folder, error);
    for (; !error && next != fs::recursive_directory_iterator(); next.increment(error)) {
        auto place = next->path().lexically_relative(folder);
        if (place.extension() == ".in") place.replace_extension();
        if (next->is_regular_file(error)) files[std::move(place)] = next->path();
        if (files.size() > max_files) {
            return fail(STIPEND_E_LIMIT, "templates: ", folder.native(), ": got more than ", max_files, " files");
        }
    }
    if (!error) return {};
    return fail(STIPEND_E_UNAVAILABLE, "templates: ", folder.native(), ": cannot be read: ", error.message());
}

Result<void> make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error) return {};
    return fail(STIPEND_E_UNAVAILABLE, "folder: ", printable_line(folder.native()),
                ": cannot be made: ", error.message());
}

// Quoted in files of other languages, so it has none of what these would read otherwise.
Result<std::string> quotable(const fs::path& path) {
    std::error_code error;
    const auto whole = fs::weakly_canonical(path, error).native();
    const bool good = !error && std::none_of(whole.begin(), whole.end(),
                                             [](char c) { return c == '"' || c == '\\' || c == '$' || c < ' '; });
    if (good) return whole;
    return fail(STIPEND_E_UNAVAILABLE, "SDK: ", printable_line(path.native()),
                ": got a path with characters that a build file cannot hold");
}

Result<void> write_project_file(const fs::path& from, const fs::path& to, const Values& values) {
    STIPEND_LET(text, read_file(from, max_template_bytes));
    STIPEND_TRY(make_folder(to.parent_path()));
    std::error_code error;
    const auto mode = fs::status(from, error).permissions();
    const bool program = (mode & fs::perms::owner_exec) != fs::perms::none;
    return write_file_atomically(to, filled_in(std::move(text), values), program ? 0755 : 0644);
}

}  // namespace

fs::path sdk_share() {
    return program_folder().parent_path() / "share" / "stipend";
}

Result<fs::path> make_project(const fs::path& share, const NewPluginOptions& options) {
    STIPEND_TRY(check_name(options.name));
    const auto templates = share / "templates";
    STIPEND_LET(own, find_template(templates, options));
    STIPEND_LET(rust, quotable(share / "rust"));
    STIPEND_LET(go, quotable(share / "go"));
    const Values values{
        {"@NAME@", options.name},         {"@IDENT@", identifier(options.name)}, {"@CLASS@", class_name(options.name)},
        {"@SDK_VERSION@", sdk_version()}, {"@RUST_SDK@", std::move(rust)},       {"@GO_SDK@", std::move(go)}};
    std::map<fs::path, fs::path> files;
    STIPEND_TRY(collect(templates / "common", files));
    STIPEND_TRY(collect(templates / options.kind, files));
    STIPEND_TRY(collect(own, files));
    const fs::path project = options.folder.empty() ? fs::path(options.name) : fs::path(options.folder);
    std::error_code error;
    if (fs::exists(fs::symlink_status(project, error)) &&
        !(fs::is_directory(project, error) && fs::is_empty(project, error))) {
        return fail(STIPEND_E_CONFLICT, "folder: ", printable_line(project.native()),
                    ": got something there already, want a new or an empty folder");
    }
    STIPEND_TRY(make_folder(project));
    for (const auto& [place, from] : files) STIPEND_TRY(write_project_file(from, project / place, values));
    return project;
}

int plugins_new(const NewPluginOptions& options) {
    const auto project = make_project(sdk_share(), options);
    if (!project) {
        print_error(project.error());
        return project.error().status == STIPEND_E_INVALID ? exit_usage : exit_bad;
    }
    fmt::print("{}: a {} in {}; its README.md says how it is built, tested and run on the devnet\n",
               printable_line(project->native()), options.kind, options.language);
    return exit_good;
}

}  // namespace stipend::cli
