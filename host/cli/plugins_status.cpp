#include <fmt/format.h>

#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"

namespace stipend::cli {
namespace {

void print_plugins(const Json& status) {
    for (const auto& one : status.find("plugins")->items()) {
        const auto signed_by = text_of(one, "signed_by");
        fmt::print("{}: {} {}{}\n  file {}\n  sha256 {}{}\n  generation {}, since {}\n", text_of(one, "for"),
                   text_of(one, "id"), text_of(one, "version"),
                   one.find("put_aside")->truth() ? ", put aside: nothing serves" : "", text_of(one, "file"),
                   text_of(one, "sha256"), signed_by.empty() ? "" : ", signed by the key " + signed_by,
                   text_of(one, "generation"), text_of(one, "since"));
    }
    for (const auto& one : status.find("processes")->items()) {
        const auto pid = text_of(one, "pid");
        const auto last_end = text_of(one, "last_end");
        fmt::print("{}: {} in a process of its own, {}, {} restarts{}\n", text_of(one, "instance"),
                   text_of(one, "plugin"), pid == "0" ? "which does not run" : "pid " + pid, text_of(one, "restarts"),
                   last_end.empty() ? "" : ", the last one's end: " + last_end);
    }
    for (const auto& one : status.find("generations")->items()) {
        fmt::print("generation {} since {} decides for {} orchestrators by {} {}, sha256 {}\n",
                   text_of(one, "generation"), text_of(one, "since"), text_of(one, "payees"), text_of(one, "policy"),
                   text_of(one, "version"), text_of(one, "sha256"));
    }
}

}  // namespace

int plugins_status(const Common& common) {
    int found = exit_good;
    const auto settings = settings_for(Reads::place, common, found);
    if (!settings) return found;
    const auto answer = ask_host(*settings, "GET", "/plugins", {});
    if (!answer) return print_error(answer.error());
    if (common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        print_plugins(*answer);
    }
    return exit_good;
}

}  // namespace stipend::cli
