// What is known of the watched services, as a record for plugins and as JSON for `stipend status`. [any] thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "host/runtime/watcher.hpp"
#include "stipend/json.hpp"

namespace stipend::worker {

// The reason in a monitor's evidence, for people: its `why` where it is a JSON object, else its `state`; any other text
// as it is. [pure]
[[nodiscard]] std::string reason_of(std::string_view evidence);
// The number of restarts that a monitor's evidence has; nothing where it has none. [pure]
[[nodiscard]] std::optional<std::int32_t> restarts_of(std::string_view evidence);

class ServicesView final : public plugin::ServiceSource {
  public:
    static constexpr std::uint32_t max_window_s = 7 * s_per_day;
    static constexpr std::size_t max_found = 256;

    // The watcher that is reported on from now on; NULL: none. Both are borrowed until the next call. [any]
    void set_watcher(const runtime::Watcher* watcher, const TimeLine* line);
    // Adds a discovery; true where its name is new.
    bool add_found(const std::string& name, const std::string& why);

    Result<ServiceReport> report(std::uint32_t window_s) override;

  private:
    std::mutex mutex_;                           // held while a report is made: the watcher must outlive that
    const runtime::Watcher* watcher_ = nullptr;  // guarded by mutex_
    const TimeLine* line_ = nullptr;             // guarded by mutex_
    std::map<std::string, std::string> found_;   // guarded by mutex_: why, by name
};

// An object with
//   now_ns, window_seconds, overall_ppm, coverage_ppm, services [{name, verdict (up, down, unknown), up_ppm, seen_ppm,
//   looks, since_ns, not_up_since_ns or null, not_up_ns, why}], found [{name, why}], and error where no service could
//   be observed. Nanoseconds are strings of digits.
[[nodiscard]] Json services_json(const ServiceReport& report);

}  // namespace stipend::worker
