#include "host/api/plugin_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <set>

namespace stipend::api {

Result<std::unique_ptr<PluginWatch>> PluginWatch::create(const std::filesystem::path& folder,
                                                         std::function<void(const std::string&)> on_written) {
    Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    Fd stop(::eventfd(0, EFD_CLOEXEC));
    if (!inotify || !stop || ::inotify_add_watch(inotify.get(), folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot watch the plugin folder: ", folder.native(), ": ",
                    std::strerror(errno));
    }
    return std::unique_ptr<PluginWatch>(new PluginWatch(std::move(inotify), std::move(stop), std::move(on_written)));
}

PluginWatch::PluginWatch(Fd inotify, Fd stop, std::function<void(const std::string&)> on_written)
    : inotify_(std::move(inotify)),
      stop_(std::move(stop)),
      on_written_(std::move(on_written)),
      thread_([this] { run(); }) {}

PluginWatch::~PluginWatch() {
    const std::uint64_t one = 1;
    STIPEND_ASSERT(::write(stop_.get(), &one, sizeof one) == sizeof one);
    thread_.join();
}

void PluginWatch::run() {
    alignas(inotify_event) char buffer[16 * 1024];
    while (true) {
        pollfd waiting[] = {{inotify_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
        if (::poll(waiting, 2, -1) < 0 && errno != EINTR) return;
        if (waiting[1].revents != 0) return;
        std::set<std::string> files;  // one wish for each, however often it was written
        for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
            for (const char* at = buffer; at < buffer + got;) {
                const auto* event = reinterpret_cast<const inotify_event*>(at);
                if (event->len > 0) files.emplace(event->name);
                at += sizeof(inotify_event) + event->len;
            }
        }
        for (const auto& file : files) on_written_(file);
    }
}

}  // namespace stipend::api
