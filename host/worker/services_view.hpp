// What is known of the watched services, for whoever asks. [any] thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "host/runtime/watcher.hpp"

namespace stipend::worker {

// The view "services", with "?window_seconds=N" (1 to 604800, by default 60): a JSON object with
//   now_ns, window_seconds, overall_ppm (mean over the services of uptime / window), coverage_ppm, services [{name,
//   verdict (up, down, unknown), up_ppm, seen_ppm, looks, since_ns, not_up_since_ns or null, not_up_ns, why}], found
//   [{name, why}], and error where no service could be looked at.
// Time that was not seen is not uptime. Nanoseconds are strings of digits.
class ServicesView final : public plugin::ViewSource {
  public:
    static constexpr std::int64_t default_window_s = 60;
    static constexpr std::int64_t max_window_s = 7 * s_per_day;
    static constexpr std::size_t max_found = 256;

    // What is shown from now on; NULL: nothing. Both are borrowed until the next call. [any]
    void set_watcher(const runtime::Watcher* watcher, const TimeLine* line);
    // Notes a service that was found; true where it is new.
    bool add_found(const std::string& name, const std::string& why);

    Result<std::string> view(std::string_view name) override;

  private:
    std::mutex mutex_;                           // held while the view is shown: the watcher lives on meanwhile
    const runtime::Watcher* watcher_ = nullptr;  // guarded by mutex_
    const TimeLine* line_ = nullptr;             // guarded by mutex_
    std::map<std::string, std::string> found_;   // guarded by mutex_: why, by name
};

}  // namespace stipend::worker
