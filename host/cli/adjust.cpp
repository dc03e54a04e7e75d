#include <fmt/format.h>

#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/engine/adjust.hpp"
#include "host/ledger/backup.hpp"
#include "host/runtime/role.hpp"

namespace stipend::cli {
namespace {

// Where no host runs, the entry is written here. The ledger's lock keeps out a host that starts meanwhile, and keeps us
// out where one runs that did not answer.
Result<Json> adjust_ledger(const config::Settings& settings, const Json& body) {
    const auto file = ledger::database_file(settings.state);
    std::error_code ec;
    if (!std::filesystem::exists(file, ec)) {
        return fail(STIPEND_E_CONFIG, "no host runs, and there is no ledger: ", file.native());
    }
    STIPEND_LET(request, engine::parse_adjustment(body));
    STIPEND_LET(ledger, ledger::open_existing(file, {.ns = runtime::namespace_of(settings), .notice = print_notice}));
    const auto now = SystemClock().now();
    STIPEND_LET(terms, engine::terms_without_host(*ledger, settings, request.orchestrator, now));
    return engine::record_adjustment(*ledger, request, terms, now);
}

}  // namespace

int adjust(const AdjustOptions& options) {
    Json body = Json::object();
    body.set("orchestrator", options.orchestrator);
    body.set("from", options.from);
    body.set("to", options.to);
    body.set("reason", options.reason);
    body.set("by", requester());
    if (options.excuse) {
        body.set("usd", "0");
    } else if (!options.usd.empty()) {
        body.set("usd", options.usd);
    }
    if (options.dry_run) body.set("dry_run", true);
    int found = exit_good;
    auto settings = settings_for(Reads::place, options.common, found);
    if (!settings) return found;
    auto answer = ask_host(*settings, "POST", "/adjust", body);
    if (!answer && answer.error().status == STIPEND_E_UNAVAILABLE) {
        settings = settings_for(Reads::terms, options.common, found);
        if (!settings) return found;
        answer = adjust_ledger(*settings, body);
    }
    if (!answer) return print_error(answer.error());
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        fmt::print("{}: {} USD, {} wei, for {} to {}\n", options.dry_run ? "would be recorded" : "recorded",
                   text_of(*answer, "amount_usd"), text_of(*answer, "amount_wei"), text_of(*answer, "from"),
                   text_of(*answer, "to"));
    }
    return exit_good;
}

}  // namespace stipend::cli
