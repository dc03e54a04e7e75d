// The functions that a class has for each kind, and the C tables that call them. Included by plugin.hpp.
//
//   policy    static constexpr uint32_t revision, memory_version;
//             void decide(const stipend_sample&, stipend_decision&) const;   // or Result<void>
//             Result<Bounds> bounds(const stipend_terms&) const;
//   dispatch  Result<void> submit(const stipend_job&, Completion<stipend_job_result>);
//             Result<void> inspect(std::string_view address, std::string_view capability, Completion<stipend_offer>);
//             // optional
//   monitor   Result<void> probe(const stipend_target&, stipend_mono_ns deadline, Completion<stipend_observation>);
//             Result<void> watch(std::span<const stipend_target>, Observer, Completion<Nothing>);  // optional
//             static Result<void> check_target(const Settings&, const stipend_target&);            // optional, pure
//   price     Result<void> fetch(std::string_view base, std::string_view quote, stipend_mono_ns deadline,
//                                Completion<stipend_quote>);
//   service   Result<std::string> report();   // its present state as a JSON object
//   alert     Result<void> deliver(const AlertMessage&, Completion<Nothing>);
//   settlement  Result<void> account(Completion<stipend_account>);
//             Result<void> estimate(const SlotRequest&, Completion<stipend_estimate>);
//             Result<void> sign(const SlotRequest&, Completion<stipend_signed>);
//             Result<void> recall(uint64_t slot, Completion<stipend_signed_list>);
//             Result<void> send(std::string_view raw, Completion<Nothing>);
//             Result<void> sight(const std::vector<Attempt>&, Completion<stipend_sighting_list>);
//
// A start function that returns an error must not keep the completion.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/policy.h"
#include "stipend/abi/price.h"
#include "stipend/abi/service.h"
#include "stipend/alerts.hpp"
#include "stipend/plugin.hpp"
#include "stipend/settlement.hpp"

namespace stipend {

struct Bounds {
    std::int64_t max_usd_e8;   // maximum pay of one decision
    std::int64_t min_next_ns;  // minimum time to the next one
};
struct Nothing {};  // stands for the record of an operation that completes without one

// Passes the observations of a watch to the host. Valid until the completion of the watch.
class Observer {
  public:
    Observer(const stipend_host* host, stipend_op op, stipend_observe observe)
        : host_(host), op_(op), observe_(observe) {}
    void operator()(const stipend_observation& observation) const { observe_(host_, op_, &observation); }

  private:
    const stipend_host* host_;
    stipend_op op_;
    stipend_observe observe_;
};

namespace detail {

// Runs a start function. If it returns an error or destroys its completion, the status reports that, and `done` is not
// called.
template <class T, class Record, class Start>
stipend_status start_op(stipend_instance* raw, const stipend_completion& c, stipend_error* e, const char* call,
                        Start&& start) {
    expect_role(base_of(raw)->host, Role::pool, call);
    return guard(e, [&]() -> Result<void> {
        const auto outer = std::exchange(starting, Starting{c.op, false});
        const struct Restore {
            Starting outer;
            ~Restore() { starting = outer; }
        } restore{outer};
        STIPEND_TRY(start(Instance<T>::object(raw), Completion<Record>(c)));
        if (starting.dropped) return fail(STIPEND_E_INTERNAL, call, ": the plugin dropped the operation");
        return {};
    });
}

template <class T>
void cancel_op(stipend_instance* raw, stipend_op op) {
    if constexpr (requires(T & object) { object.cancel(op); }) {
        static_cast<void>(guard(nullptr, [&]() -> Result<void> {
            Instance<T>::object(raw).cancel(op);
            return {};
        }));
    }
}

template <class T>
struct PolicyKind {
    static constexpr bool has = requires(const T& object, const stipend_sample& s, stipend_decision& d) {
        object.decide(s, d);
    };
    static constexpr const char* id = STIPEND_POLICY;

