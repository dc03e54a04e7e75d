// All checks of this host that fail at once: more likely a failure of its own network than of everything that it looks
// at. Pure; one thread, except `blind`.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "host/base/recurring.hpp"
#include "stipend/abi/monitor.h"

namespace stipend::runtime {

class Outage {
  public:
    static constexpr std::size_t max_spans = 1000;

    struct Check {
        std::int32_t verdict = STIPEND_UNKNOWN;
        stipend_unix_ns since = 0;  // when it became that
        std::int64_t every_ns = 0;
    };
    // Shows each check until `show` returns false.
    using Visit = std::function<void(const std::function<bool(const Check&)>& show)>;

    enum class Step { none, began, ended };

    struct Turn {
        Step failed = Step::none;  // `began`: all checks failed, and turned to that within one interval
        Step unseen = Step::none;  // the same of checks none of which could look; never while they are failed
    };
    // After a verdict changed.
    Turn review(const Visit& visit, stipend_unix_ns now);
    // The outcome of a look at the witnesses that was begun at `at`; `answered`: at least one of them answers. Without
    // an answer the time since the first failure is blind, until an answer comes or the outage ends.
    void witnessed(bool answered, stipend_unix_ns at);
    // The witnesses are to be looked at again, since the outage lasts and none answered.
    [[nodiscard]] bool wants_look(stipend_unix_ns now) const { return open_ && blind_ && now >= look_at_; }
    [[nodiscard]] std::optional<stipend_unix_ns> next_look() const {
        return open_ && blind_ ? std::optional(look_at_) : std::nullopt;
    }

    [[nodiscard]] bool open() const { return open_; }
    [[nodiscard]] bool is_unseen() const { return unseen_; }
    [[nodiscard]] bool is_blind() const { return blind_; }
    [[nodiscard]] stipend_unix_ns began() const { return began_; }  // of what is open, or of the time unseen
    [[nodiscard]] std::size_t checks() const { return checks_; }
    // The blind time within [from, to). [any]
    [[nodiscard]] std::vector<Window> blind(stipend_unix_ns from, stipend_unix_ns to) const;

  private:
    void end_blind(stipend_unix_ns at);

    bool open_ = false;
    bool unseen_ = false;
    bool blind_ = false;
    stipend_unix_ns began_ = 0;
    std::size_t checks_ = 0;
    std::int64_t every_ns_ = 0;
    stipend_unix_ns look_at_ = 0;
    mutable std::mutex mutex_;
    std::vector<Window> spans_;  // guarded by mutex_; the last one is open while blind_
};

}  // namespace stipend::runtime
