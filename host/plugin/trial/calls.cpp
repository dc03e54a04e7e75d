#include "host/plugin/trial/calls.hpp"

#include <unistd.h>

namespace stipend::plugin {

Calls::Calls(Report& report, std::string file)
    : report_(report), file_(std::move(file)), process_(::getpid()), before_(ProcessState::now()) {}

void Calls::end() {
    // A process that the plugin forked comes back from the call as well. The supervisor finds it by its end.
    if (::getpid() != process_) ::_exit(0);
    report_.end();
}

Result<void> Calls::check(std::string_view what) {
    auto now = ProcessState::now();
    if (const auto change = now.change_since(before_)) {
        return fail(STIPEND_E_INVALID, "plugin changes the process: ", file_, ": got ", *change, " after ", what,
                    ", want it as it was");
    }
    if (const auto taken = now.crash_signals_since(before_); !taken.empty()) {
        warn(file_, cat(what, " takes ", taken, ": the host's log does not name this plugin when it crashes"));
        before_ = std::move(now);
    }
    return {};
}

void Calls::warn(std::string_view label, std::string_view text) {
    warnings_.push_back(cat(label, ": ", text));
}

}  // namespace stipend::plugin
