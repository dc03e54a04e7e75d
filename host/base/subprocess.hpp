// Runs a program and reads what it prints.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::subprocess {

struct Command {
    std::vector<std::string> arguments;  // the first one is the program's path
    std::string input;                   // its standard input, at most max_input bytes
    std::int64_t deadline_ns = 0;        // then it is ended, by SIGTERM first
    std::size_t max_output = 16 << 20;   // bytes of standard output that are kept; what is beyond is an error
    // Where it is set, it gets each whole line of standard output, which is not kept; false ends the program.
    std::function<bool(std::string_view line)> on_line = {};
};
inline constexpr std::size_t max_input = 4'096;  // a pipe holds it, so that writing it never blocks

struct Ended {
    int status = 0;        // of its exit; 128 and the signal's number where one ended it
    bool stopped = false;  // by `on_line`
    std::string out;
    std::string err;  // its beginning
};
// Blocks. UNAVAILABLE: it cannot be started; TIMEOUT: the deadline; LIMIT: it prints too much. Its end is waited for in
// any case.
[[nodiscard]] Result<Ended> run(const Command& command);

}  // namespace stipend::subprocess
