#include <ext/stdio_filebuf.h>

#include <iostream>

#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/engine/replay.hpp"
#include "host/plugin/prepare.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"
#include "stipend/record.hpp"

namespace stipend::cli {
namespace {

// A positive amount of dollars on the command line.
Result<Usd> usd(std::string_view option, const std::string& text) {
    auto value = Usd::parse(text);
    if (!value) return std::move(value).error().in(option);
    if (*value <= Usd()) return fail(STIPEND_E_INVALID, option, ": got ", text, ", want an amount above 0");
    return value;
}

Result<engine::ReplayTerms> read_terms(const EvalOptions& options, const config::Settings& settings) {
    engine::ReplayTerms terms{settings.payment.interval_ns, settings.payment.base, 2000LL * e8};
    if (!options.base_usd.empty()) {
        STIPEND_LET(base, usd("--base-usd", options.base_usd));
        terms.base = base;
    }
    if (!options.usd_per_eth.empty()) {
        STIPEND_LET(rate, usd("--usd-per-eth", options.usd_per_eth));
        terms.usd_per_eth_e8 = rate.count_e8();
    }
    if (!options.interval.empty()) {
        STIPEND_LET(interval, parse_duration(options.interval));
        if (interval < ns_per_s || interval > ns_per_day || interval % ns_per_s != 0) {
            return fail(STIPEND_E_INVALID, "--interval: got ", options.interval, ", want whole seconds, 1s .. 1d");
        }
        terms.interval_ns = interval;
    }
    return terms;
}

}  // namespace

int policy_eval(const EvalOptions& options) {
    config::Diagnostics diagnostics;
    const auto loaded = config::load(options.common.config_file, config::ProcessEnvironment(), diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    const auto& settings = loaded.settings;
    const auto terms = read_terms(options, settings);
    if (!terms) {
        print_error(terms.error());
        return exit_usage;
    }
    const auto abi_terms = make_terms(terms->interval_ns, terms->base.count_e8());
    const AnswerStream answer;
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    plugin::Loader loader(trial->loader_options(settings));
    const auto prepared = plugin::prepare(loader, settings.payment.policy, settings.payment.policy.config,
                                          "payment.policy.config", STIPEND_POLICY, abi_terms, diagnostics);
    if (!prepared) return print_diagnostics(diagnostics, options.common.json);
    const auto& library = *prepared->chosen.library;
    const auto policy = plugin::PolicyInstance::create(*library.entry, *prepared->chosen.plugin, library.staged.source,
                                                       "eval", prepared->config_json, abi_terms);
    if (!policy) return print_error(policy.error());
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    __gnu_cxx::stdio_filebuf<char> buffer(answer.file(), std::ios::out);
    std::ostream out(&buffer);
    const auto done = engine::replay(**policy, *terms, std::cin, out);
    out.flush();
    return done ? exit_good : print_error(done.error());
}

}  // namespace stipend::cli
