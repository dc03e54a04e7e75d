// SIGTERM, SIGINT and SIGHUP as calls on the control thread.
#pragma once

#include <functional>
#include <memory>

#include "host/runtime/control_loop.hpp"

namespace stipend::runtime {

// One for the whole process. From its construction on the signals no longer end the process: those that arrive before
// the loop runs are handled by its first turn. SIGPIPE is ignored.
class Signals {
  public:
    // `on_stop`: SIGTERM or SIGINT; `on_reload`: SIGHUP. Both on [control].
    Signals(ControlLoop& loop, std::function<void()> on_stop, std::function<void()> on_reload);
    ~Signals();  // before the loop ends; the default actions are back
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

  private:
    struct State;
    const std::shared_ptr<State> state_;
};

}  // namespace stipend::runtime
