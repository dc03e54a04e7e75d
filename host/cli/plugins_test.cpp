// `stipend plugins test`: one plugin against the rules of the ABI.
#include <fmt/format.h>

#include <chrono>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/plugins_test.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/config/plugin_config.hpp"
#include "host/config/yaml.hpp"
#include "host/plugin/validation/validator.hpp"

namespace stipend::cli {
namespace {

constexpr std::uintmax_t max_config_bytes = 1 << 20;

std::string_view outcome_name(plugin::Outcome outcome) {
    switch (outcome) {
        case plugin::Outcome::pass:
            return "PASS";
        case plugin::Outcome::fail:
            return "FAIL";
        case plugin::Outcome::skip:
            break;
    }
    return "SKIP";
}

// The plugin's configuration as JSON; nothing and a diagnostic where it is not readable.
std::optional<std::string> read_config(const std::string& file, config::Diagnostics& diagnostics) {
    auto text = read_file(file, max_config_bytes);
    if (!text) {
        diagnostics.add({}, file, text.error().message);
        return std::nullopt;
    }
    diagnostics.set_source(file, std::move(*text));
    auto root = config::parse_yaml(diagnostics.source(), diagnostics);
    if (root && !root->is(config::Node::Kind::mapping)) {
        diagnostics.add(root->pos, "", cat("got ", root->shown(), ", want a mapping: the plugin's own configuration"));
    }
    if (!root || !diagnostics.empty()) return std::nullopt;
    return config::plugin_json(std::make_shared<const config::Node>(std::move(*root)));
}

bool is_shown(const plugin::RuleResult& result, bool only_failed) {
    return !only_failed || result.outcome == plugin::Outcome::fail;
}

Json to_json(const plugin::PluginResults& plugin, bool only_failed) {
    auto rules = Json::array();
    for (const auto& one : plugin.results) {
        if (!is_shown(one, only_failed)) continue;
        rules.push(Json::object()
                       .set("rule", Json(one.rule->name))
                       .set("outcome", Json(outcome_name(one.outcome)))
                       .set("source", Json(one.rule->source))
                       .set("sentence", Json(one.rule->sentence))
                       .set("text", one.text));
    }
    return Json::object().set("id", plugin.id).set("config", plugin.config_json).set("rules", std::move(rules));
}

void print(std::FILE* out, const plugin::PluginResults& plugin, bool only_failed) {
    if (!plugin.id.empty()) {
        fmt::print(out, "{}, with the configuration {}\n", printable_line(plugin.id),
                   plugin.config_json.empty() ? "none" : printable_line(clip(plugin.config_json, 300)));
    }
    for (const auto& one : plugin.results) {
        if (!is_shown(one, only_failed)) continue;
        fmt::print(out, "{} {}  \"{}\" ({}){}{}\n", outcome_name(one.outcome), one.rule->name, one.rule->sentence,
                   one.rule->source, one.text.empty() ? "" : ": ", printable_line(one.text));
    }
}

}  // namespace

int plugins_test(const PluginTestOptions& options) {
    // Of the settings only the plugin folder is needed, so a broken file is no obstacle.
    config::Diagnostics ignored, diagnostics;
    const auto loaded = config::load("config.yaml", config::ProcessEnvironment(), ignored);
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    const auto from = trial->loader_options(loaded.settings);
    plugin::ValidatorOptions how{.probe = from.probe, .seed = options.seed, .id = options.id};
    how.valgrind = options.valgrind;
    if (!options.config.empty()) {
        how.config_json = read_config(options.config, diagnostics);
        if (!how.config_json) return print_diagnostics(diagnostics, options.json);
    }
    const AnswerStream answer;
    const auto begun = std::chrono::steady_clock::now();
    const auto found = plugin::validate(plugin::Loader(from).file_of(options.file), from.staging, how);
    if (!found) return print_error(found.error());
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
    const auto failed = found->count(plugin::Outcome::fail);
    const auto passed = found->count(plugin::Outcome::pass), skipped = found->count(plugin::Outcome::skip);
    if (options.json) {
        auto plugins = Json::array();
        for (const auto& one : found->plugins) plugins.push(to_json(one, options.only_failed));
        const auto out = Json::object()
                             .set("file", options.file)
                             .set("sha256", found->sha256)
                             .set("seed", Json::of_number(std::to_string(options.seed)))
                             .set("milliseconds", ms)
                             .set("passed", passed)
                             .set("failed", failed)
                             .set("skipped", skipped)
                             .set("plugins", std::move(plugins));
        fmt::print(answer.file(), "{}\n", out.dump());
    } else {
        for (const auto& one : found->plugins) print(answer.file(), one, options.only_failed);
        fmt::print(answer.file(), "{} passed, {} failed, {} skipped, seed {}, {}.{:03} s\n", passed, failed, skipped,
                   options.seed, ms / 1000, ms % 1000);
    }
    return failed == 0 ? exit_good : exit_bad;
}

}  // namespace stipend::cli
