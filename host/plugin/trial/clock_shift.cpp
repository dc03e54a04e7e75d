#include "host/plugin/trial/clock_shift.hpp"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime
#include <unistd.h>

#include <atomic>

namespace stipend::plugin {
namespace {

// 401 days, 5 h, 17 min and 3 s: each part of a date and of a time of day is another.
constexpr long shift_s = 401L * 86'400 + 5 * 3'600 + 17 * 60 + 3;
std::atomic<bool> is_shifted{false};

[[maybe_unused]] long shift() {
    return is_shifted.load(std::memory_order_relaxed) ? shift_s : 0;
}

}  // namespace

ClockShift::ClockShift(bool shifted) {
    is_shifted = shifted;
}
ClockShift::~ClockShift() {
    is_shifted = false;
}

}  // namespace stipend::plugin

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// A symbol of the program comes before that of a library, also for what a plugin calls.
extern "C" {

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec* out) noexcept {
    const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
    const bool is_of_cpu = clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
    if (result == 0 && !is_of_cpu) out->tv_sec += stipend::plugin::shift();
    return result;
}

__attribute__((visibility("default"))) time_t time(time_t* out) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != nullptr) *out = now.tv_sec;
    return now.tv_sec;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval* out, void*) noexcept {
    timespec now{};
    const int result = clock_gettime(CLOCK_REALTIME, &now);
    if (result == 0) *out = {now.tv_sec, now.tv_nsec / 1000};
    return result;
}

}  // extern "C"
#endif
