#include "host/cli/service.hpp"

#include <pthread.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <string>

namespace stipend::cli {
namespace {

// Sent to ourselves to end the signal thread.
constexpr int end_signal = SIGUSR2;

sigset_t handled_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, end_signal}) sigaddset(&set, signal);
    return set;
}

}  // namespace

void SignalThread::block() {
    const auto set = handled_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

SignalThread::SignalThread(std::function<void()> on_stop, std::function<void()> on_reload)
    : thread_([on_stop = std::move(on_stop), on_reload = std::move(on_reload)] {
          const auto set = handled_signals();
          while (true) {
              int signal = 0;
              if (::sigwait(&set, &signal) != 0 || signal == end_signal) return;
              if (signal == SIGHUP) {
                  on_reload();
              } else {
                  on_stop();
              }
          }
      }) {}

SignalThread::~SignalThread() {
    ::pthread_kill(thread_.native_handle(), end_signal);
    thread_.join();
}

namespace service_manager {

void ready(std::string_view status) {
    ::sd_notify(0, (status.empty() ? std::string("READY=1") : "READY=1\nSTATUS=" + std::string(status)).c_str());
}

void reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto us = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us)).c_str());
}

void stopping() {
    ::sd_notify(0, "STOPPING=1");
}
void watchdog() {
    ::sd_notify(0, "WATCHDOG=1");
}

std::int64_t watchdog_interval_ns() {
    std::uint64_t us = 0;
    return ::sd_watchdog_enabled(0, &us) > 0 ? static_cast<std::int64_t>(us) * 1000 : 0;
}

}  // namespace service_manager
}  // namespace stipend::cli
