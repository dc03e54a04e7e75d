// The programs' side of the benchmarks: each measures what it is asked for, once, and leaves pairs, medians and goals
// to bench.py.
//
// A question is a line "NAME COUNT" on standard input; the answer is a line "DONE NS CHECK": how many operations were
// done, how long they took, and a digest by which two ways of doing the same are compared (0: nothing to compare).
// A failure ends the program with a message and status 1.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "stipend/result.hpp"

namespace stipend::bench {

struct Measured {
    std::uint64_t done = 0;
    std::int64_t ns = 0;
    std::uint64_t check = 0;
};

// Does about `count` operations and says what they took; what has to be made ready is made before the clock runs.
using Measure = std::function<Result<Measured>(std::uint64_t count)>;

// Answers questions until the end of standard input. Returns the exit status.
int serve(const std::map<std::string, Measure>& measures);

// Time of the wall, and CPU time of the calling thread: neighbours on the machine do not count in the latter.
[[nodiscard]] std::int64_t wall_ns();
[[nodiscard]] std::int64_t thread_cpu_ns();

// Ends the program with the error's message.
[[noreturn]] void die(const std::string& message);

template <class T>
T must(Result<T> result) {
    if (!result) die(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace stipend::bench
