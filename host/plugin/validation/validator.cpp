#include "host/plugin/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "host/plugin/trial_request.hpp"
#include "host/plugin/validation/schema_rules.hpp"
#include "stipend/abi/policy.h"
#include "stipend/json_parse.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace {

constexpr int most_first_configs = 40;  // until the plugin accepts one

// Behind which sections each one is looked at.
std::vector<Section> needed_by(Section section) {
    switch (section) {
        case Section::describe:
            return {Section::load};
        case Section::init:
        case Section::host:
            return {Section::load, Section::describe};
        case Section::deinit:
            return {Section::load, Section::describe, Section::init};
        case Section::exit:
            return {Section::load, Section::describe, Section::init, Section::deinit};
        case Section::check_config:
            return {Section::load, Section::describe, Section::init};
        case Section::life:
            return {Section::load, Section::describe, Section::init, Section::check_config};
        case Section::decisions:
        case Section::operations:
            return {Section::load, Section::describe, Section::init, Section::check_config, Section::life};
        case Section::order:
        case Section::lives:
        case Section::configs:
            return {Section::load,         Section::describe, Section::init,
                    Section::check_config, Section::life,     Section::decisions};
        case Section::drawn:
            return {Section::load, Section::describe,  Section::init, Section::check_config,
                    Section::life, Section::decisions, Section::order};
        case Section::load:
        case Section::whole:
        case Section::valgrind:
            break;
    }
    return {};
}

constexpr std::array library_parts{Section::load, Section::describe, Section::init, Section::deinit, Section::exit};
constexpr std::array plugin_parts{Section::check_config, Section::life, Section::decisions, Section::order,
                                  Section::lives};

// The rule that a section of the long form is about: what fails there, and held before in the short form, breaks it.
const char* rule_of_long(std::string_view section) {
    if (section == section_name(Section::configs)) return rules::drawn_configs;
    if (section == section_name(Section::drawn)) return rules::drawn;
    return section == section_name(Section::operations) ? rules::operations : nullptr;
}
bool is_short(Section section) {
    return section < Section::drawn;
}

// The state of all rules of one plugin.
class Ledger {
  public:
    void fail(std::string_view rule, const std::string& text) {
        const auto* known = find_rule(rule);
        if (known == nullptr) return;
        auto& result = outcomes_[known];
        if (result.outcome != Outcome::fail) result = {known, Outcome::fail, text};
    }
    // What holds of the section that was not found to be broken.
    void pass(Section section, const std::string& text = {}) { set(section, Outcome::pass, text); }
    void skip(Section section, const std::string& why) { set(section, Outcome::skip, why); }

    // The first rule that is broken in one of these sections; NULL: none.
    [[nodiscard]] const Rule* broken(const std::vector<Section>& sections) const {
        for (const auto& rule : all_rules()) {
            const auto found = outcomes_.find(&rule);
            if (found == outcomes_.end() || found->second.outcome != Outcome::fail || is_leftover(rule)) continue;
            if (std::find(sections.begin(), sections.end(), rule.section) != sections.end()) return &rule;
        }
        return nullptr;
    }
    [[nodiscard]] std::vector<RuleResult> results(const Description* plugin) const {
        std::vector<RuleResult> out;
        for (const auto& rule : all_rules()) {
            if (plugin != nullptr && !applies(rule, *plugin)) continue;
            const auto found = outcomes_.find(&rule);
            out.push_back(found != outcomes_.end() ? found->second : RuleResult{&rule, Outcome::skip, "not looked at"});
        }
        return out;
    }

  private:
    // What an instance leaves behind keeps nothing else from being looked at.
    static bool is_leftover(const Rule& rule) { return rule.section == Section::lives; }
    void set(Section section, Outcome outcome, const std::string& text) {
        for (const auto& rule : all_rules()) {
            if (rule.section == section) outcomes_.try_emplace(&rule, RuleResult{&rule, outcome, text});
        }
    }

    std::map<const Rule*, RuleResult> outcomes_;
};

class Validator {
  public:
    Validator(const Staged& staged, const ValidatorOptions& options) : staged_(staged), options_(options) {}

