// Alerts on their way to receivers: what the role and the host raise and resolve goes through here to plugin instances.
// All decisions are the router's (host/alert/router.hpp); this is its clock, its store and its calls of plugins.
//
// A thread of its own does all the work, the writes to the disk included, so that neither a receiver nor a disk holds
// up the control thread or a payment.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "host/alert/router.hpp"
#include "host/alert/store.hpp"
#include "host/base/lane.hpp"
#include "host/base/timeline.hpp"
#include "host/config/settings.hpp"
#include "host/runtime/instances.hpp"
#include "host/runtime/log.hpp"
#include "host/runtime/metrics.hpp"
#include "stipend/json.hpp"

namespace stipend::runtime {

class AlertDelivery : public std::enable_shared_from_this<AlertDelivery> {
  public:
    static constexpr std::size_t max_waiting_notices = 20'000;
    static constexpr std::uint64_t failures_for_alert = 5;

    // All of it outlives the delivery.
    struct Surroundings {
        std::filesystem::path state_folder;
        const TimeLine* line = nullptr;
        Log* log = nullptr;
        Metrics* metrics = nullptr;
        plugin::AlertSink* alerts = nullptr;  // where alerts about receivers are raised; NULL: log lines
        std::string role;                     // a label of each alert
    };

    // Works on `lane`, which has a width of 1. Where `stores`, what an earlier run left is taken up at once; otherwise
    // with the first receiver. A store that cannot be used is logged: alerts are delivered all the same, and lost with
    // the process.
    static std::shared_ptr<AlertDelivery> create(Surroundings surroundings, std::shared_ptr<Lane> lane, bool stores);
    ~AlertDelivery() = default;
    AlertDelivery(const AlertDelivery&) = delete;
    AlertDelivery& operator=(const AlertDelivery&) = delete;

    // [any] Never waits.
    void take(alert::Notice notice);
    // The ids of the alerts that fired when the run before ended. [control] Before the first turn.
    [[nodiscard]] const std::set<std::string>& fired_before() const { return fired_before_; }
    // The receivers in force; `interval_ns` is that between two looks at what alerts are about. [control]
    void install(const config::Alerts& settings, std::int64_t interval_ns, const InstanceSet& instances);
    // Answers all that waits for an outcome, and sends nothing more. False: its lane is held up, by the disk, and is
    // left alone; then the process has to end without destructors. [any but the delivery's lane]
    [[nodiscard]] bool stop();

    // Requests of the control socket; each waits for the delivery's lane. STATE: the host is stopping. [any but
    // control and the delivery's lane]
    Result<Json> list();
    // {"match", "for_s", "reason", "by"}
    Result<Json> silence(const Json& body);
    // {"match"}
    Result<Json> unsilence(const Json& body);
    // {"receiver"}; without it, all. Waits until each message was accepted or not.
    Result<Json> test(const Json& body);

  private:
    struct Target {
        std::shared_ptr<plugin::Instance> instance;
        std::int64_t deadline_ns = 0;
    };
    struct Trial {  // of a receiver
        std::string receiver;
        std::function<void(Result<void>)> answer;
    };

    AlertDelivery(Surroundings surroundings, std::shared_ptr<Lane> lane);
    template <class Work>
    auto ask(Work work) -> Result<decltype(work())>;

    // On the lane:
    void turn();
    void end_trials_of_removed();
    void open_store(stipend_unix_ns now);
    void flush();
    void send(alert::Message message);
    void ended(const std::string& receiver, const Result<void>& result);
    void report(const std::string& receiver, const alert::ReceiverState& state, const Result<void>& result);
    void arm(std::optional<stipend_unix_ns> at);
    void refresh_metrics();
    [[nodiscard]] Json list_json();

    const Surroundings surroundings_;
    const std::string host_name_;
    const std::shared_ptr<Lane> lane_;
    std::set<std::string> fired_before_;
    std::atomic<std::size_t> waiting_notices_ = 0;
    std::atomic<std::uint64_t> lost_notices_ = 0;
    std::atomic<bool> stopping_ = false;

    // Only on the lane, once it runs:
    alert::Router router_;
    std::unique_ptr<alert::Store> store_;
    bool stores_ = false;        // there are receivers, so what waits for them is stored
    bool store_failed_ = false;  // the next write is of everything
    bool store_was_read_ = false;
    stipend_unix_ns store_retry_at_ = 0;
    std::map<std::string, Target> targets_;
    std::map<std::uint64_t, Trial> trials_;          // by the number of their message
    std::map<std::string, std::uint64_t> trial_of_;  // by receiver: the one under way
    std::set<std::string> troubled_;                 // receivers about which an alert is raised
    std::uint64_t timer_ = 0;
    stipend_unix_ns timer_at_ = 0;
    bool turn_posted_ = false;
};

}  // namespace stipend::runtime
