// The rules of the ABI that a plugin alone can be held to: their names, what the probe does to check them, and the
// sentence that each is taken from. The bodies are in trial/.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "host/plugin/description.hpp"

namespace stipend::plugin {

// What is done in one process of the probe. The first ones are the parts of the short form, which `check`, a start and
// a reload run as a whole, in this order.
enum class Section : std::uint8_t {
    load,
    describe,
    init,
    check_config,
    life,       // create, start, health, the table, quiesce, destroy
    decisions,  // of a policy: what it decides on some samples, and its bounds
    order,      // of a policy: the same samples again, otherwise
    lives,      // some instances one after the other, and what they leave behind
    deinit,
    exit,
    // Of the long form alone.
    drawn,       // of a policy: many samples from a seed, under many terms
    configs,     // configurations drawn from the schema
    operations,  // of the other kinds: against scripted answers
    host,        // the text of the description, which the host itself looks at
    whole,       // what is looked at during the whole short form
    valgrind,    // the short form under valgrind
};

enum class Scope : std::uint8_t { library, plugin, policy, other };  // `other`: a plugin of a kind beside policy

struct Rule {
    std::string_view name;      // "policy.deterministic"
    std::string_view source;    // the file that `sentence` is in, from the root of the SDK or of the documents
    std::string_view sentence;  // word for word, line ends aside
    Section section;
    Scope scope;
};

// All of them, in the order in which they are reported. A rule is only looked at where those of the sections before its
// own hold.
[[nodiscard]] const std::vector<Rule>& all_rules();
// NULL: there is none of that name.
[[nodiscard]] const Rule* find_rule(std::string_view name);
[[nodiscard]] std::string_view section_name(Section section);
[[nodiscard]] bool applies(const Rule& rule, const Description& plugin);

namespace rules {

// Names that code refers to.
inline constexpr const char* load = "file.load";
inline constexpr const char* entry = "entry.complete";
inline constexpr const char* init = "library.init";
inline constexpr const char* deinit = "library.deinit";
inline constexpr const char* exit = "library.exit";
inline constexpr const char* config = "config.checked";
inline constexpr const char* drawn_configs = "config.drawn";
inline constexpr const char* create = "lifecycle.create";
inline constexpr const char* start = "lifecycle.start";
inline constexpr const char* health = "lifecycle.health";
inline constexpr const char* interface = "lifecycle.interface";
inline constexpr const char* quiesce = "lifecycle.quiesce";
inline constexpr const char* destroy = "lifecycle.destroy";
inline constexpr const char* decisions = "policy.decisions";
inline constexpr const char* bounds = "policy.bounds";
inline constexpr const char* deterministic = "policy.deterministic";
inline constexpr const char* drawn = "policy.drawn";
inline constexpr const char* drawn_again = "policy.drawn-deterministic";
inline constexpr const char* amounts = "policy.amounts";
inline constexpr const char* guard = "record.guard";
inline constexpr const char* operations = "operations.return";
inline constexpr const char* answered = "async.answered";
inline constexpr const char* once = "async.done-once";
inline constexpr const char* refused = "async.refused";
inline constexpr const char* record = "async.record";
inline constexpr const char* deadline = "async.deadline";
inline constexpr const char* cancel = "async.cancel";
inline constexpr const char* destroyed = "async.destroyed";
inline constexpr const char* observations = "monitor.observations";
inline constexpr const char* report = "service.report";
inline constexpr const char* memory = "leftovers.memory";
inline constexpr const char* descriptors = "leftovers.descriptors";
inline constexpr const char* threads = "leftovers.threads";
inline constexpr const char* unchanged = "process.unchanged";
inline constexpr const char* crash_signals = "process.crash-signals";
inline constexpr const char* children = "process.children";
inline constexpr const char* output = "process.stdout";
inline constexpr const char* version = "description.version";
inline constexpr const char* schema = "schema.compiles";
inline constexpr const char* closed = "schema.closed";
inline constexpr const char* examples = "schema.examples";
inline constexpr const char* refuses = "schema.refuses";
inline constexpr const char* valgrind = "memory.valgrind";

}  // namespace rules

}  // namespace stipend::plugin
