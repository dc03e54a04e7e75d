#include "host/runtime/folder_watch.hpp"

#include <sys/inotify.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <set>

#include "host/base/file.hpp"

namespace stipend::runtime {

struct FolderWatch::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, Fd inotify, std::function<void(const std::string&)> callback)
        : inotify_fd(std::move(inotify)), descriptor(io, inotify_fd.get()), on_written(std::move(callback)) {}
    ~State() { descriptor.release(); }

    void wait() {
        descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [self = shared_from_this()](const boost::system::error_code& error) {
                                  if (error) return;
                                  self->read();
                                  self->wait();
                              });
    }

    void read() const {
        alignas(inotify_event) char buffer[16 * 1024];
        std::set<std::string> files;  // each once, however often it was written
        for (ssize_t got = 0; (got = ::read(inotify_fd.get(), buffer, sizeof buffer)) > 0;) {
            for (const char* at = buffer; at < buffer + got;) {
                const auto* event = reinterpret_cast<const inotify_event*>(at);
                if (event->len > 0) files.emplace(event->name);
                at += sizeof(inotify_event) + event->len;
            }
        }
        for (const auto& file : files) on_written(file);
    }

    const Fd inotify_fd;
    boost::asio::posix::stream_descriptor descriptor;
    const std::function<void(const std::string&)> on_written;
};

Result<std::unique_ptr<FolderWatch>> FolderWatch::create(ControlLoop& loop, const std::filesystem::path& folder,
                                                         std::function<void(const std::string&)> on_written) {
    Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify || ::inotify_add_watch(inotify.get(), folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot watch the plugin folder: ", folder.native(), ": ",
                    std::strerror(errno));
    }
    auto state = std::make_shared<State>(loop.io(), std::move(inotify), std::move(on_written));
    state->wait();
    return std::unique_ptr<FolderWatch>(new FolderWatch(std::move(state)));
}

FolderWatch::~FolderWatch() {
    state_->descriptor.cancel();
}

}  // namespace stipend::runtime
