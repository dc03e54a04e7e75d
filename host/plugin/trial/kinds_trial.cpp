#include "host/plugin/trial/kinds_trial.hpp"

#include "host/plugin/trial/trial_host.hpp"
#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"
#include "stipend/abi/service.h"

namespace stipend::plugin {
namespace {

constexpr int instances = 6;        // that come and go, for what they leave behind
constexpr int steady_instance = 3;  // the first that finds everything allocated that lasts
constexpr std::string_view nowhere = "http://127.0.0.1:9/";
constexpr std::string_view probe_id = "probe";

void ignore_observation(const stipend_host*, stipend_op, const stipend_observation*) {}

stipend_status ignore_text(void*, const void*, std::uint64_t) {
    return STIPEND_OK;
}

class KindsTrial {
  public:
    KindsTrial(Calls& calls, const Subject& subject) : calls_(calls), subject_(subject) {}

    Result<void> run() {
        Usage before;
        for (int instance = 0; instance < instances; ++instance) {
            if (instance == steady_instance) before = Usage::now();
            STIPEND_TRY(live(instance % 2 == 0 ? Guard::behind : Guard::before));
        }
        warn_of_growth(calls_, subject_.label, instances - steady_instance, before);
        return {};
    }

  private:
    Result<void> live(Guard guard) {
        auto* host = new TrialHost(calls_, subject_.label);  // outlives the instance's threads
        guard_ = guard;
        STIPEND_LET(life, Life::begin(calls_, subject_, host->raw(), guard));
        if (const auto started = life.start(); !started) {
            // What a plugin asks for at its start may be out of reach here.
            const auto status = started.error().status;
            if (status != STIPEND_E_UNAVAILABLE && status != STIPEND_E_TIMEOUT && status != STIPEND_E_BUSY) {
                return started.error();
            }
            return life.destroy();
        }
        STIPEND_TRY(life.health());
        STIPEND_TRY(use(life, *host));
        STIPEND_TRY(host->visit_routes());
        STIPEND_TRY(host->run(0));
        STIPEND_TRY(life.quiesce());
        STIPEND_TRY(host->run(0));
        return life.destroy();
    }

