#include "host/engine/explain_policy.hpp"

#include <algorithm>

#include "host/config/plugin_config.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t explain_patience_ns = 2 * ns_per_s;  // for a batch
constexpr std::size_t sha256_digits = 64;

bool is_sha256(const std::string& text) {
    return text.size() == sha256_digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

config::Orchestrator entry_of(const config::Settings& settings, const std::string& orchestrator) {
    const auto& listed = settings.orchestrators;
    const auto found = std::ranges::find(listed, orchestrator, &config::Orchestrator::id);
    if (found != listed.end()) return *found;
    config::Orchestrator newcomer;
    newcomer.capability = settings.registration.capability;
    return newcomer;
}

PresentTerms present_terms(const config::Settings& settings, const std::string& orchestrator) {
    const auto one = entry_of(settings, orchestrator);
    return {.base = config::base_of(settings, one),
            .config_json = config::plugin_json(config::policy_config(settings, one))};
}

std::optional<ledger::DemandRules> demand_rules_of(const config::Settings& settings) {
    const auto& demand = settings.payment.demand;
    if (demand.target_ppm == 0) return std::nullopt;
    return ledger::DemandRules{.every_ns = demand.every_ns,
                               .target_ppm = demand.target_ppm,
                               .floor_ppm = demand.floor_ppm,
                               .ceiling_ppm = demand.ceiling_ppm,
                               .damping_ppm = demand.damping_ppm,
                               .step_ppm = demand.step_ppm};
}

Result<plugin::Chosen> PolicyCode::find(const ledger::Generation& row) const {
    plugin::Reference wanted{.plugin = plugin_, .id = row.policy, .sha256 = row.so_sha256, .kind = STIPEND_POLICY};
    if (is_sha256(row.so_sha256)) {
        if (auto found = loader_.load(wanted)) return found;
        // <copies>/<name of the file>/<sha256>.so
        std::error_code none;
        for (const auto& folder : std::filesystem::directory_iterator(copies_, none)) {
            const auto copy = folder.path() / (row.so_sha256 + ".so");
            if (!std::filesystem::exists(copy, none)) continue;
            wanted.plugin = copy.native();
            if (auto found = loader_.load(wanted)) return found;
        }
    }
    if (any_version_) {
        wanted.plugin = plugin_;
        wanted.sha256 = {};
        if (auto found = loader_.load(wanted)) return found;
    }
    return fail(STIPEND_E_UNAVAILABLE, "the code of generation ", row.id, " is not here: ", row.policy, " ",
                row.version, " with sha256 ", row.so_sha256);
}

Result<PolicyInUse> PolicyCode::make(const ledger::Generation& row, const std::string& config_json,
                                     const stipend_terms& terms) const {
    STIPEND_LET(chosen, find(row));
    if (!chosen.plugin->has_kind(STIPEND_POLICY)) {
        return fail(STIPEND_E_UNAVAILABLE, row.policy, " offers no policy");
    }
    const auto& library = *chosen.library;
    STIPEND_LET(policy, plugin::PolicyInstance::create(*library.entry, *chosen.plugin, library.staged.source, "explain",
                                                       config_json, terms));
    return PolicyInUse{.policy = std::move(policy), .so_sha256 = library.staged.sha256};
}

Result<PolicyInUse> make_guarded_policy(const plugin::Chosen& chosen, const std::string& config_json,
                                        const stipend_terms& terms) {
    const auto& library = *chosen.library;
    STIPEND_LET(policy, plugin::PolicyInstance::create_guarded(explain_patience_ns, *library.entry, *chosen.plugin,
                                                               library.staged.source, "explain", config_json, terms));
    return PolicyInUse{.policy = std::move(policy), .so_sha256 = library.staged.sha256};
}

}  // namespace stipend::engine
