// The payment policy, loaded from its shared object.
#pragma once

#include <sstream>
#include <vector>

#include "fixture.hpp"
#include "host/engine/replay.hpp"
#include "host/plugin/policy_instance.hpp"

namespace payment_test {

using namespace stipend;
using namespace stipend::plugin;
using namespace stipend::plugin::testing;

inline Chosen load_payment(const std::string& plugin = "payment") {
    static Site site;
    static Loader loader({plugins_dir, site.staging, probe_options});
    auto chosen = loader.load({.plugin = plugin, .id = {}, .sha256 = {}});
    REQUIRE_MESSAGE(chosen.ok(), (chosen.ok() ? "" : chosen.error().message));
    return *chosen;
}

inline std::unique_ptr<PolicyInstance> make_policy(const std::string& config, stipend_terms terms = minute_terms(),
                                                   const std::string& plugin = "payment") {
    const auto chosen = load_payment(plugin);
    auto policy = PolicyInstance::create(*chosen.library->entry, *chosen.plugin, plugin + ".so", "test", config, terms);
    REQUIRE_MESSAGE(policy.ok(), (policy.ok() ? "" : policy.error().message));
    return std::move(policy).value();
}

// Replays JSON lines and returns the parsed output lines.
inline std::vector<Json> replay(const PolicyInstance& policy, const std::string& lines, engine::ReplayTerms terms) {
    std::istringstream in(lines);
    std::ostringstream out;
    const auto done = engine::replay(policy, terms, in, out);
    REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    std::vector<Json> answers;
    std::istringstream result(out.str());
    for (std::string line; std::getline(result, line);) answers.push_back(*parse_json(line));
    return answers;
}

inline std::string get(const Json& answer, std::string_view key) {
    const auto* value = answer.find(key);
    REQUIRE(value != nullptr);
    return value->text();
}

}  // namespace payment_test
