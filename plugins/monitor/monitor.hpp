// Checks services over HTTP and TCP. A target is DOWN if it does not respond, DEGRADED if its response is not as
// required, and UNKNOWN only if the host itself failed: its client rejected the exchange, had no free connection,
// cancelled it, had too little time, or failed before anything left this machine (STIPEND_HTTP_CAUSE_LOCAL). Nothing
// that a target does can make it UNKNOWN.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "attributes.hpp"
#include "schema.hpp"
#include "stipend/abi/monitor.h"
#include "stipend/plugin.hpp"

namespace monitor {

struct Settings {
    Attributes defaults;
};

struct CheckResult {
    std::int32_t verdict = STIPEND_UNKNOWN;
    std::string why;
};

// The observation of a target by an exchange that ended at `now`. Pure. `cut`: the host's deadline left less time than
// the timeout of the target.
CheckResult judge(const Endpoint& endpoint, const Attributes& attributes, const stipend::HttpReply& reply, bool cut,
                  stipend_unix_ns now);

class Monitor {
  public:
    using Settings = monitor::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.monitor",
        .name = "HTTP and TCP checks",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Looks whether services answer over HTTP, HTTPS and TCP",
        .config_schema = config_schema,
    };
    static constexpr std::uint64_t max_body = 1 << 20;         // if a text is searched in it
    static constexpr std::uint64_t max_body_unread = 1 << 16;  // read only to keep the connection

    Monitor(Settings settings, stipend::Host host) : settings_(std::move(settings)), host_(host) {}
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms& terms);
    static stipend::Result<void> check_target(const Settings& settings, const stipend_target& target);

    stipend::Result<void> probe(const stipend_target& target, stipend_mono_ns deadline,
                                stipend::Completion<stipend_observation> done);
    void cancel(stipend_op op);

  private:
    struct Look;
    // Starts an exchange of the look. An error: the host rejected it, or no time is left.
    stipend::Result<void> send(const std::shared_ptr<Look>& look);
    // After an exchange: repeats the check, or ends the look.
    void take(const std::shared_ptr<Look>& look, const CheckResult& seen);
    void finish(const std::shared_ptr<Look>& look, const CheckResult& seen);

    const Settings settings_;
    const stipend::Host host_;
    std::unordered_map<stipend_op, std::shared_ptr<Look>> looks_;  // [pool]
};

}  // namespace monitor
