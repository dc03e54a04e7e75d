// Calls into a library that is not trusted: each has a name for the supervisor, which ends one that takes too long, and
// leaves the process as it was.
#pragma once

#include <string>
#include <vector>

#include "host/plugin/finding.hpp"
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
        report_.begin(about_.empty() ? std::string(what) : cat(what, " with ", about_));
        Result<void> result = body();
        end();
        return result;
    }
    // How the process is now is how it is to stay.
    void take_as_it_is() { before_ = ProcessState::now(); }
    // Whether the process is as it was; `what` is the last call.
    Result<void> check(std::string_view what);

    // Runs `body`, which returns a Result<void>, while that rule is looked at. Where it fails, the rule stays.
    template <class Body>
    Result<void> under(const char* rule, Body&& body) {
        const auto* outer = rule_;
        look_at(rule);
        STIPEND_TRY(body());
        look_at(outer);
        return {};
    }
    // What breaks from now on breaks that rule. `rule` is a literal.
    void look_at(const char* rule);

    // What breaks a rule and does not refuse the plugin; `label` is the file and the id of the plugin.
    void warn(const char* rule, std::string_view label, std::string_view text);
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    // What the calls from now on are about, for messages of the supervisor; empty: nothing.
    void about(std::string_view what) { about_ = what; }
    // How much was looked at.
    void note(std::string text) { looked_at_ = std::move(text); }
    [[nodiscard]] const std::string& looked_at() const { return looked_at_; }
    [[nodiscard]] const std::string& file() const { return file_; }

  private:
    void end();

    Report& report_;
    std::string file_;
    pid_t process_;
    ProcessState before_;
    const char* rule_ = "";
    std::vector<Finding> findings_;
    std::string about_, looked_at_;
};

}  // namespace stipend::plugin
