#include <fmt/format.h>

#include <cstdio>

#include "host/base/printable.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"

namespace stipend::cli {

int reload(const ReloadOptions& options) {
    Json body = Json::object();
    body.set("accept_spend", options.accept_spend).set("undo", options.undo);
    body.set("check", options.check);
    int found = exit_good;
    const auto settings = settings_for(Reads::place, options.common, found);
    if (!settings) return found;
    const auto answer = ask_host(*settings, "POST", "/reload", body);
    if (!answer) return print_error(answer.error());
    const auto* valid = answer->find("valid");
    const bool is_valid = valid != nullptr && valid->truth();
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        fmt::print(is_valid ? stdout : stderr, "{}\n{}", printable(text_of(*answer, "text")),
                   is_valid ? "" : "configuration rejected; still running the previous one\n");
        const auto* warnings = answer->find("warnings");
        if (warnings != nullptr) {
            for (const auto& warning : warnings->items()) fmt::print(stderr, "{}\n", printable(warning.text()));
        }
    }
    return is_valid ? exit_good : exit_bad;
}

}  // namespace stipend::cli
