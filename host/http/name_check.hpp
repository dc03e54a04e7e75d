// Finds out, after a failed lookup, whether the name has no address or no resolver answers: libcurl reports both alike.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace stipend::http {

// What the resolver says of a name.
enum class NameAnswer : std::uint8_t {
    found,
    none,    // there is no such name, or it has no address
    silent,  // no answer: no server was reached, or the servers of the name failed
    local,   // the lookup itself failed: no memory, no descriptor
};
// Looks a name up and may block for as long as the system's resolver does.
using NameLookup = std::function<NameAnswer(const std::string& name)>;

[[nodiscard]] NameAnswer name_answer_of(int getaddrinfo_code);
[[nodiscard]] NameAnswer ask_system(const std::string& name);

// A new one each time, that no resolver has cached, and that each asks the root for.
[[nodiscard]] std::string control_name();

// True if the lookup of `name` fails by this machine's resolver.
//
// Rationale: the system reports a name whose own servers fail like a resolver that is not reached (EAI_AGAIN), and the
// owner of a name could make each check of it end as the fault of this machine. So `control` decides, a name in which
// no target has a part.
[[nodiscard]] bool resolver_failed(const std::string& name, const NameLookup& lookup, const NameLookup& control);

// Runs these lookups on one thread, which is detached: a lookup cannot be interrupted.
class NameCheck {
  public:
    // The end of a check, on the helper thread. Must not block.
    using Done = std::function<void(std::uint64_t op, bool resolver_failed)>;

    NameCheck(NameLookup lookup, Done done);
    ~NameCheck();  // no `Done` is called afterwards
    NameCheck(const NameCheck&) = delete;
    NameCheck& operator=(const NameCheck&) = delete;

    // False where too many checks wait, or the system grants no thread: nothing follows then.
    [[nodiscard]] bool start(std::uint64_t op, std::string name);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace stipend::http
