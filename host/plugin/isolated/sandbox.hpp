// What the process of a plugin gives up before it loads the plugin's library.
#pragma once

#include <cstdint>
#include <filesystem>

#include "stipend/result.hpp"

namespace stipend::plugin::isolated {

struct Sandbox {
    std::filesystem::path library;   // may be read, beside the system's libraries
    std::uint64_t memory_bytes = 0;  // of data; not of address space, of which some runtimes reserve a lot
    // Is given the name of the system call that ends the process, in a signal handler.
    void (*ends_by)(const char* call) = nullptr;
};

// For this process and all its threads, for good: no new privileges; no core dump; bounds on memory and descriptors; no
// socket but those that are open; no process started, traced or signalled; no file opened for writing, made, changed or
// removed; no memory both written and run. What only a hostile plugin would try ends the process at once, with its name
// to `ends_by`; what a library may try and do without fails there with ENOSYS. Returns whether the kernel
// also confines which files can be read (Landlock): the system's libraries and what TLS and time zones need, nothing
// else; without it the process reads what its user can. [control], before a second thread.
[[nodiscard]] Result<bool> enter_sandbox(const Sandbox& sandbox);

}  // namespace stipend::plugin::isolated