    Result<void> use(Life& life, TrialHost& host) {
        if (subject_.plugin.has_kind(STIPEND_DISPATCH)) {
            STIPEND_LET(table, life.table(STIPEND_DISPATCH));
            STIPEND_TRY(use_dispatch(*static_cast<const stipend_dispatch_v1*>(table), life, host));
        }
        if (subject_.plugin.has_kind(STIPEND_MONITOR)) {
            STIPEND_LET(table, life.table(STIPEND_MONITOR));
            STIPEND_TRY(use_monitor(*static_cast<const stipend_monitor_v1*>(table), life, host));
        }
        if (subject_.plugin.has_kind(STIPEND_PRICE)) {
            STIPEND_LET(table, life.table(STIPEND_PRICE));
            const auto& price = *static_cast<const stipend_price_v1*>(table);
            STIPEND_TRY(whole(price.fetch != nullptr && price.cancel != nullptr, STIPEND_PRICE));
            const GuardedText base("base", "ETH", guard_), quote("quote", "USD", guard_);
            STIPEND_TRY(operate(life, host, "fetch", price.cancel, [&](stipend_completion c, stipend_error* e) {
                return price.fetch(life.raw(), to_abi(base.get()), to_abi(quote.get()), 30'000'000'000, c, e);
            }));
        }
        if (subject_.plugin.has_kind(STIPEND_SERVICE)) {
            STIPEND_LET(table, life.table(STIPEND_SERVICE));
            const auto& service = *static_cast<const stipend_service_v1*>(table);
            STIPEND_TRY(whole(service.report != nullptr, STIPEND_SERVICE));
            const stipend_sink sink{nullptr, &ignore_text};
            STIPEND_TRY(host.on_pool([&] {
                return status_call(calls_, "report", subject_.label, guard_, [&](stipend_error* e) {
                    static_cast<void>(service.report(life.raw(), &sink, e));  // an error is an answer as well
                    return STIPEND_OK;
                });
            }));
        }
        if (subject_.plugin.has_kind(STIPEND_ALERT)) {
            STIPEND_LET(table, life.table(STIPEND_ALERT));
            STIPEND_TRY(use_alert(*static_cast<const stipend_alert_v1*>(table), life, host));
        }
        return {};
    }

    Result<void> use_alert(const stipend_alert_v1& alert, Life& life, TrialHost& host) {
        STIPEND_TRY(whole(alert.deliver != nullptr && alert.cancel != nullptr, STIPEND_ALERT));
        auto one = make_record<stipend_alert>();
        one.severity = STIPEND_ALERT_INFO;
        one.status = STIPEND_ALERT_FIRING;
        one.flags = STIPEND_ALERT_TEST;
        one.delivery_id = to_abi("00000000000000000000000000000000");
        one.alert_id = one.title = one.body = to_abi(probe_id);
        one.labels_json = to_abi("{}");
        one.starts_at = 1'750'000'000'000'000'000;
        const GuardedRecord<stipend_alert> guarded("stipend_alert", guard_, one);
        auto message = make_record<stipend_alert_message>();
        message.alerts = guarded.get();
        message.count = 1;
        message.stride = sizeof one;
        const GuardedRecord<stipend_alert_message> record("stipend_alert_message", guard_, message);
        return operate(life, host, "deliver", alert.cancel, [&](stipend_completion c, stipend_error* e) {
            return alert.deliver(life.raw(), record.get(), c, e);
        });
    }

    Result<void> use_dispatch(const stipend_dispatch_v1& dispatch, Life& life, TrialHost& host) {
        STIPEND_TRY(whole(dispatch.submit != nullptr && dispatch.inspect != nullptr && dispatch.cancel != nullptr,
                          STIPEND_DISPATCH));
        auto job = make_record<stipend_job>();
        job.attempt = 1;
        job.job_id = job.orchestrator_id = job.capability = to_abi(probe_id);
        job.address = to_abi(nowhere);
        job.nonce = bytes_to_abi("0123456789abcdef");
        job.period_to = 1'750'000'000'000'000'000;
        job.period_from = job.period_to - subject_.config.terms.interval_ns;
        job.window_s = 3600;
        const GuardedRecord<stipend_job> guarded("stipend_job", guard_, job);
        STIPEND_TRY(operate(life, host, "submit", dispatch.cancel, [&](stipend_completion c, stipend_error* e) {
            return dispatch.submit(life.raw(), guarded.get(), c, e);
        }));
        const GuardedText address("address", nowhere, guard_), capability("capability", probe_id, guard_);
        return operate(life, host, "inspect", dispatch.cancel, [&](stipend_completion c, stipend_error* e) {
            return dispatch.inspect(life.raw(), to_abi(address.get()), to_abi(capability.get()), c, e);
        });
    }

    Result<void> use_monitor(const stipend_monitor_v1& monitor, Life& life, TrialHost& host) {
        STIPEND_TRY(
            whole(monitor.probe != nullptr && monitor.watch != nullptr && monitor.cancel != nullptr, STIPEND_MONITOR));
        auto target = make_record<stipend_target>();
        target.target_id = to_abi(probe_id);
        target.endpoint = to_abi(nowhere);
        const GuardedRecord<stipend_target> guarded("stipend_target", guard_, target);
        STIPEND_TRY(operate(life, host, "probe", monitor.cancel, [&](stipend_completion c, stipend_error* e) {
            return monitor.probe(life.raw(), guarded.get(), 30'000'000'000, c, e);
        }));
        return operate(life, host, "watch", monitor.cancel, [&](stipend_completion c, stipend_error* e) {
            return monitor.watch(life.raw(), guarded.get(), 1, sizeof target, &ignore_observation, c, e);
        });
    }

    [[nodiscard]] Result<void> whole(bool is_whole, const char* kind) const {
        if (is_whole) return {};
        return fail(STIPEND_E_INVALID, "get_interface: ", subject_.label, ": got no whole table for ", kind);
    }

    template <class Begin>
    Result<void> operate(Life& life, TrialHost& host, std::string_view what,
                         void (*cancel)(stipend_instance*, stipend_op), Begin&& begin) {
        const auto completion = host.expect();
        stipend_status status = STIPEND_OK;
        STIPEND_TRY(host.on_pool([&] {
            return status_call(calls_, what, subject_.label, guard_, [&](stipend_error* e) {
                status = begin(completion, e);
                return STIPEND_OK;
            });
        }));
        if (status != STIPEND_OK) {
            host.forget(completion.op);
            return {};
        }
        STIPEND_TRY(host.run(completion.op));
        if (host.is_over(completion.op)) return {};
        STIPEND_TRY(status_call(calls_, "cancel", subject_.label, guard_, [&](stipend_error*) {
            cancel(life.raw(), completion.op);
            return STIPEND_OK;
        }));
        return host.run(completion.op);
    }

    Calls& calls_;
    const Subject& subject_;
    Guard guard_ = Guard::behind;
};

}  // namespace

Result<void> try_kinds(Calls& calls, const Subject& subject) {
    return KindsTrial(calls, subject).run();
}

}  // namespace stipend::plugin
