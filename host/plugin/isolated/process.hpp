// One process of a plugin, from its start to its end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/base/file.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin::isolated {

class Process {
  public:
    // Starts `program` with a socket, standard error and the sandbox's report as its only descriptors, and of the
    // environment only what says language and time zone. It ends with the calling thread. UNAVAILABLE: the system
    // refuses.
    static Result<Process> start(const std::filesystem::path& program);
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;
    ~Process();  // kills it, if it was not waited for

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] int socket() const { return socket_.get(); }  // does not block
    [[nodiscard]] int errors() const { return errors_.get(); }  // standard error; does not block
    // Kills it and waits for its end. Returns how it ended, as "got ...": the call that the sandbox refused, a signal,
    // an exit status, and whether it was at its limit of memory.
    std::string end(std::uint64_t memory_bytes);

  private:
    Process() = default;
    Fd socket_;
    Fd errors_;
    Fd report_;
    pid_t pid_ = -1;
};

}  // namespace stipend::plugin::isolated
