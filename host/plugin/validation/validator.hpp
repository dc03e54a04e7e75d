// Holds one plugin to all rules of rules.hpp: `stipend plugins test`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/plugin/probe.hpp"
#include "host/plugin/rules.hpp"
#include "host/plugin/stage.hpp"

namespace stipend::plugin {

enum class Outcome : std::uint8_t { pass, fail, skip };

struct RuleResult {
    const Rule* rule = nullptr;  // never NULL
    Outcome outcome = Outcome::skip;
    std::string text = {};  // what was got and wanted, how much was looked at, or why it was not
};

struct ValidatorOptions {
    ProbeOptions probe;
    std::uint64_t seed = 1;                       // at most INT64_MAX
    std::string id = {};                          // only this plugin of the library
    std::optional<std::string> config_json = {};  // none: one is drawn from the schema
    bool valgrind = false;
};

struct PluginResults {
    std::string id;                   // empty: the library could not be described
    std::string config_json;          // that it was tried with
    std::vector<RuleResult> results;  // in the order of all_rules()
};

struct Validation {
    std::string sha256;  // empty: the file was refused before it was copied
    std::vector<PluginResults> plugins;
    [[nodiscard]] std::size_t count(Outcome outcome) const;
};

// Copies the file into `staging` and tries it, each rule in a process of its own as far as one that breaks would hide
// others. Blocks for some seconds; [any] thread. An error where the probe cannot be used, or the library has no plugin
// of that id.
Result<Validation> validate(const std::filesystem::path& file, const std::filesystem::path& staging,
                            const ValidatorOptions& options);

// An error of memory by the plugin's own code, as valgrind reports it: what and where, one text each. `copy` is the
// library that was loaded. UNAVAILABLE: there is no valgrind.
Result<std::vector<std::string>> run_valgrind(const Staged& staged, const ProbeConfig& config,
                                              const ProbeOptions& options);

}  // namespace stipend::plugin
