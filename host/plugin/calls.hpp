// Which call of which plugin each thread is in. Read by what reports calls that take long, and by a signal handler when
// the process ends inside of one.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/base/time.hpp"
#include "stipend/abi/entry.h"

namespace stipend::plugin {

// What is called. Never freed, since a signal handler and an abandoned thread may still read it.
struct CallOwner {
    std::string instance;  // its name in the log
    std::string plugin;    // its id
    std::string file;      // the operator's
    std::string sha256;    // of its bytes; empty where the library was not loaded by the host
    friend auto operator<=>(const CallOwner&, const CallOwner&) = default;
};

// The one of these names, with file and hash of the library that `entry` belongs to.
[[nodiscard]] const CallOwner& make_call_owner(const stipend_entry& entry, const std::filesystem::path& shown_as,
                                               std::string instance, std::string plugin);
// Marks the library of `entry` as one that the host mapped: what crashes in its code is named by it.
void note_library(const stipend_entry& entry, const std::filesystem::path& shown_as, const std::string& sha256,
                  const std::string& plugins);
// The generation of configurations that calls are made for from now on; 0: none yet. [any]
void note_generation(std::uint64_t generation);
[[nodiscard]] std::uint64_t noted_generation() noexcept;

// The calling thread is inside a call of a plugin for as long as it lives. `call` is a literal.
class CallScope {
  public:
    CallScope(const CallOwner* owner, const char* call);
    ~CallScope();
    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;

  private:
    const CallOwner* outer_owner_;
    const char* outer_call_;
    stipend_mono_ns outer_began_;
};

struct RunningCall {
    const CallOwner* owner = nullptr;
    const char* call = nullptr;
    stipend_mono_ns began = 0;
    std::uint64_t thread = 0, number = 0;  // together they name one call
};
// All calls that are under way. [any]
[[nodiscard]] std::vector<RunningCall> running_calls();
// The clock of RunningCall::began.
[[nodiscard]] stipend_mono_ns call_clock() noexcept;

// The innermost call of the calling thread; `owner` is NULL where it is in none. Safe in a signal handler.
[[nodiscard]] RunningCall call_of_this_thread() noexcept;
// The library that the address lies in, or NULL. Safe in a signal handler.
[[nodiscard]] const CallOwner* library_at(std::uintptr_t address) noexcept;

// Called once on each thread that enters a plugin for the first time; for an alternate signal stack. Set before the
// first call.
void on_first_call(void (*prepare)());

}  // namespace stipend::plugin