    Result<std::vector<PluginResults>> run() {
        STIPEND_TRY(library());
        if (!description_) {
            for (const auto section : {Section::host, Section::configs, Section::drawn, Section::operations})
                blocked(section);
            for (const auto section : plugin_parts) blocked(section);
            ledger_.skip(Section::whole, "the library cannot be used");
            return std::vector{PluginResults{"", "", ledger_.results(nullptr)}};
        }
        const auto of_library = ledger_;
        std::vector<PluginResults> out;
        for (const auto& plugin : description_->plugins) {
            if (!options_.id.empty() && plugin.id != options_.id) continue;
            ledger_ = of_library;
            STIPEND_LET(config, of_plugin(plugin));
            out.push_back({plugin.id, config, ledger_.results(&plugin)});
        }
        if (!out.empty()) return out;
        return fail(STIPEND_E_CONFIG, "no such plugin: ", staged_.source.native(), ": want ", options_.id);
    }

  private:
    Result<void> library() {
        STIPEND_LET(whole, part(std::nullopt, {}));
        description_ = whole.description;
        if (!whole.failed) {
            for (const auto section : library_parts) ledger_.pass(section);
            return {};
        }
        for (const auto section : library_parts) {
            if (is_blocked(section)) continue;
            STIPEND_LET(answer, part(std::nullopt, {.section = std::string(section_name(section))}));
            if (section == Section::describe) description_ = answer.description;
            settle(section, answer);
        }
        return {};
    }

    // The configuration that it was tried with.
    Result<std::string> of_plugin(const Description& plugin) {
        std::optional<Json> base;
        if (options_.config_json) {
            STIPEND_SET(base, parse_json(*options_.config_json));
        }
        auto looked = look_at_schema(plugin, staged_.source, base, options_.seed);
        for (const auto& one : looked.broken) ledger_.fail(one.rule, one.text);
        ledger_.pass(Section::host);
        if (is_blocked(Section::check_config)) {
            for (const auto section : plugin_parts) blocked(section);
            for (const auto section : {Section::configs, Section::drawn, Section::operations}) blocked(section);
            ledger_.skip(Section::whole, "the library cannot be used");
            return std::string();
        }
        STIPEND_LET(config, first_config(plugin, looked.drawn));
        if (config) STIPEND_TRY(with_config(plugin, *config, looked.drawn));
        return config ? config->config_json : std::string();
    }

    // A configuration that the plugin accepts; none, and all is skipped, where none was found.
    Result<std::optional<ProbeConfig>> first_config(const Description& plugin, const DrawnConfigs& drawn) {
        std::vector<std::string> candidates;
        if (options_.config_json) {
            candidates.push_back(*options_.config_json);
        } else {
            for (const auto& one : drawn.plain) candidates.push_back(one.dump());
            for (const auto& one : drawn.valid) candidates.push_back(one.dump());
        }
        if (candidates.size() > most_first_configs) candidates.resize(most_first_configs);
        std::string why = "no configuration was drawn that fits its schema";
        for (const auto& json : candidates) {
            ProbeConfig config{plugin.id, json, make_terms(60'000'000'000, 10'00000000)};
            STIPEND_LET(answer, ask(config, {.section = std::string(section_name(Section::check_config))}));
            if (!answer.failed || !answer.of_config) return std::optional(std::move(config));
            why = answer.failed->text;
        }
        if (options_.config_json) {
            ledger_.fail(rules::config,
                         cat(staged_.source.native(), ": ", plugin.id, ": refuses the given configuration: ", why));
        }
        for (const auto section : plugin_parts)
            ledger_.skip(section, cat("it accepts no configuration that is at hand, so give one: ", why));
        for (const auto section : {Section::configs, Section::drawn, Section::operations, Section::whole}) {
            ledger_.skip(section, "it accepts no configuration that is at hand");
        }
        return std::optional<ProbeConfig>();
    }

