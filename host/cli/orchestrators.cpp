#include <fmt/format.h>

#include <filesystem>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/cli/table.hpp"
#include "host/engine/registrar.hpp"

namespace stipend::cli {
namespace {

// The registry of a host that does not run.
Result<std::unique_ptr<registry::RegistrationStore>> open_registry(const config::Settings& settings) {
    const auto file = registry::registry_file(settings.state);
    std::error_code none;
    if (!std::filesystem::exists(file, none)) {
        return fail(STIPEND_E_UNAVAILABLE, "no host runs, and there is no registration: ", file.native());
    }
    return registry::RegistrationStore::open(file);
}

// By the running host, so that it counts at once; where none runs, in its file, for the next start.
template <class Alone>
Result<Json> ask_or_open(const config::Settings& settings, const char* method, const Json& body, Alone alone) {
    if (settings.role == config::Role::worker) {
        return fail(STIPEND_E_INVALID, "registrations are of a manager: this is the configuration of a worker");
    }
    auto answer = ask_host(settings, method, "/registrations", body);
    if (answer || answer.error().status != STIPEND_E_UNAVAILABLE) return answer;
    STIPEND_LET(store, open_registry(settings));
    return alone(*store);
}

}  // namespace

int orchestrator_list(const OrchestratorOptions& options) {
    const auto& common = options.common;
    if (!options.api.url.empty()) return orchestrators_over_api({.common = common, .api = options.api}, "list");
    int status = exit_good;
    const auto settings = settings_for(Reads::place, common, status);
    if (!settings) return status;
    const auto answer = ask_or_open(*settings, "GET", Json::object(),
                                    [](auto& store) { return engine::list_registrations(store, SystemClock().now()); });
    if (!answer) return print_error(answer.error());
    if (common.json) {
        fmt::print("{}\n", answer->dump());
        return exit_good;
    }
    const auto* list = answer->find("registrations");
    Table table(
        {{"STATE"}, {"ORCHESTRATOR", false, true}, {"ENDPOINT", false, true}, {"PAYOUT"}, {"KEY", false, true}});
    for (const auto& one : list == nullptr ? std::vector<Json>() : list->items()) {
        table.add({{shown(one, "state")},
                   {shown(one, "orchestrator_id")},
                   {shown(one, "endpoint")},
                   {shown(one, "eth_address")},
                   {shown(one, "worker_key")}});
    }
    table.print(stdout);
    return exit_good;
}

int orchestrator_change(const OrchestratorOptions& options, const std::string& action) {
    if (!options.api.url.empty()) {
        return orchestrators_over_api({.common = options.common, .api = options.api, .id = options.id}, action);
    }
    int status = exit_good;
    const auto settings = settings_for(Reads::place, options.common, status);
    if (!settings) return status;
    const auto body = Json::object().append("action", action).append("id", options.id).append("by", requester());
    const auto answer = ask_or_open(*settings, "POST", body, [&](auto& store) {
        return engine::order_without_host(store, body, SystemClock().now());
    });
    if (!answer) return print_error(answer.error());
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else if (const auto secret = text_of(*answer, "secret"); secret != "-") {
        fmt::print("{}\nIt is not shown again. The one before is refused from now on.\n", secret);
    } else {
        fmt::print("{}: {}\n", printable(text_of(*answer, "orchestrator_id")), text_of(*answer, "state"));
    }
    return exit_good;
}

}  // namespace stipend::cli
