// Where `--scenario` finds its file.
#pragma once

#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::devnet {

struct ScenarioFile {
    std::string path;
    std::string text;  // at most max_scenario_bytes
};

// Reads the file of that path or, where there is none, the installed one of that name: share/stipend/scenarios beside
// the folder of this program. CONFIG names what there is otherwise, LIMIT a file that is too long.
[[nodiscard]] Result<ScenarioFile> find_scenario(const std::string& file_or_name);

}  // namespace stipend::devnet
