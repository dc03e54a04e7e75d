// Sends orchestrators their own alerts, each to the target that it has set. An event is written before it is
// sent, and stays until the target has accepted it. Thread-safe; nothing of a payment waits for it.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/alert/own_target_store.hpp"
#include "host/api/target_routes.hpp"
#include "host/base/lane.hpp"
#include "host/engine/own_mail.hpp"
#include "host/http/client.hpp"

namespace stipend::engine {

struct TargetDeskParts {
    std::shared_ptr<Lane> lane;        // of a width of 1, and its own: a commit waits for the disk
    http::HttpClient* http = nullptr;  // outlives every exchange that the desk makes
    std::filesystem::path file;
    std::function<stipend_unix_ns()> now;              // any thread
    std::function<void(const std::string& line)> log;  // any thread
    // Raises the alert about an orchestrator's target; an empty text resolves it. Any thread; returns at once.
    std::function<void(const std::string& orchestrator, const std::string& text)> alert;
    // The same of the file, where it cannot be written.
    std::function<void(const std::string& text)> store_alert;
    // When that id was registered; nothing: it is not, was removed, or never was approved. May block.
    std::function<Result<std::optional<stipend_unix_ns>>(std::string_view id)> registered_at;
    std::string ca_file = {};           // roots for webhooks; empty: this machine's
    std::vector<IpRange> allowed = {};  // networks that webhooks may lead to although they are not public
};

class TargetDesk final : public api::AlertTargets, public std::enable_shared_from_this<TargetDesk> {
  public:
    static constexpr std::size_t max_targets = 10'000;
    static constexpr std::size_t max_at_once = 16;  // messages under way
    static constexpr std::size_t max_codes_an_hour = 60;
    static constexpr std::uint32_t webhook_timeout_ms = 10'000;

    // CONFIG: the file cannot be used.
    [[nodiscard]] static Result<std::shared_ptr<TargetDesk>> open(TargetDeskParts parts);
    // Sends nothing more. What is under way is sent again by the next run. [any but the desk's thread]
    void close();

    // A sign of an orchestrator is so, or no more. Never waits. [control]
    void observe(std::string_view orchestrator, std::uint32_t sign, bool is_so);
    [[nodiscard]] bool any() const { return any_.load(); }
    // Orchestrators of which this sign was so when it was looked at last.
    [[nodiscard]] std::vector<std::string> with_sign(std::uint32_t sign) const;
    // How e-mails are sent from now on. [any]
    void set_mail_server(std::optional<MailServer> server);
    // Some may have been removed: no alert is about the target of one that is no more. Never waits. [any]
    void registrations_changed();

    api::Reply show(const api::Request& request) override;
    api::Reply set(const api::Request& request) override;
    api::Reply remove(const api::Request& request) override;
    api::Reply confirm(const api::Request& request) override;

  private:
    using Targets = std::map<std::string, alert::OwnTarget, std::less<>>;
    explicit TargetDesk(TargetDeskParts parts) : parts_(std::move(parts)) {}

    // With mutex_ held:
    [[nodiscard]] alert::OwnTarget* find(std::string_view id, stipend_unix_ns registered_at);
    [[nodiscard]] api::Reply set_within(const std::string& id, stipend_unix_ns registered_at, bool mail,
                                        const std::string& address);
    [[nodiscard]] Result<std::string> code_for(stipend_unix_ns now);
    void send_code(const MailServer& server, const alert::OwnTarget& target, std::string_view code,
                   stipend_unix_ns now);
    void say_replaced(const alert::OwnTarget& before);
    [[nodiscard]] Result<void> keep(alert::OwnTarget target);
    Result<void> write(const alert::OwnTarget& target);
    void drop(const std::string& id);
    // Those of registrations that are no more, and those that were removed before today; once a minute at most.
    void drop_stale(stipend_unix_ns now);
    // Its registration is no more, or a later one has its id; false where that cannot be read.
    [[nodiscard]] bool is_gone(const alert::OwnTarget& target) const;
    // Of those that are off: the others go when they are due.
    void drop_removed();
    void publish(const alert::OwnTarget& target);
    [[nodiscard]] std::optional<MailServer> mail_server() const;
    [[nodiscard]] std::optional<http::HttpRequest> request_of(const alert::OwnTarget& target,
                                                              const alert::OwnEvent& event) const;
    void send_first(const std::string& id);
    void note(alert::OwnTarget& target, const alert::Attempt& attempt);
    void turn();
    void arm(std::optional<stipend_unix_ns> at);
    [[nodiscard]] Json shown(const alert::OwnTarget& target) const;

    // On the lane, without it:
    void seen(const std::string& id, std::uint32_t sign, bool is_so);
    void code_failed(const std::string& id, stipend_unix_ns set_at, const std::string& why);
    void ended(const std::string& id, const std::string& delivery_id, const alert::Attempt& attempt);

    void post_turn();                                    // [any]
    [[nodiscard]] static std::string new_delivery_id();  // [any]

    const TargetDeskParts parts_;
    std::atomic<bool> any_ = false;
    mutable std::mutex watched_mutex_;
    // Guarded by it: the signs of those that have a target, as `observe` saw them last; the targets' own follow.
    std::map<std::string, std::uint32_t, std::less<>> watched_;
    std::optional<MailServer> mail_;  // the same
    std::mutex mutex_;
    std::unique_ptr<alert::OwnTargetStore> store_;  // this and the following are guarded by mutex_
    Targets targets_;
    std::set<std::string> under_way_;
    std::deque<stipend_unix_ns> codes_;  // when the last ones were sent
    bool store_failed_ = false;
    stipend_unix_ns next_stale_look_ = 0;
    std::uint64_t timer_ = 0;
};

}  // namespace stipend::engine
