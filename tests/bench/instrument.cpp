#include "tests/bench/instrument.hpp"

#include <fmt/format.h>
#include <time.h>

#include <cstdlib>
#include <iostream>

namespace stipend::bench {
namespace {

std::int64_t read_clock(clockid_t clock) {
    timespec now{};
    const int refused = ::clock_gettime(clock, &now);
    STIPEND_ASSERT(refused == 0);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t wall_ns() {
    return read_clock(CLOCK_MONOTONIC);
}
std::int64_t thread_cpu_ns() {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void die(const std::string& message) {
    fmt::print(stderr, "{}\n", message);
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): a benchmark ends here, whatever still runs
}

int serve(const std::map<std::string, Measure>& measures) {
    std::string name;
    std::uint64_t count = 0;
    while (std::cin >> name >> count) {
        const auto found = measures.find(name);
        if (found == measures.end()) die("no such measure: got " + name);
        const auto measured = must(found->second(count));
        fmt::print("{} {} {}\n", measured.done, measured.ns, measured.check);
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace stipend::bench
