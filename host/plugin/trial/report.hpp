// What the process that calls the plugin writes and its supervisor reads: memory that both have mapped, so that no
// descriptor is needed, which a plugin could close, and so that the call under way is known however the process ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stipend::plugin {

inline constexpr std::size_t max_answer_bytes = 8u << 20;

struct Report {
    std::atomic<std::int64_t> since_ns;   // when the call under way began, on the monotonic clock; 0: none is under way
    std::atomic<std::uint32_t> answered;  // `answer` is complete
    char call[192];                       // the call under way, or the last one
    char rule[64];                        // what is looked at meanwhile (host/plugin/rules.hpp)
    char refused[32];                     // the system call by which the sandbox ended the process; empty: none
    char reach[192];                      // the access outside of a record that ended the process; empty: none
    std::uint32_t answer_bytes;
    char answer[max_answer_bytes];

    // Maps one that a child shares; NULL where there is no memory.
    static Report* map();
    void begin(std::string_view what);
    void set_rule(std::string_view name);
    void end();
    void finish(std::string_view text);
};

// The time of CLOCK_MONOTONIC, from the kernel: the functions of libc are replaced in this program.
[[nodiscard]] std::int64_t true_monotonic_ns();

}  // namespace stipend::plugin
