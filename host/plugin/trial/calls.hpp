// Calls into a library that is not trusted: each has a name for the supervisor, which ends one that takes too long, and
// leaves the process as it was.
#pragma once

#include <string>
#include <vector>

#include "host/plugin/trial/process_state.hpp"
#include "host/plugin/trial/report.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

class Calls {
  public:
    // `file` is the operator's file, for messages.
    Calls(Report& report, std::string file);

    // Runs `body`, which calls the plugin and returns a Result<void>, as the call `what`.
    template <class Body>
    Result<void> make(std::string_view what, Body&& body) {
        STIPEND_TRY(make_unchecked(what, body));
        return check(what);
    }
    // The same without a look at the process, for calls that come in great numbers.
    template <class Body>
    Result<void> make_unchecked(std::string_view what, Body&& body) {
        report_.begin(what);
        Result<void> result = body();
        end();
        return result;
    }
    // Whether the process is as it was; `what` is the last call.
    Result<void> check(std::string_view what);

    // What does not refuse the plugin, but should be known; `label` is the file and the id of the plugin.
    void warn(std::string_view label, std::string_view text);
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
    [[nodiscard]] const std::string& file() const { return file_; }

  private:
    void end();

    Report& report_;
    std::string file_;
    pid_t process_;
    ProcessState before_;
    std::vector<std::string> warnings_;
};

}  // namespace stipend::plugin
