// The process as a service: signals, and what the service manager is told.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <thread>

namespace stipend::cli {

// Takes SIGTERM, SIGINT and SIGHUP on a thread of its own. Made before any other thread, so that none of them is
// interrupted; one for the whole process.
class SignalThread {
  public:
    // `on_stop`: SIGTERM or SIGINT; `on_reload`: SIGHUP. Both on the signal thread.
    SignalThread(std::function<void()> on_stop, std::function<void()> on_reload);
    ~SignalThread();
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;

    // Blocks the signals in the calling thread and in all that it starts. First thing in `main`.
    static void block();

  private:
    std::thread thread_;
};

// Speaks to systemd where it started us; elsewhere nothing happens.
namespace service_manager {
// Empty: the status stays as it is.
void ready(std::string_view status);
void reloading();
void stopping();
void watchdog();
// How often it wants to hear of us, in nanoseconds; 0: never.
[[nodiscard]] std::int64_t watchdog_interval_ns();
}  // namespace service_manager

}  // namespace stipend::cli