    static Result<void> decide_one(const T& object, const stipend_sample& s, stipend_decision& d) {
        if constexpr (std::is_void_v<decltype(object.decide(s, d))>) {
            object.decide(s, d);
            return {};
        } else {
            return object.decide(s, d);
        }
    }
    static stipend_status decide(const stipend_instance* i, const stipend_sample* in, std::uint64_t in_stride,
                                 stipend_decision* out, std::uint64_t out_stride, std::uint64_t count,
                                 stipend_error* e) {
        return guard(e, [&]() -> Result<void> {
            const T& object = Instance<T>::object(i);
            stipend_sample sample_copy;
            const auto* next_in = reinterpret_cast<const char*>(in);
            auto* next_out = reinterpret_cast<char*>(out);
            for (std::uint64_t k = 0; k < count; ++k, next_in += in_stride, next_out += out_stride) {
                auto* decision = reinterpret_cast<stipend_decision*>(next_out);
                const auto& sample = record_view(reinterpret_cast<const stipend_sample*>(next_in), sample_copy);
                if (decision->size >= sizeof(stipend_decision)) {
                    STIPEND_TRY(decide_one(object, sample, *decision));
                } else {
                    auto whole = make_record<stipend_decision>();
                    STIPEND_TRY(decide_one(object, sample, whole));
                    whole.size = decision->size;
                    std::memcpy(decision, &whole, decision->size);
                }
            }
            return {};
        });
    }
    static stipend_status bounds(const stipend_instance* i, const stipend_terms* t, std::int64_t* max_usd_e8,
                                 std::int64_t* min_next_ns, stipend_error* e) {
        return guard(e, [&]() -> Result<void> {
            stipend_terms scratch{};
            STIPEND_LET(bounds, Instance<T>::object(i).bounds(record_view(t, scratch)));
            *max_usd_e8 = bounds.max_usd_e8;
            *min_next_ns = bounds.min_next_ns;
            return {};
        });
    }
    static constexpr auto table() {
        static_assert(
            requires(const T& object, const stipend_terms& t) {
                { object.bounds(t) } -> std::same_as<Result<Bounds>>;
            },
            "a policy has bounds: want stipend::Result<stipend::Bounds> bounds(const stipend_terms&) const");
        return stipend_policy_v1{T::revision, T::memory_version, &decide, &bounds};
    }
};

template <class T>
struct DispatchKind {
    static constexpr bool has = requires(T & object, const stipend_job& j, Completion<stipend_job_result> c) {
        object.submit(j, std::move(c));
    };
    static constexpr const char* id = STIPEND_DISPATCH;

    static stipend_status submit(stipend_instance* i, const stipend_job* j, stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_job_result>(i, c, e, "dispatch.submit", [&](T& object, auto done) {
            stipend_job scratch{};
            return object.submit(record_view(j, scratch), std::move(done));
        });
    }
    static stipend_status inspect(stipend_instance* i, stipend_str address, stipend_str capability,
                                  stipend_completion c, stipend_error* e) {
        if constexpr (requires(T & object, Completion<stipend_offer> done) {
                          object.inspect(view(address), view(capability), std::move(done));
                      }) {
            return start_op<T, stipend_offer>(i, c, e, "dispatch.inspect", [&](T& object, auto done) {
                return object.inspect(view(address), view(capability), std::move(done));
            });
        }
        return STIPEND_E_UNSUPPORTED;
    }
    static constexpr auto table() { return stipend_dispatch_v1{&submit, &inspect, &cancel_op<T>}; }
};

template <class T>
struct MonitorKind {
    static constexpr bool has = requires(T & object, const stipend_target& t, Completion<stipend_observation> c) {
        object.probe(t, stipend_mono_ns{}, std::move(c));
    };
    static constexpr const char* id = STIPEND_MONITOR;

    static stipend_status probe(stipend_instance* i, const stipend_target* t, stipend_mono_ns deadline,
                                stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_observation>(i, c, e, "monitor.probe", [&](T& object, auto done) {
            stipend_target scratch{};
            return object.probe(record_view(t, scratch), deadline, std::move(done));
        });
    }
    static stipend_status watch(stipend_instance* i, const stipend_target* t, std::uint64_t count, std::uint64_t stride,
                                stipend_observe observe, stipend_completion c, stipend_error* e) {
        if constexpr (requires(T & object, std::span<const stipend_target> targets, Observer o,
                               Completion<Nothing> done) { object.watch(targets, o, std::move(done)); }) {
            return start_op<T, Nothing>(i, c, e, "monitor.watch", [&](T& object, auto done) {
                std::vector<stipend_target> targets(count);
                for (std::uint64_t k = 0; k < count; ++k) {
                    const auto* given =
                        reinterpret_cast<const stipend_target*>(reinterpret_cast<const char*>(t) + k * stride);
                    targets[k] = record_view(given, targets[k]);
                    targets[k].size = std::min<std::uint32_t>(targets[k].size, sizeof targets[k]);
                }
                return object.watch(targets, Observer(c.host, c.op, observe), std::move(done));
            });
        }
        return STIPEND_E_UNSUPPORTED;
    }
    static constexpr auto table() { return stipend_monitor_v1{&probe, &watch, &cancel_op<T>}; }
};

template <class T>
struct PriceKind {
    static constexpr bool has = requires(T & object, Completion<stipend_quote> c) {
        object.fetch(std::string_view(), std::string_view(), stipend_mono_ns{}, std::move(c));
    };
    static constexpr const char* id = STIPEND_PRICE;

