// Asks stipend-probe to try one part of the rules of rules.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/plugin/finding.hpp"
#include "host/plugin/probe.hpp"

namespace stipend::plugin {

// What is to be tried, and how (rules.hpp).
struct TrialRequest {
    std::string section = {};  // its name; empty: the short form as a whole
    std::uint64_t seed = 0;
    std::vector<std::string> configs = {};  // of the section `configs`, each as JSON
    std::vector<std::string> wrapper = {};  // a program with arguments that runs the probe
};

struct TrialAnswer {
    std::optional<LibraryDescription> description = {};  // none where `failed` is set, or of a part of the short form
    std::optional<Finding> failed = {};                  // what ended the trial; its rule is empty for no rule
    bool of_config = false;                              // the plugin refuses the configuration, with `config_path`
    std::string config_path = {};
    std::vector<Finding> findings = {};
    std::string looked_at = {};  // how much, for people
};

// Tries one part of the rules. Not OK where the probe itself cannot be used. Blocks; [any] thread.
Result<TrialAnswer> try_part(const std::filesystem::path& copy, const std::filesystem::path& shown_as,
                             const std::optional<ProbeConfig>& config, const TrialRequest& request,
                             const ProbeOptions& options);

}  // namespace stipend::plugin
