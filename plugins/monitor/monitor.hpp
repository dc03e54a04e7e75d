// Looks at services over HTTP and TCP. A target is DOWN where nothing answers, DEGRADED where what answers is not as
// it should be, and UNKNOWN only where this host itself failed to look: its client refused the exchange, had no
// connection free, ended it, or was given too little time. Nothing that a target does can make it UNKNOWN.
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
    std::string region;
    Attributes defaults;
};

struct Seen {
    std::int32_t verdict = STIPEND_UNKNOWN;
    std::string why;
};

// What an exchange says about its target. Pure. `cut` is true where the host's deadline left it less time than the
// target was promised.
Seen judge(const Endpoint& endpoint, const Attributes& attributes, const stipend::HttpReply& reply, bool cut);

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
    static constexpr std::uint64_t max_body = 1 << 20;         // where a text is looked for in it
    static constexpr std::uint64_t max_body_unread = 1 << 16;  // read only so that the connection can be kept

    Monitor(Settings settings, stipend::Host host) : settings_(std::move(settings)), host_(host) {}
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms& terms);

    stipend::Result<void> probe(const stipend_target& target, stipend_mono_ns deadline,
                                stipend::Completion<stipend_observation> done);
    void cancel(stipend_op op);

  private:
    struct Look;
    void finish(const std::shared_ptr<Look>& look, const Seen& seen);

    const Settings settings_;
    const stipend::Host host_;
    std::unordered_map<stipend_op, std::shared_ptr<Look>> looks_;  // [worker]
};

}  // namespace monitor
