#include <fmt/format.h>

#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"

namespace stipend::cli {
namespace {

std::string counted(const std::string& number, std::string_view noun) {
    return cat(number, " ", noun, number == "1" ? "" : "s");
}

std::string state_text(const Json& one, std::string_view when) {
    const auto suspended = text_of(one, cat("suspended_", when)) == "true";
    return cat(counted(text_of(one, cat("failures_", when)), "failure"), suspended ? ", suspended" : "");
}

void print(const Json& answer) {
    const bool dry_run = text_of(answer, "dry_run") == "true";
    for (const auto& one : answer.find("pardoned")->items()) {
        fmt::print("{}: {} {}; {} -> {}; next check {} -> {}\n", text_of(one, "orchestrator"),
                   counted(text_of(one, "checks"), "check"), dry_run ? "would be pardoned" : "pardoned",
                   state_text(one, "before"), state_text(one, "after"), text_of(one, "due_before"),
                   text_of(one, "due_after"));
    }
    for (const auto& one : answer.find("refused")->items()) {
        fmt::print("{}: refused: {}\n", text_of(one, "orchestrator"), text_of(one, "reason"));
    }
    if (answer.find("pardoned")->items().empty()) fmt::print("nothing to pardon\n");
}

}  // namespace

int pardon(const PardonOptions& options) {
    if (options.all && !options.yes && !options.dry_run) {
        return print_error(fail(STIPEND_E_INVALID,
                                "pardon --all: got no --yes: it changes every orchestrator's state; "
                                "--dry-run says how"));
    }
    Json body = Json::object();
    if (options.all) {
        body.append("all", true);
    } else {
        body.append("orchestrator", options.orchestrator);
    }
    body.append("from", options.from).append("to", options.to).append("reason", options.reason);
    body.append("by", requester()).append("dry_run", options.dry_run);
    int found = exit_good;
    const auto settings = settings_for(Reads::place, options.common, found);
    if (!settings) return found;
    auto answer = ask_host(*settings, "POST", "/pardon", body, slow_ms);
    if (!answer && answer.error().status == STIPEND_E_UNAVAILABLE) {
        return print_error(std::move(answer).error().in("a pardon asks the policy of a running host"));
    }
    if (!answer) return print_error(answer.error());
    const auto* pardoned = answer->find("pardoned");
    const auto* refused = answer->find("refused");
    if (pardoned == nullptr || refused == nullptr || !pardoned->is(Json::Kind::array) ||
        !refused->is(Json::Kind::array)) {
        return print_error(fail(STIPEND_E_INTERNAL, "got another answer than one to a pardon"));
    }
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        print(*answer);
    }
    return refused->items().empty() ? exit_good : exit_bad;
}

}  // namespace stipend::cli
