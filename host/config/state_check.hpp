// Whether a host could keep its state where the configuration says.
#pragma once

#include <filesystem>
#include <string>

#include "host/config/diagnostic.hpp"

namespace stipend::config {

// Why this process, with the rights that it has, could not make the state folder, or files in it; empty: nothing is
// known to be in the way. Looks only, and changes nothing. A path below something that is no folder is left to others.
[[nodiscard]] std::string state_refusal(const std::filesystem::path& state);
// Adds that to `diagnostics`, which has the source, at the line of `state`.
void check_state_folder(const std::string& state, Diagnostics& diagnostics);

}  // namespace stipend::config
