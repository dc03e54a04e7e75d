#include <fmt/format.h>

#include "host/api/access.hpp"
#include "host/base/printable.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/config/state_check.hpp"
#include "host/engine/manager_plan.hpp"
#include "host/runtime/role.hpp"
#include "host/worker/worker_plan.hpp"

namespace stipend::cli {

namespace {

void print_warnings(const AnswerStream& answer, plugin::Loader& loader, const config::Loaded& loaded,
                    const config::Environment& environment) {
    for (const auto& warning : loader.take_warnings()) {
        fmt::print(answer.file(), "warning: {}\n", printable(warning));
    }
    for (const auto& warning : loaded.warnings) fmt::print(answer.file(), "{}\n", printable(warning));
    for (const auto& name : config::ignored_environment(loaded.names_read, environment)) {
        fmt::print(answer.file(), "{} is set in the environment, but has no effect here\n", name);
    }
}

// What was noticed of the plugins.
Json plugin_warnings(plugin::Loader& loader) {
    Json out = Json::array();
    for (const auto& warning : loader.take_warnings()) out.push(Json(warning));
    return out;
}

// The files of a listener's certificate, read as the host reads them.
Result<void> check_tls(const std::string& listener, const config::ListenerTls& tls) {
    STIPEND_TRY(runtime::load_tls(listener, tls, [](const std::string&) {}));
    return {};
}

int check_worker(const Common& common, const AnswerStream& answer, plugin::Loader& loader, const config::Loaded& loaded,
                 const config::Environment& environment, config::Diagnostics& diagnostics) {
    const auto plan = worker::make_worker_plan(loader, loaded.settings, diagnostics);
    if (!plan) return print_diagnostics(diagnostics, common.json);
    for (const auto& good :
         {check_tls("worker", plan->settings.worker_tls), check_tls("metrics", plan->settings.metrics_tls)}) {
        if (!good) return print_error(good.error());
    }
    const auto& wanted = plan->settings.services;
    const auto services = wanted.watch.size();
    if (common.json) {
        auto out = Json::object();
        out.set("services", static_cast<std::int64_t>(services));
        out.set("warnings", plugin_warnings(loader));
        fmt::print(answer.file(), "{}\n", out.dump());
        return exit_good;
    }
    fmt::print(answer.file(), "{} is good\n{} services are watched\n", common.config_file, services);
    if (services == 0 && wanted.discover == config::Discover::propose) {
        fmt::print(answer.file(), "warning: no uptime is reported until `services.watch` lists what is watched\n");
    }
    print_warnings(answer, loader, loaded, environment);
    return exit_good;
}

// The files of the API's certificate, and of the key that signs its tokens, read as the host reads them. A host that
// meets wrong ones pays, and has no API.
Result<void> check_certificate(const config::Settings& settings) {
    const auto& api = settings.api;
    if (!api.jwt_key.empty()) STIPEND_TRY(api::read_token_key(api.jwt_key));
    return check_tls("api", {api.tls_certificate, api.tls_key, api.tls_client_ca});
}

}  // namespace

int check(const Common& common) {
    const config::ProcessEnvironment environment;
    config::Diagnostics diagnostics;
    auto loaded = config::load(common.config_file, environment, diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, common.json);
    config::check_state_folder(loaded.settings.state, diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, common.json);
    const auto in_use = loader_options(loaded.settings);
    if (const auto fit = plugin::check_staging(in_use.staging); !fit) return print_error(fit.error());
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    const AnswerStream answer;
    plugin::Loader loader(trial->loader_options(loaded.settings));
    if (loaded.settings.role == config::Role::worker)
        return check_worker(common, answer, loader, loaded, environment, diagnostics);
    const auto plan = engine::make_manager_plan(loader, std::move(loaded.settings), diagnostics);
    if (!plan) return print_diagnostics(diagnostics, common.json);
    if (const auto good = check_certificate(plan->settings); !good) return print_error(good.error());
    if (const auto good = check_tls("metrics", plan->settings.metrics_tls); !good) return print_error(good.error());
    if (common.json) {
        Json out = Json::object();
        out.set("orchestrators", Json::of_number(std::to_string(plan->spend.orchestrators)));
        out.set("largest_usd_per_day_each", plan->spend.per_orchestrator.text());
        out.set("largest_usd_per_day_all", plan->spend.all.text());
        out.set("largest_fees_wei_per_day_each", plan->fees.per_orchestrator.text());
        out.set("largest_fees_wei_per_day_all", plan->fees.all.text());
        out.set("warnings", plugin_warnings(loader));
        fmt::print(answer.file(), "{}\n", out.dump());
        return exit_good;
    }
    fmt::print(answer.file(), "{} is good\nlargest possible spend: {}\nlargest possible fees: {}\n", common.config_file,
               engine::spend_text(plan->spend), engine::fees_text(plan->fees));
    print_warnings(answer, loader, loaded, environment);
    return exit_good;
}

}  // namespace stipend::cli
