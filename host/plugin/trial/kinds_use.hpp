// A little of what a host asks of an instance, for each kind that it offers.
#pragma once

#include <functional>

#include "host/plugin/trial/life.hpp"
#include "host/plugin/trial/trial_host.hpp"
#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"
#include "stipend/abi/service.h"
#include "stipend/abi/settlement.h"

namespace stipend::plugin {

// `strict`: what breaks the rules of asynchronous work is noted at the host. It waits for threads of the plugin.
enum class Depth : std::uint8_t { brief, strict };

class KindsUse {
  public:
    // All outlive this object.
    KindsUse(Calls& calls, const Subject& subject, Life& life, TrialHost& host, Guard guard, Depth depth)
        : calls_(calls), subject_(subject), life_(life), host_(host), guard_(guard), depth_(depth) {}

    Result<void> run();
    // The same, each operation cancelled as soon as it has begun.
    Result<void> run_cancelled();

  private:
    using Cancel = void (*)(stipend_instance*, stipend_op);
    using Begin = std::function<stipend_status(stipend_completion, stipend_error*)>;
    struct Operation {
        std::string_view what;
        Cancel cancel;
        TrialHost::CheckRecord check;
        std::int64_t deadline = 0;  // on the host's clock; 0: it was given none
        bool is_endless = false;    // it goes on until it is cancelled
    };

    Result<void> use_dispatch(const stipend_dispatch_v1& table);
    Result<void> use_monitor(const stipend_monitor_v1& table);
    Result<void> use_price(const stipend_price_v1& table);
    Result<void> use_service(const stipend_service_v1& table);
    Result<void> use_alert(const stipend_alert_v1& table);
    Result<void> use_settlement(const stipend_settlement_v1& table);
    Result<void> operate(const Operation& operation, const Begin& begin);
    Result<void> end_operation(const Operation& operation, stipend_op op);
    // Runs what is due until it is over, and waits for a thread of the plugin.
    Result<void> run_until_over(stipend_op op, int wait_ms);
    // 30 s from now on.
    [[nodiscard]] std::int64_t deadline() { return host_.monotonic_now() + 30'000'000'000; }

    Calls& calls_;
    const Subject& subject_;
    Life& life_;
    TrialHost& host_;
    const Guard guard_;
    const Depth depth_;
    bool cancels_ = false;
};

}  // namespace stipend::plugin
