#include "host/plugin/trial/configs_trial.hpp"

#include "host/plugin/rules.hpp"
#include "host/plugin/trial/policy_calls.hpp"
#include "host/plugin/trial/trial_host.hpp"

namespace stipend::plugin {
namespace {

constexpr std::size_t most_shown = 120;

std::string with_config(const Error& error, const std::string& config) {
    return cat(error.message, " (configuration ", clip(config, most_shown), ")");
}

// True where it was accepted.
Result<bool> try_one(Calls& calls, const Subject& subject) {
    const auto& config = subject.config.config_json;
    calls.about(clip(config, most_shown));
    const auto checked = try_check_config(calls, subject);
    calls.look_at(rules::drawn_configs);
    if (!checked && checked.error().status != STIPEND_E_CONFIG) {
        return fail(STIPEND_E_INVALID, with_config(checked.error(), config));
    }
    if (!checked && checked.error().message.starts_with("status -")) {
        return fail(STIPEND_E_INVALID, "check_config: ", subject.label, ": got ", checked.error().message,
                    " without a message, want one that says what is wrong (configuration ", clip(config, most_shown),
                    ")");
    }
    if (!checked) return false;
    auto* host = new TrialHost(calls, subject.label);  // outlives the instance's threads
    auto life = Life::begin(calls, subject, host->raw(), Guard::behind);
    if (!life) {
        return fail(STIPEND_E_INVALID, with_config(life.error(), config), ", want it accepted, as by check_config");
    }
    STIPEND_TRY(life->destroy());
    if (!subject.plugin.has_kind(STIPEND_POLICY)) return true;
    PolicyCalls policies(calls, subject);
    STIPEND_LET(policy, policies.begin(Guard::behind));
    auto bounds = policies.bounds_of(policy);
    if (!bounds) return fail(STIPEND_E_INVALID, with_config(bounds.error(), config));
    auto sample = make_record<stipend_sample>();
    sample.job = STIPEND_JOB_OK;
    sample.epoch = 1;
    sample.evaluated_at = 1'750'000'000'000'000'000;
    sample.interval_ns = subject.config.terms.interval_ns;
    sample.base_usd_e8 = subject.config.terms.base_usd_e8;
    sample.flags = STIPEND_SAMPLE_REPORTED;
    std::vector<stipend_sample> samples;
    for (const auto ppm : {0U, 500'000U, 950'000U, 999'999U, 1'000'000U}) {
        samples.push_back(sample);
        samples.back().reported_ppm = ppm;
    }
    STIPEND_LET(decisions, policies.decide(policy, samples, in_one_batch));
    auto kept = policies.check_bounds(samples, decisions, *bounds);
    if (!kept) return fail(STIPEND_E_INVALID, with_config(kept.error(), config));
    STIPEND_TRY(PolicyCalls::end(policy));
    return true;
}

}  // namespace

Result<void> try_configs(Calls& calls, const Subject& subject, const std::vector<std::string>& configs) {
    std::size_t accepted = 0;
    for (const auto& config : configs) {
        auto one = subject.config;
        one.config_json = config;
        STIPEND_LET(good, try_one(calls, Subject{subject.entry, subject.plugin, one, subject.label}));
        if (good) ++accepted;
    }
    calls.about("");
    calls.note(cat(configs.size(), " configurations, ", accepted, " of them accepted"));
    return {};
}

}  // namespace stipend::plugin