    static stipend_status fetch(stipend_instance* i, stipend_str base, stipend_str quote, stipend_mono_ns deadline,
                                stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_quote>(i, c, e, "price.fetch", [&](T& object, auto done) {
            return object.fetch(view(base), view(quote), deadline, std::move(done));
        });
    }
    static constexpr auto table() { return stipend_price_v1{&fetch, &cancel_op<T>}; }
};

template <class T>
struct ServiceKind {
    static constexpr bool has = requires(T & object) { object.report(); };
    static constexpr const char* id = STIPEND_SERVICE;

    static stipend_status report(stipend_instance* i, const stipend_sink* out, stipend_error* e) {
        static_assert(
            requires(T & object) {
                { object.report() } -> std::same_as<Result<std::string>>;
            },
            "a service reports its state: want stipend::Result<std::string> report()");
        expect_role(base_of(i)->host, Role::pool, "service.report");
        return guard(e, [&]() -> Result<void> {
            STIPEND_LET(text, Instance<T>::object(i).report());
            const auto status = out->write(out->ctx, text.data(), text.size());
            if (status != STIPEND_OK) return fail(status, "the report was not taken: status ", status);
            return {};
        });
    }
    static constexpr auto table() { return stipend_service_v1{&report}; }
};

template <class T>
struct AlertKind {
    static constexpr bool has = requires(T & object, const AlertMessage& message, Completion<Nothing> c) {
        object.deliver(message, std::move(c));
    };
    static constexpr const char* id = STIPEND_ALERT;

    static stipend_status deliver(stipend_instance* i, const stipend_alert_message* m, stipend_completion c,
                                  stipend_error* e) {
        return start_op<T, Nothing>(i, c, e, "alert.deliver", [&](T& object, auto done) {
            stipend_alert_message scratch{};
            return object.deliver(AlertMessage::of(record_view(m, scratch)), std::move(done));
        });
    }
    static constexpr auto table() { return stipend_alert_v1{&deliver, &cancel_op<T>}; }
};

template <class T>
struct SettlementKind {
    static constexpr bool has =
        requires(T & object, const SlotRequest& request, const std::vector<Attempt>& attempts,
                 Completion<stipend_account> a, Completion<stipend_estimate> b, Completion<stipend_signed> c,
                 Completion<stipend_signed_list> d, Completion<Nothing> e, Completion<stipend_sighting_list> f) {
        object.account(std::move(a));
        object.estimate(request, std::move(b));
        object.sign(request, std::move(c));
        object.recall(std::uint64_t{}, std::move(d));
        object.send(std::string_view(), std::move(e));
        object.sight(attempts, std::move(f));
    };
    static constexpr const char* id = STIPEND_SETTLEMENT;

    static stipend_status account(stipend_instance* i, stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_account>(i, c, e, "settlement.account",
                                            [&](T& object, auto done) { return object.account(std::move(done)); });
    }
    static stipend_status estimate(stipend_instance* i, const stipend_slot* s, stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_estimate>(i, c, e, "settlement.estimate", [&](T& object, auto done) {
            return object.estimate(SlotRequest::of(s), std::move(done));
        });
    }
    static stipend_status sign(stipend_instance* i, const stipend_slot* s, stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_signed>(i, c, e, "settlement.sign", [&](T& object, auto done) {
            return object.sign(SlotRequest::of(s), std::move(done));
        });
    }
    static stipend_status recall(stipend_instance* i, std::uint64_t slot, stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_signed_list>(
            i, c, e, "settlement.recall", [&](T& object, auto done) { return object.recall(slot, std::move(done)); });
    }
    static stipend_status send(stipend_instance* i, stipend_bytes raw, stipend_completion c, stipend_error* e) {
        return start_op<T, Nothing>(i, c, e, "settlement.send",
                                    [&](T& object, auto done) { return object.send(view(raw), std::move(done)); });
    }
    static stipend_status sight(stipend_instance* i, const std::uint8_t* ids, const std::uint64_t* batches,
                                std::uint64_t count, stipend_completion c, stipend_error* e) {
        return start_op<T, stipend_sighting_list>(i, c, e, "settlement.sight", [&](T& object, auto done) {
            std::vector<Attempt> attempts(count);
            for (std::uint64_t k = 0; k < count; ++k) {
                std::memcpy(attempts[k].id.data(), ids + 32 * k, 32);
                attempts[k].batch_count = batches[k];
            }
            return object.sight(attempts, std::move(done));
        });
    }
    static constexpr auto table() {
        return stipend_settlement_v1{&account, &estimate, &sign, &recall, &send, &sight, &cancel_op<T>};
    }
};

}  // namespace detail
}  // namespace stipend
