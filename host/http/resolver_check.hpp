// Finds out whether this machine's resolver answers at all, by a name in which no target has a part.
#pragma once

#include <cstdint>
#include <memory>

#include "host/http/name_check.hpp"

namespace stipend::http {

// Asks on a thread of its own, which is detached: a lookup cannot be interrupted. Times are those of monotonic_ns.
class ResolverCheck {
  public:
    // An empty `lookup` is the system's.
    explicit ResolverCheck(NameLookup lookup);
    ~ResolverCheck();
    ResolverCheck(const ResolverCheck&) = delete;
    ResolverCheck& operator=(const ResolverCheck&) = delete;

    // Has the resolver asked, unless a question that began at `since_ns` or later is under way or was answered. Where
    // the system grants no thread it is not asked. Does not wait.
    void ask(std::int64_t since_ns);
    // True if a question that began at `since_ns` or later was answered.
    [[nodiscard]] bool answered(std::int64_t since_ns) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace stipend::http
