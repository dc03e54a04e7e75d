#include "host/plugin/stand_in.hpp"

#include <cstring>

#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/policy.h"
#include "stipend/abi/price.h"
#include "stipend/abi/service.h"
#include "stipend/abi/settlement.h"
#include "stipend/host.hpp"

namespace stipend::plugin {
namespace {

stipend_status refuse(stipend_error* error) {
    return report(error, fail(STIPEND_E_UNAVAILABLE, put_aside_text));
}

constexpr stipend_policy_v1 policy{
    .revision = 0,
    .memory_version = 0,
    .decide = [](const stipend_instance*, const stipend_sample*, std::uint64_t, stipend_decision*, std::uint64_t,
                 std::uint64_t, stipend_error* e) { return refuse(e); },
    .bounds =
        [](const stipend_instance*, const stipend_terms* terms, std::int64_t* max_usd_e8, std::int64_t* min_next_ns,
           stipend_error*) {
            *max_usd_e8 = 0;
            *min_next_ns = terms->interval_ns;
            return static_cast<stipend_status>(STIPEND_OK);
        },
};

void cancel(stipend_instance*, stipend_op) {}

const stipend_dispatch_v1& dispatch() {
    static const auto table = [] {
        stipend_dispatch_v1 out{};
        out.submit = [](stipend_instance*, const stipend_job*, stipend_completion, stipend_error* e) {
            return refuse(e);
        };
        out.cancel = &cancel;
        return out;
    }();
    return table;
}

const stipend_price_v1& price() {
    static const auto table = [] {
        stipend_price_v1 out{};
        out.fetch = [](stipend_instance*, stipend_str, stipend_str, stipend_mono_ns, stipend_completion,
                       stipend_error* e) { return refuse(e); };
        out.cancel = &cancel;
        return out;
    }();
    return table;
}

const stipend_monitor_v1& monitor() {
    static const auto table = [] {
        stipend_monitor_v1 out{};
        out.probe = [](stipend_instance*, const stipend_target*, stipend_mono_ns, stipend_completion,
                       stipend_error* e) { return refuse(e); };
        out.watch = [](stipend_instance*, const stipend_target*, std::uint64_t, std::uint64_t, stipend_observe,
                       stipend_completion, stipend_error* e) { return refuse(e); };
        out.cancel = &cancel;
        return out;
    }();
    return table;
}

const stipend_service_v1& service() {
    static const auto table = [] {
        stipend_service_v1 out{};
        out.report = [](stipend_instance*, const stipend_sink*, stipend_error* e) { return refuse(e); };
        return out;
    }();
    return table;
}

const stipend_alert_v1& alert() {
    static const auto table = [] {
        stipend_alert_v1 out{};
        out.deliver = [](stipend_instance*, const stipend_alert_message*, stipend_completion, stipend_error* e) {
            return refuse(e);
        };
        out.cancel = &cancel;
        return out;
    }();
    return table;
}

const stipend_settlement_v1& settlement() {
    static const auto table = [] {
        stipend_settlement_v1 out{};
        out.account = [](stipend_instance*, stipend_completion, stipend_error* e) { return refuse(e); };
        out.estimate = [](stipend_instance*, const stipend_slot*, stipend_completion, stipend_error* e) {
            return refuse(e);
        };
        out.sign = out.estimate;
        out.recall = [](stipend_instance*, std::uint64_t, stipend_completion, stipend_error* e) { return refuse(e); };
        out.send = [](stipend_instance*, stipend_bytes, stipend_completion, stipend_error* e) { return refuse(e); };
        out.sight = [](stipend_instance*, const std::uint8_t*, const std::uint64_t*, std::uint64_t, stipend_completion,
                       stipend_error* e) { return refuse(e); };
        out.cancel = &cancel;
        return out;
    }();
    return table;
}

char instance;  // has no state

constexpr stipend_lifecycle_v1 lifecycle{
    .check_config = [](stipend_str, stipend_str, const stipend_terms*,
                       stipend_error*) { return static_cast<stipend_status>(STIPEND_OK); },
    .create =
        [](const stipend_host*, stipend_str, stipend_str, stipend_str, const stipend_terms*, stipend_instance** out,
           stipend_error*) {
            *out = reinterpret_cast<stipend_instance*>(&instance);
            return static_cast<stipend_status>(STIPEND_OK);
        },
    .start = [](stipend_instance*, stipend_error*) { return static_cast<stipend_status>(STIPEND_OK); },
    .quiesce = [](stipend_instance*) {},
    .health = [](stipend_instance*, stipend_error* e) { return refuse(e); },
    .get_interface = [](stipend_instance*, const char* id) -> const void* {
        const auto is = [id](const char* kind) { return std::strcmp(id, kind) == 0; };
        if (is(STIPEND_POLICY)) return &policy;
        if (is(STIPEND_DISPATCH)) return &dispatch();
        if (is(STIPEND_PRICE)) return &price();
        if (is(STIPEND_MONITOR)) return &monitor();
        if (is(STIPEND_SERVICE)) return &service();
        if (is(STIPEND_ALERT)) return &alert();
        if (is(STIPEND_SETTLEMENT)) return &settlement();
        return nullptr;
    },
    .destroy = [](stipend_instance*) {},
};

}  // namespace

const stipend_entry& stand_in_entry() {
    static const auto entry = [] {
        stipend_entry out{};
        out.size = sizeof out;
        out.lifecycle = &lifecycle;
        return out;
    }();
    return entry;
}

}  // namespace stipend::plugin