    Result<void> with_config(const Description& plugin, const ProbeConfig& config, const DrawnConfigs& drawn) {
        STIPEND_LET(whole, part(config, {}));
        if (!whole.failed) {
            for (const auto section : plugin_parts) ledger_.pass(section);
            ledger_.pass(Section::whole);
        } else {
            const auto has_policy = plugin.has_kind(STIPEND_POLICY);
            for (const auto section : plugin_parts) {
                if (is_blocked(section)) continue;
                if (!has_policy && (section == Section::decisions || section == Section::order)) continue;
                STIPEND_TRY(part_of(section, config));
            }
            ledger_.skip(Section::whole, cat("not all of it was looked at: ", whole.failed->rule, " does not hold"));
        }
        TrialRequest many{.section = std::string(section_name(Section::configs)), .seed = options_.seed};
        for (const auto& one : drawn.valid) many.configs.push_back(one.dump());
        if (!is_blocked(Section::configs)) {
            STIPEND_LET(answer, part(config, many));
            settle(Section::configs, answer);
        }
        for (const auto section : {Section::drawn, Section::operations}) {
            const bool is_wanted = std::any_of(all_rules().begin(), all_rules().end(), [&](const Rule& rule) {
                return rule.section == section && applies(rule, plugin);
            });
            if (is_wanted && !is_blocked(section)) STIPEND_TRY(part_of(section, config));
        }
        return valgrind(config);
    }

    Result<void> valgrind(const ProbeConfig& config) {
        if (!options_.valgrind) {
            ledger_.skip(Section::valgrind, "not asked for");
            return {};
        }
        STIPEND_LET(errors, run_valgrind(staged_, config, options_.probe));
        for (const auto& one : errors) ledger_.fail(rules::valgrind, cat(staged_.source.native(), ": ", one));
        ledger_.pass(Section::valgrind);
        return {};
    }

    Result<void> part_of(Section section, const ProbeConfig& config) {
        STIPEND_LET(answer, part(config, {.section = std::string(section_name(section)), .seed = options_.seed}));
        settle(section, answer);
        return {};
    }

    void settle(Section section, const TrialAnswer& answer) {
        if (!answer.failed) return ledger_.pass(section, answer.looked_at);
        ledger_.skip(section, cat("its trial ended early: ", answer.failed->rule, " does not hold"));
    }

    // Skips a section that is behind one that does not hold.
    bool is_blocked(Section section) {
        const auto* rule = ledger_.broken(needed_by(section));
        if (rule != nullptr) ledger_.skip(section, cat(rule->name, " does not hold"));
        return rule != nullptr;
    }
    void blocked(Section section) { static_cast<void>(is_blocked(section)); }

    Result<TrialAnswer> ask(const std::optional<ProbeConfig>& config, const TrialRequest& request) const {
        return try_part(staged_.copy, staged_.source, config, request, options_.probe);
    }
    // The same, with what breaks a rule.
    Result<TrialAnswer> part(const std::optional<ProbeConfig>& config, const TrialRequest& request) {
        STIPEND_LET(answer, ask(config, request));
        if (answer.failed) {
            const auto* rule = find_rule(answer.failed->rule);
            if (rule == nullptr) return fail(STIPEND_E_INTERNAL, answer.failed->text);
            const auto* of_long = rule_of_long(request.section);
            ledger_.fail(of_long != nullptr && is_short(rule->section) ? of_long : rule->name, answer.failed->text);
        }
        for (const auto& one : answer.findings) ledger_.fail(one.rule, one.text);
        return answer;
    }

    const Staged& staged_;
    const ValidatorOptions& options_;
    Ledger ledger_;
    std::optional<LibraryDescription> description_;
};

}  // namespace

std::size_t Validation::count(Outcome outcome) const {
    std::size_t out = 0;
    for (const auto& plugin : plugins) {
        for (const auto& one : plugin.results) {
            if (one.outcome == outcome) ++out;
        }
    }
    return out;
}

Result<Validation> validate(const std::filesystem::path& file, const std::filesystem::path& staging,
                            const ValidatorOptions& options) {
    const auto staged = stage(file, staging, {});
    if (!staged) {
        Ledger ledger;
        ledger.fail(rules::load, staged.error().message);
        for (const auto& rule : all_rules()) ledger.skip(rule.section, cat(rules::load, " does not hold"));
        return Validation{"", {PluginResults{"", "", ledger.results(nullptr)}}};
    }
    STIPEND_LET(plugins, Validator(*staged, options).run());
    return Validation{staged->sha256, std::move(plugins)};
}

}  // namespace stipend::plugin
