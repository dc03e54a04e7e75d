// Names the plugin in whose code the process ends: as the last line of the log, and durably for the next start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::plugin {

// From now on a signal of a defect (SIGSEGV, SIGABRT and such), and an exit that the host did not ask for, write a line
// to standard output and add one to `record`. A signal that has a handler already, as a sanitizer's, is left to it.
// Once for a process; before the first plugin is mapped.
Result<void> name_the_cause_of_an_end(const std::filesystem::path& record);
// The host ends by itself: from now on an exit is its own.
void end_is_wanted();

// The exit status of a process that a plugin's exit() ended.
inline constexpr int exit_of_plugin = 70;

// One end of the process in a plugin's code.
struct PluginEnd {
    std::int64_t at_s = 0;  // UTC
    std::string sha256, plugin, cause, call, file;
    std::uint64_t generation = 0;
};
// Those since the host last ended by itself, oldest first.
[[nodiscard]] std::vector<PluginEnd> read_plugin_ends(const std::filesystem::path& record);

// Hashes of files that are not mapped any more; `put_aside` is the list in the state folder. Adds the file that ended
// the host the last two times, where there is one.
Result<std::set<std::string>> update_put_aside(const std::filesystem::path& put_aside,
                                               const std::vector<PluginEnd>& ends);

}  // namespace stipend::plugin
