#include "host/runtime/process_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "host/plugin/calls.hpp"

namespace stipend::runtime {
namespace {

bool takes_info(const struct sigaction& action) {
    return (action.sa_flags & SA_SIGINFO) != 0;
}

std::uintptr_t handler_of(const struct sigaction& action) {
    return takes_info(action) ? reinterpret_cast<std::uintptr_t>(action.sa_sigaction)
                              : reinterpret_cast<std::uintptr_t>(action.sa_handler);
}

bool same(const struct sigaction& a, const struct sigaction& b) {
    return handler_of(a) == handler_of(b) && takes_info(a) == takes_info(b);
}

std::string_view kind_of(const struct sigaction& action) {
    if (handler_of(action) == reinterpret_cast<std::uintptr_t>(SIG_IGN)) return "ignored";
    if (handler_of(action) == reinterpret_cast<std::uintptr_t>(SIG_DFL)) return "at its default action";
    return "handled by other code";
}

}  // namespace

ProcessWatch::ProcessWatch() {
    std::size_t at = 0;
    for (const int signal : own) ::sigaction(signal, nullptr, &actions_[at++]);
    for (const int signal : crashes) ::sigaction(signal, nullptr, &actions_[at++]);
    for (std::size_t number = 0; number < streams_.size(); ++number) {
        auto& stream = streams_[number];
        struct stat info {};
        if (::fstat(static_cast<int>(number), &info) != 0) continue;
        stream.device = info.st_dev;
        stream.inode = info.st_ino;
        stream.kept = Fd(::fcntl(static_cast<int>(number), F_DUPFD_CLOEXEC, 3));
        if (stream.kept) stream.in_children = NotInChildren(stream.kept.get());
    }
}

ProcessWatch::Loading::Loading(ProcessWatch& watch) : watch_(watch) {
    const std::lock_guard lock(watch_.mutex_);
    ++watch_.loading_;
}

ProcessWatch::Loading::~Loading() {
    const std::lock_guard lock(watch_.mutex_);
    --watch_.loading_;
    std::size_t at = own.size();
    for (const int signal : crashes) ::sigaction(signal, nullptr, &watch_.actions_[at++]);
}

std::vector<std::string> ProcessWatch::restore() {
    std::vector<std::string> changes;
    restore_actions(changes);
    restore_streams(changes);
    return changes;
}

void ProcessWatch::restore_actions(std::vector<std::string>& changes) {
    const std::lock_guard lock(mutex_);
    const auto watched = loading_ == 0 ? actions_.size() : own.size();
    for (std::size_t at = 0; at < watched; ++at) {
        const int signal = at < own.size() ? own[at] : crashes[at - own.size()];
        struct sigaction now {};
        if (::sigaction(signal, nullptr, &now) != 0 || same(now, actions_[at])) continue;
        ::sigaction(signal, &actions_[at], nullptr);
        // An ignored signal leads to no code.
        const auto* owner = plugin::library_at(handler_of(now));
        const auto by = owner == nullptr ? std::string("code in this process")
                                         : cat("plugin ", owner->plugin, " (", owner->file, ")");
        changes.push_back(cat(by, " took SIG", ::sigabbrev_np(signal), ": it was ", kind_of(now)));
    }
}

void ProcessWatch::restore_streams(std::vector<std::string>& changes) {
    static constexpr std::array<std::string_view, 3> names{"standard input", "standard output", "standard error"};
    for (std::size_t at = 0; at < streams_.size(); ++at) {
        const auto& stream = streams_[at];
        const int number = static_cast<int>(at);
        struct stat info {};
        const bool open = ::fstat(number, &info) == 0;
        if (!stream.kept || (open && info.st_dev == stream.device && info.st_ino == stream.inode)) continue;
        // What has the number by now loses it: the host writes to it, and would go on to.
        ::dup2(stream.kept.get(), number);
        changes.push_back(cat("code in this process closed ", names[at], ", descriptor ", number,
                              open ? ", which was another file then" : ""));
    }
}

}  // namespace stipend::runtime
