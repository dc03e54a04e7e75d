// The decisions about alerts: which receiver gets a message about which alert, when, how often, and again after a
// failure. A pure state machine: time comes in, messages and changes to be written go out.
//
//     take / configure / silence / ended      what happened
//     tick                                    lets time pass
//     take_changes                            is written before the messages below are sent
//     next_message                            until there is none
//     next_wakeup                             when `tick` has something to do, if nothing else comes before
//
// One message is under way to a receiver at a time; receivers do not wait for each other. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/alert/alert.hpp"
#include "host/alert/rules.hpp"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::alert {

inline constexpr std::int64_t first_pause_ns = 2 * ns_per_s;      // after a failure; doubled each time
inline constexpr std::int64_t longest_pause_ns = 600 * ns_per_s;  // and never longer

// One message on its way.
struct Message {
    std::string receiver;
    std::vector<Pending> alerts;  // those that it lists
    std::uint64_t omitted = 0;    // further ones that it counts
    std::uint64_t dropped = 0;
};

// What is known of a receiver.
struct ReceiverState {
    std::string name;
    std::size_t pending = 0;
    std::uint64_t delivered = 0;  // alerts, since the start
    std::uint64_t rejected = 0;   // alerts that the channel refuses for good
    std::uint64_t dropped = 0;    // alerts that were lost since too many were waiting
    std::uint64_t failures = 0;   // in a row
    std::string last_error;       // of the last message; empty where it was accepted
    stipend_unix_ns last_success = 0;
    std::optional<stipend_unix_ns> retry_at = {};
    bool quiet = false;
};

class Router {
  public:
    // `random` gives bits for the ids of deliveries and for the jitter of pauses.
    explicit Router(std::function<std::uint64_t()> random) : random_(std::move(random)) {}

    // Takes up what was stored by an earlier run. Beside what was taken meanwhile; once.
    void restore(State state, stipend_unix_ns now);
    void configure(Rules rules, stipend_unix_ns now);
    void take(const Notice& notice, stipend_unix_ns now);
    // LIMIT: too many. A silence of the same ids is replaced.
    Result<void> silence(Silence silence, stipend_unix_ns now);
    // How many were ended.
    std::size_t unsilence(std::string_view match, stipend_unix_ns now);
    // Queues a message that only tries a receiver; it is sent at once, and never again. Its number; UNSUPPORTED: there
    // is no such receiver.
    Result<std::uint64_t> test(const std::string& receiver, stipend_unix_ns now);

    void tick(stipend_unix_ns now);
    [[nodiscard]] std::optional<Message> next_message(stipend_unix_ns now);
    // How the message under way to a receiver ended. An error that is permanent is not tried again.
    void ended(const std::string& receiver, const Result<void>& result, stipend_unix_ns now);
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup(stipend_unix_ns now) const;

    // What changed since the last call.
    [[nodiscard]] Changes take_changes();
    // All there is, for a store that lost what it had.
    [[nodiscard]] Changes everything() const;

    [[nodiscard]] const std::map<std::string, Active>& active() const { return active_; }
    [[nodiscard]] const std::vector<Silence>& silences() const { return silences_; }
    [[nodiscard]] std::optional<stipend_unix_ns> silenced_until(std::string_view alert_id, stipend_unix_ns now) const;
    [[nodiscard]] std::vector<ReceiverState> receivers(stipend_unix_ns now) const;
    [[nodiscard]] std::vector<Pending> pending() const;
    [[nodiscard]] const Rules& rules() const { return rules_; }
    [[nodiscard]] std::uint64_t beyond_bound() const { return beyond_bound_; }

  private:
    struct Line {  // to one receiver
        Receiver receiver;
        std::deque<Pending> waiting;
        std::deque<Pending> tests;
        std::vector<Pending> flying;  // in the message under way: listed, then omitted ones
        std::size_t flying_listed = 0;
        bool under_way = false;
        bool flying_test = false;
        std::uint64_t flying_dropped = 0;
        std::uint64_t singly_until = 0;  // up to this number each has a message of its own
        std::int64_t tokens_ns = 0;      // time that is saved up for messages
        stipend_unix_ns tokens_at = 0;
        std::optional<stipend_unix_ns> retry_at;
        std::optional<Window> quiet;  // the present one, or the next
        bool quiet_known = false;
        ReceiverState state;
    };

    [[nodiscard]] bool is_quiet(Line& line, stipend_unix_ns now);
    [[nodiscard]] static std::int64_t cost_ns(const Line& line);
    void refill(Line& line, stipend_unix_ns now);
    void scan(stipend_unix_ns now);
    // Queues what is due about one alert, and lowers `next_scan_` to when something is due again.
    void evaluate(Active& alert, stipend_unix_ns now);
    void resolve(const Active& alert, stipend_unix_ns at, const std::string& text, stipend_unix_ns now);
    struct News {
        bool repeated = false;
        stipend_unix_ns ended = 0;  // 0: the alert fires
        const std::string& text;
    };
    void queue(const std::string& name, Line& line, const Active& alert, const News& news, stipend_unix_ns now);
    void remove(const Pending& one) { removed_.push_back(one.number); }
    [[nodiscard]] bool may_go(Line& line, const Pending& one, stipend_unix_ns now);
    // When the next message to a receiver may be sent; nothing: none waits that may.
    [[nodiscard]] std::optional<stipend_unix_ns> ready_at(const Line& line, stipend_unix_ns now) const;
    [[nodiscard]] Message compose(Line& line, stipend_unix_ns now);
    void expire_silences(stipend_unix_ns now);
    void drop_silenced(const std::string& name, Line& line, stipend_unix_ns now);
    [[nodiscard]] std::string new_id();
    void wake_by(stipend_unix_ns at) { next_scan_ = std::min(next_scan_, at); }

    std::function<std::uint64_t()> random_;
    Rules rules_;
    std::map<std::string, Active> active_;
    std::map<std::string, Line> lines_;
    std::vector<Silence> silences_;
    std::map<std::string, std::uint64_t> dropped_;  // not reported yet
    std::uint64_t last_number_ = 0;
    std::uint64_t beyond_bound_ = 0;
    stipend_unix_ns restored_at_ = 0;
    static constexpr stipend_unix_ns never = INT64_MAX;
    stipend_unix_ns next_scan_ = never;

    std::set<std::string> changed_;  // ids of alerts
    std::vector<Pending> added_;
    std::vector<std::uint64_t> removed_;
    bool silences_changed_ = false;
    bool dropped_changed_ = false;
};

}  // namespace stipend::alert
