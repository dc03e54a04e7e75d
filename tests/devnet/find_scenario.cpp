#include "tests/devnet/find_scenario.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "host/base/printable.hpp"
#include "host/base/program_paths.hpp"
#include "host/config/diagnostic.hpp"
#include "tests/devnet/scenario.hpp"

namespace stipend::devnet {
namespace {

namespace fs = std::filesystem;

// Empty where the program's own path is unknown.
fs::path installed_folder() {
    const auto folder = own_folder();
    return folder ? folder_of_stipend(*folder).parent_path() / "share/stipend/scenarios" : fs::path();
}

std::vector<std::string> installed_names(const fs::path& folder) {
    std::vector<std::string> out;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".yaml") out.push_back(entry.path().stem().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

Error no_such(const std::string& word, const std::vector<std::string>& names) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    std::string known;
    for (const auto& name : names) known += cat(", ", name);
    return fail(STIPEND_E_CONFIG, "--scenario: got \"", printable_line(word), "\", want a file",
                known.empty() ? "" : " or one of", known.empty() ? "" : std::string_view(known).substr(1),
                config::did_you_mean(word, views));
}

}  // namespace

Result<ScenarioFile> find_scenario(const std::string& file_or_name) {
    std::error_code error;
    fs::path path = file_or_name;
    if (!fs::exists(path, error)) {
        const auto folder = installed_folder();
        const auto names = installed_names(folder);
        if (std::find(names.begin(), names.end(), file_or_name) == names.end()) return no_such(file_or_name, names);
        path = folder / (file_or_name + ".yaml");
    }
    const auto shown = printable_line(path.string());
    if (fs::is_directory(path, error))
        return fail(STIPEND_E_CONFIG, "--scenario: ", shown, ": got a folder, want a file");
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(STIPEND_E_CONFIG, "--scenario: ", shown, ": cannot be read");
    std::string text(max_scenario_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return fail(STIPEND_E_CONFIG, "--scenario: ", shown, ": cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_scenario_bytes) {
        return fail(STIPEND_E_LIMIT, "--scenario: ", shown, ": want at most ", max_scenario_bytes, " bytes");
    }
    return ScenarioFile{shown, std::move(text)};
}

}  // namespace stipend::devnet
