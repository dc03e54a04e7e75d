#include "host/plugin/trial/calls.hpp"

#include <unistd.h>

#include "host/plugin/rules.hpp"

namespace stipend::plugin {
namespace {

constexpr std::size_t most_findings = 200;

}  // namespace

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
        look_at(rules::unchanged);
        return fail(STIPEND_E_INVALID, "plugin changes the process: ", file_, ": got ", *change, " after ", what,
                    ", want it as it was");
    }
    if (const auto taken = now.crash_signals_since(before_); !taken.empty()) {
        warn(rules::crash_signals, file_,
             cat(what, " takes ", taken, ": the host's log does not name this plugin when it crashes"));
        before_ = std::move(now);
    }
    return {};
}

void Calls::look_at(const char* rule) {
    rule_ = rule;
    report_.set_rule(rule);
}

void Calls::warn(const char* rule, std::string_view label, std::string_view text) {
    if (findings_.size() < most_findings) findings_.push_back({rule, cat(label, ": ", text)});
}

}  // namespace stipend::plugin
