// A watch of an engine: requests its version, replays the events since the last watch, follows the event stream, and
// lists the containers at every interval and soon after each event. A list that fails ends the attempt: all containers
// are unknown from then on, and the next attempt follows, at first soon, then every few seconds. Where the engine's
// events are refused or do not arrive, the lists go on alone, with an inspection of every container after each, and the
// events are tried again every few minutes. Times are the engine's inside, and the host's in what is reported. All on
// [pool].
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "docker_clock.hpp"
#include "docker_engine.hpp"
#include "docker_tracker.hpp"
#include "stipend/host.hpp"

namespace monitor::docker {

struct Settings {
    Engine engine;
    std::int64_t every_ns = 10 * stipend::ns_per_s;
    std::uint32_t timeout_ms = 5000;  // for one request
    Discovery discovery;
};

class Session : public std::enable_shared_from_this<Session> {
  public:
    // Reports the problem with the engine; empty: none any more.
    using Trouble = std::function<void(const std::string&)>;

    Session(stipend::Host host, const Settings& settings, const std::vector<Target>& targets, Tracker::Report say,
            Trouble trouble);
    void start();
    // Ends the watch and cancels its requests. Nothing is reported afterwards.
    void stop();

  private:
    // A callback of the present attempt; calls for an older one are dropped.
    template <class Work>
    auto ours(Work work) {
        return [self = shared_from_this(), round = round_, work = std::move(work)](const auto&... given) {
            if (self->round_ == round) work(*self, given...);
        };
    }
    void connect();
    void on_version(const stipend::HttpReply& reply, stipend_mono_ns sent);
    void replay();
    void follow(stipend_unix_ns since);
    void on_stream_end(const stipend::HttpReply& reply);
    bool on_part(std::string_view part);
    stipend::Result<void> on_line(std::string_view line);
    void look();
    void look_soon();
    void on_list(const stipend::HttpReply& reply, std::size_t filter, stipend_mono_ns sent);
    [[nodiscard]] bool narrow_list(const stipend::Error& error);
    void ask_list(std::size_t filter, stipend_mono_ns sent);
    void take_list(const std::vector<Listed>& list, stipend_mono_ns sent);
    void leave_out(const std::string& what, const std::string& id, std::string_view why);
    void go_alone(const std::string& why);
    void follow_again();
    void take_date(const stipend::HttpReply& reply, stipend_mono_ns sent);
    void compare_clocks();
    [[nodiscard]] stipend_unix_ns now() const { return clock_.at(host_.monotonic()); }
    void report(const Tracker::Report& say, const Observation& seen);
    void inspect_stale();
    void on_details(const std::string& id, const stipend::HttpReply& reply, stipend_mono_ns sent);
    void lose(stipend_unix_ns from, const std::string& why);
    void end_attempt();
    [[nodiscard]] std::string path(const std::string& rest) const;
    // Sends a request, or reports that the host rejected it. `done` is dropped if the attempt is over by then.
    bool get(const std::string& path, std::uint64_t max_bytes, std::function<void(const stipend::HttpReply&)> done,
             std::uint32_t timeout_ms, stipend::Host::HttpPart part = {});

    const stipend::Host host_;
    const Settings& settings_;
    const Trouble trouble_;
    EngineClock clock_;
    std::int64_t behind_ns_ = 0;    // of the engine's clock against the host's, as applied to what is reported
    std::int64_t skew_warned_ = 0;  // the last that was reported in the log
    Tracker tracker_;

    std::uint64_t round_ = 0;  // of the attempt
    std::set<stipend_op> exchanges_;
    ApiVersion api_;
    bool watching_ = false;  // the first list of this attempt has arrived
    stipend_unix_ns lost_since_ = 0;
    std::int64_t back_off_ns_ = 0;
    std::string trouble_said_;

    Lines lines_;
    std::size_t dropped_lines_ = 0;
    std::vector<Event> missed_;                                                // before the first list
    stipend_unix_ns last_event_at_ = 0;                                        // start of a replay; 0: the first one
    std::set<std::tuple<stipend_unix_ns, std::string, std::string>> handled_;  // so that a replay repeats none

    bool looking_ = false;           // a list is requested
    bool look_again_ = false;        // and an event arrived since
    stipend_mono_ns looked_at_ = 0;  // request of the last list
    stipend_mono_ns list_sent_at_ = 0;
    stipend_mono_ns next_look_at_ = 0;
    std::set<std::string> inspecting_;
    std::set<std::string> inspected_;   // after the present list
    std::vector<std::string> filters_;  // of the watched containers, one list for each; none: too long
    bool narrow_ = false;               // lists only have the watched containers
    std::vector<Listed> narrow_list_;   // of the filters so far
    bool alone_ = false;                // lists without events
    std::string alone_said_;            // and why, as it was logged
    int short_streams_ = 0;             // that ended soon, in a row
    std::set<std::string> left_out_;    // reported entries and events that cannot be read
    std::unique_ptr<stipend::Timer> sample_timer_, soon_timer_, retry_timer_, events_timer_;
};

}  // namespace monitor::docker
