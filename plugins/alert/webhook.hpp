// A receiver that sends each message by one POST, through the host's HTTP client, or as one e-mail. No redirect is
// followed.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "schema.hpp"
#include "settings.hpp"
#include "stipend/plugin.hpp"

namespace alert {

// How an exchange ended, as far as the host has to know.
struct Verdict {
    stipend_status status = STIPEND_OK;
    bool permanent = false;
    std::int64_t wait_ns = 0;  // the channel asks for so long a pause; 0: it does not
    std::string why;           // empty where it is OK; shows nothing but scheme and host of the URL
};

// Pure.
[[nodiscard]] Verdict judge(const Settings& settings, const stipend::HttpReply& reply);
[[nodiscard]] Verdict judge_mail(const stipend::Result<void>& result, std::int32_t code);

class Webhook {
  public:
    using Settings = alert::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.alert",
        .name = "Alerts by webhook or e-mail",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Sends alerts to Discord, Slack, Telegram, by e-mail, or as JSON to a program",
        .config_schema = config_schema,
    };
    static constexpr std::uint64_t max_answer = 64 << 10;

    Webhook(Settings settings, stipend::Host host)
        : settings_(std::move(settings)), host_(host), failure_(std::make_unique<Failure>()) {}
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&) {
        return parse_settings(json);
    }

    stipend::Result<void> deliver(const stipend::AlertMessage& message, stipend::Completion<stipend::Nothing> done);
    void cancel(stipend_op op);
    // The last message was not accepted.
    stipend::Result<void> health();

  private:
    struct Sending {
        stipend::Completion<stipend::Nothing> done;
        stipend_op exchange = 0;
        bool mail = false;
    };
    struct Failure {
        std::mutex mutex;
        std::string why;  // guarded by mutex; empty: there is none
    };
    [[nodiscard]] stipend::Result<stipend_op> post(const stipend::AlertMessage& message,
                                                   const std::shared_ptr<Sending>& sending);
    [[nodiscard]] stipend::Result<stipend_op> mail(const stipend::AlertMessage& message,
                                                   const std::shared_ptr<Sending>& sending);
    void ended(Sending& sending, const Verdict& verdict);
    void finish(Sending& sending, const Verdict& verdict);
    void note(const std::string& why) const;

    Settings settings_;
    stipend::Host host_;
    std::unordered_map<stipend_op, std::shared_ptr<Sending>> sending_;  // [pool]
    stipend_mono_ns wait_until_ = 0;                                    // [pool] the channel asked for it
    std::unique_ptr<Failure> failure_;
};

}  // namespace alert
