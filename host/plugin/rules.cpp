#include "host/plugin/rules.hpp"

#include <algorithm>
#include <array>

#include "stipend/abi/policy.h"

namespace stipend::plugin {
namespace {

constexpr std::string_view entry_h = "stipend/abi/entry.h";
constexpr std::string_view lifecycle_h = "stipend/abi/lifecycle.h";
constexpr std::string_view policy_h = "stipend/abi/policy.h";
constexpr std::string_view types_h = "stipend/abi/types.h";
constexpr std::string_view guide = "plugin-guide.md";

constexpr std::array<std::string_view, 16> section_names{
    "load",   "describe", "init",  "check_config", "life",       "decisions", "order", "lives",
    "deinit", "exit",     "drawn", "configs",      "operations", "host",      "whole", "valgrind"};

}  // namespace

const std::vector<Rule>& all_rules() {
    static const std::vector<Rule> all{
        {rules::load, entry_h, "The one symbol that a plugin exports", Section::load, Scope::library},
        {rules::entry, lifecycle_h, "frozen; every pointer is non-NULL", Section::describe, Scope::library},
        {rules::init, entry_h, "Prepares the library. One `deinit` follows each successful call.", Section::init,
         Scope::library},
        {rules::version, guide, "and so is a plugin without a version", Section::host, Scope::plugin},
        {rules::schema, entry_h, "JSON Schema 2020-12 of a closed object; NULL: no configuration", Section::host,
         Scope::plugin},
        {rules::closed, guide,
         "A schema that lets unknown keys pass (no `\"additionalProperties\": false`) is a warning", Section::host,
         Scope::plugin},
        {rules::examples, guide, "Each example and each default in a schema is valid by it.", Section::host,
         Scope::plugin},
        {rules::refuses, lifecycle_h,
         "The host has validated the configuration against the descriptor's schema before.", Section::host,
         Scope::plugin},
        {rules::config, lifecycle_h, "Checks whether `create` would accept this configuration.", Section::check_config,
         Scope::plugin},
        {rules::create, lifecycle_h, "Creates an instance. [control] No I/O.", Section::life, Scope::plugin},
        {rules::start, lifecycle_h, "Starts the instance. [control & created] On failure it is still `created`.",
         Section::life, Scope::plugin},
        {rules::health, lifecycle_h, "Reports whether the instance is healthy. [any] Cheap: no I/O.", Section::life,
         Scope::plugin},
        {rules::interface, lifecycle_h, "The table of a kind, or NULL. [any] The table is valid until `destroy`.",
         Section::life, Scope::plugin},
        {rules::quiesce, lifecycle_h, "Stops new work; operations in progress complete.", Section::life, Scope::plugin},
        {rules::destroy, lifecycle_h, "Destroys the instance and joins its threads.", Section::life, Scope::plugin},
        {rules::decisions, guide, "that a plugin hands over, field by field, before it uses it", Section::decisions,
         Scope::policy},
        {rules::bounds, policy_h, "The host checks every decision against both", Section::decisions, Scope::policy},
        {rules::deterministic, policy_h, "The same input gives the same output, byte for byte, on every machine",
         Section::order, Scope::policy},
        {rules::drawn, policy_h,
         "The maximum pay of one decision under these terms, and the minimum time to the next one.", Section::drawn,
         Scope::policy},
        {rules::drawn_again, policy_h, "It is a pure function of a sample and of its own small memory", Section::drawn,
         Scope::policy},
        {rules::amounts, policy_h,
         "What the dollars are in the asset that is paid, the host computes, at the rate of the decision.",
         Section::drawn, Scope::policy},
        {rules::drawn_configs, lifecycle_h, "`e->path` is the JSON pointer of the invalid value.", Section::configs,
         Scope::plugin},
        {rules::operations, guide, "No call may block: an instance has one thread, and its other work waits meanwhile.",
         Section::operations, Scope::other},
        {rules::answered, lifecycle_h,
         "If a function that takes a `stipend_completion` returns OK, the plugin calls `done` exactly once",
         Section::operations, Scope::other},
        {rules::once, lifecycle_h, "what is answered later is counted and dropped", Section::operations, Scope::other},
        {rules::refused, lifecycle_h, "If it returns another status, `done` is never called.", Section::operations,
         Scope::other},
        {rules::record, guide,
         "(a second one, one for an unknown operation, OK without a record, a `host` that is not "
         "the completion's own)",
         Section::operations, Scope::other},
        {rules::deadline, guide, "a rate or a probe 5 s after the deadline that the plugin was given",
         Section::operations, Scope::other},
        {rules::cancel, lifecycle_h, "with CANCELLED after a cancel", Section::operations, Scope::other},
        {rules::destroyed, guide, "No callback follows once `destroy` has begun.", Section::operations, Scope::other},
        {rules::observations, "stipend/abi/monitor.h",
         "Reports observations of the targets as they happen, and discoveries, until it is cancelled",
         Section::operations, Scope::other},
        {rules::report, "stipend/abi/service.h", "Writes its present state as one JSON object, for people to read.",
         Section::operations, Scope::other},
        {rules::guard, types_h, "A reader of a record reads at most `size` bytes.", Section::whole, Scope::plugin},
        {rules::memory, guide, "more than 32 KiB of memory kept over 5 instances", Section::lives, Scope::plugin},
        {rules::descriptors, guide, "descriptors or threads for each instance", Section::lives, Scope::plugin},
        {rules::threads, guide, "threads left after `deinit`", Section::lives, Scope::plugin},
        {rules::unchanged, guide,
         "another action or mask for a signal, working directory, umask, locale, rounding mode", Section::whole,
         Scope::plugin},
        {rules::crash_signals, guide, "another action for a crash signal such as SIGSEGV", Section::whole,
         Scope::plugin},
        {rules::children, guide, "a process that was started and not waited for", Section::whole, Scope::plugin},
        {rules::output, guide, "What a plugin prints on standard output never mixes with an answer", Section::whole,
         Scope::plugin},
        {rules::deinit, entry_h, "One `deinit` follows each successful call.", Section::deinit, Scope::library},
        {rules::exit, guide, "load, `describe`, `init`, `deinit` and the exit handlers", Section::exit, Scope::library},
        {rules::valgrind, types_h, "the callee writes at most that many bytes", Section::valgrind, Scope::plugin},
    };
    return all;
}

const Rule* find_rule(std::string_view name) {
    const auto& all = all_rules();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Rule& rule) { return rule.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string_view section_name(Section section) {
    return section_names[static_cast<std::size_t>(section)];
}

bool applies(const Rule& rule, const Description& plugin) {
    const auto is_policy = [](const std::string& kind) { return kind == STIPEND_POLICY; };
    switch (rule.scope) {
        case Scope::policy:
            return std::any_of(plugin.kinds.begin(), plugin.kinds.end(), is_policy);
        case Scope::other:
            if (rule.name == rules::observations) return plugin.has_kind("stipend.monitor/1");
            if (rule.name == rules::report) return plugin.has_kind("stipend.service/1");
            return !std::all_of(plugin.kinds.begin(), plugin.kinds.end(), is_policy);
        case Scope::library:
        case Scope::plugin:
            break;
    }
    return true;
}

}  // namespace stipend::plugin
