#include "sdk_fixture.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace sdk_test {

const void* TestHost::get_interface(const stipend_host*, const char* id) {
    static constexpr stipend_host_threads_v1 threads{
        [](const stipend_host* h) { return std::int32_t{of(h).thread == Thread::control}; },
        [](const stipend_host* h) { return std::int32_t{of(h).thread == Thread::pool}; }};
    static constexpr stipend_host_log_v1 log{
        [](const stipend_host*, std::int32_t level) { return std::int32_t{level >= STIPEND_LOG_INFO}; },
        [](const stipend_host* h, std::int32_t, stipend_str text) { of(h).logged.emplace_back(view(text)); }};
    static constexpr stipend_host_timer_v1 timer{
        [](const stipend_host* h, std::uint64_t, stipend_timer_fired fired, void* user) {
            auto& timers = of(h).timers;
            timers.push_back({timers.empty() ? 1 : timers.back().op + 1, fired, user});
            return timers.back().op;
        },
        [](const stipend_host* h, stipend_op op) {
            return static_cast<std::int32_t>(std::erase_if(of(h).timers, [&](auto& t) { return t.op == op; }));
        }};
    static constexpr stipend_host_http_v1 http{
        [](const stipend_host* h, const stipend_http_request*, stipend_http_chunk part, stipend_http_done done,
           void* user, stipend_op* out) -> stipend_status {
            of(h).exchange = {part, done, user};
            *out = 1;
            return STIPEND_OK;
        },
        [](const stipend_host*, stipend_op) {}};
    const std::string_view name = id;
    if (name == STIPEND_HOST_THREADS) return &threads;
    if (name == STIPEND_HOST_LOG) return &log;
    if (name == STIPEND_HOST_TIMER) return &timer;
    if (name == STIPEND_HOST_HTTP) return &http;
    return nullptr;
}

Death fate_of(void (*body)()) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        ::signal(SIGABRT, SIG_DFL);  // doctest's own handler would report a failed test
        ::dup2(ends[1], STDERR_FILENO);
        body();
        ::_exit(0);
    }
    ::close(ends[1]);
    Death death{0, {}};
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        death.said.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) death.signal = WTERMSIG(status);
    return death;
}

}  // namespace sdk_test
