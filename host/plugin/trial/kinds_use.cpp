#include "host/plugin/trial/kinds_use.hpp"

#include "host/plugin/record_check.hpp"
#include "host/plugin/rules.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::plugin {
namespace {

constexpr std::string_view nowhere = "http://127.0.0.1:9/";
constexpr std::string_view probe_id = "probe";
constexpr int answer_wait_ms = 500;               // for a thread of the plugin's own
constexpr std::int64_t grace_ns = 5'000'000'000;  // of a host behind a deadline
constexpr std::size_t most_report_bytes = 1u << 20;

void observe(const stipend_host* h, stipend_op, const stipend_observation* observation) {
    static_cast<TrialHost*>(h->host_data)->observed(observation);
}

stipend_status append_text(void* ctx, const void* data, std::uint64_t length) {
    auto& text = *static_cast<std::string*>(ctx);
    if (length > most_report_bytes - text.size()) return STIPEND_E_LIMIT;
    text.append(static_cast<const char*>(data), length);
    return STIPEND_OK;
}

template <class Record>
TrialHost::CheckRecord checked() {
    return [](const void* record) { return check(*static_cast<const Record*>(record)); };
}

// Only that there is one.
Result<void> any_record(const void*) {
    return {};
}

}  // namespace

Result<void> KindsUse::run() {
    const auto& plugin = subject_.plugin;
    const auto use = [&]<class Table>(const char* kind, Result<void> (KindsUse::*with)(const Table&)) -> Result<void> {
        if (!plugin.has_kind(kind)) return {};
        STIPEND_LET(table, life_.table(kind));
        return (this->*with)(*static_cast<const Table*>(table));
    };
    STIPEND_TRY(use(STIPEND_DISPATCH, &KindsUse::use_dispatch));
    STIPEND_TRY(use(STIPEND_MONITOR, &KindsUse::use_monitor));
    STIPEND_TRY(use(STIPEND_PRICE, &KindsUse::use_price));
    STIPEND_TRY(use(STIPEND_SERVICE, &KindsUse::use_service));
    STIPEND_TRY(use(STIPEND_ALERT, &KindsUse::use_alert));
    if (depth_ == Depth::brief) return {};
    return use(STIPEND_SETTLEMENT, &KindsUse::use_settlement);
}

Result<void> KindsUse::run_cancelled() {
    cancels_ = true;
    return run();
}

Result<void> KindsUse::use_price(const stipend_price_v1& table) {
    STIPEND_TRY(life_.whole(table.fetch != nullptr && table.cancel != nullptr, STIPEND_PRICE));
    const GuardedText base("base", "ETH", guard_), quote("quote", "USD", guard_);
    const auto good = [](const void* record) {
        return check(*static_cast<const stipend_quote*>(record), "ETH", "USD");
    };
    const auto until = deadline();
    return operate({"fetch", table.cancel, good, until}, [&](stipend_completion c, stipend_error* e) {
        return table.fetch(life_.raw(), to_abi(base.get()), to_abi(quote.get()), until, c, e);
    });
}

Result<void> KindsUse::use_service(const stipend_service_v1& table) {
    STIPEND_TRY(life_.whole(table.report != nullptr, STIPEND_SERVICE));
    std::string text;
    const stipend_sink sink{&text, &append_text};
    stipend_status status = STIPEND_OK;
    STIPEND_TRY(host_.on_pool([&] {
        return status_call(calls_, "report", subject_.label, guard_, [&](stipend_error* e) {
            status = table.report(life_.raw(), &sink, e);  // an error is an answer as well
            return STIPEND_OK;
        });
    }));
    if (status != STIPEND_OK) return {};
    const auto json = parse_json(text);
    if (!json) {
        host_.find(rules::report, cat("report: got ", json.error().message, ", want one JSON object"));
    } else if (!json->is(Json::Kind::object)) {
        host_.find(rules::report, cat("report: got ", json->kind_name(), ", want one JSON object"));
    }
    return {};
}

Result<void> KindsUse::use_alert(const stipend_alert_v1& table) {
    STIPEND_TRY(life_.whole(table.deliver != nullptr && table.cancel != nullptr, STIPEND_ALERT));
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
    return operate({"deliver", table.cancel, {}}, [&](stipend_completion c, stipend_error* e) {
        return table.deliver(life_.raw(), record.get(), c, e);
    });
}

Result<void> KindsUse::use_dispatch(const stipend_dispatch_v1& table) {
    STIPEND_TRY(
        life_.whole(table.submit != nullptr && table.inspect != nullptr && table.cancel != nullptr, STIPEND_DISPATCH));
    auto job = make_record<stipend_job>();
    job.attempt = 1;
    job.job_id = job.orchestrator_id = job.capability = to_abi(probe_id);
    job.address = to_abi(nowhere);
    job.nonce = bytes_to_abi("0123456789abcdef");
    job.period_to = 1'750'000'000'000'000'000;
    job.period_from = job.period_to - subject_.config.terms.interval_ns;
    job.window_s = 3600;
    const GuardedRecord<stipend_job> guarded("stipend_job", guard_, job);
    STIPEND_TRY(operate(
        {"submit", table.cancel, checked<stipend_job_result>()},
        [&](stipend_completion c, stipend_error* e) { return table.submit(life_.raw(), guarded.get(), c, e); }));
    const GuardedText address("address", nowhere, guard_), capability("capability", probe_id, guard_);
    return operate({"inspect", table.cancel, checked<stipend_offer>()}, [&](stipend_completion c, stipend_error* e) {
        return table.inspect(life_.raw(), to_abi(address.get()), to_abi(capability.get()), c, e);
    });
}

Result<void> KindsUse::use_monitor(const stipend_monitor_v1& table) {
    STIPEND_TRY(
        life_.whole(table.probe != nullptr && table.watch != nullptr && table.cancel != nullptr, STIPEND_MONITOR));
    auto target = make_record<stipend_target>();
    target.target_id = to_abi(probe_id);
    target.endpoint = to_abi(nowhere);
    const GuardedRecord<stipend_target> guarded("stipend_target", guard_, target);
    const auto until = deadline();
    STIPEND_TRY(operate(
        {"probe", table.cancel, checked<stipend_observation>(), until},
        [&](stipend_completion c, stipend_error* e) { return table.probe(life_.raw(), guarded.get(), until, c, e); }));
    return operate({.what = "watch", .cancel = table.cancel, .check = {}, .is_endless = true},
                   [&](stipend_completion c, stipend_error* e) {
                       return table.watch(life_.raw(), guarded.get(), 1, sizeof target, &observe, c, e);
                   });
}

Result<void> KindsUse::use_settlement(const stipend_settlement_v1& table) {
    STIPEND_TRY(life_.whole(table.account != nullptr && table.estimate != nullptr && table.sign != nullptr &&
                                table.recall != nullptr && table.send != nullptr && table.sight != nullptr &&
                                table.cancel != nullptr,
                            STIPEND_SETTLEMENT));
    const auto ask = [&](std::string_view what, bool has_record, const Begin& begin) {
        return operate({what, table.cancel, has_record ? TrialHost::CheckRecord(&any_record) : nullptr}, begin);
    };
    STIPEND_TRY(
        ask("account", true, [&](stipend_completion c, stipend_error* e) { return table.account(life_.raw(), c, e); }));
    auto payment = make_record<stipend_payment>();
    payment.to[19] = 1;
    payment.amount.be[31] = 1;
    const GuardedRecord<stipend_payment> guarded("stipend_payment", guard_, payment);
    auto slot = make_record<stipend_slot>();
    slot.count = 1;
    slot.stride = sizeof payment;
    slot.payments = guarded.get();
    slot.fees = make_record<stipend_fees>();
    slot.fees.gas = 21'000;
    const GuardedRecord<stipend_slot> record("stipend_slot", guard_, slot);
    STIPEND_TRY(ask("estimate", true, [&](stipend_completion c, stipend_error* e) {
        return table.estimate(life_.raw(), record.get(), c, e);
    }));
    STIPEND_TRY(ask("sign", true, [&](stipend_completion c, stipend_error* e) {
        return table.sign(life_.raw(), record.get(), c, e);
    }));
    STIPEND_TRY(ask("recall", true,
                    [&](stipend_completion c, stipend_error* e) { return table.recall(life_.raw(), 0, c, e); }));
    const GuardedText raw("raw", std::string(64, 'r'), guard_);
    STIPEND_TRY(ask("send", false, [&](stipend_completion c, stipend_error* e) {
        return table.send(life_.raw(), bytes_to_abi(raw.get()), c, e);
    }));
    const GuardedText id("ids", std::string(32, 'i'), guard_);
    const GuardedText batch("batches", std::string(sizeof(std::uint64_t), '\0'), guard_);
    return ask("sight", true, [&](stipend_completion c, stipend_error* e) {
        return table.sight(life_.raw(), reinterpret_cast<const std::uint8_t*>(id.get().data()),
                           reinterpret_cast<const std::uint64_t*>(batch.get().data()), 1, c, e);
    });
}

Result<void> KindsUse::run_until_over(stipend_op op, int wait_ms) {
    STIPEND_TRY(host_.run(op));
    if (depth_ == Depth::brief || host_.is_over(op)) return {};
    // An answer may need what the plugin's thread asks of the host meanwhile.
    for (int waited = 0; waited < wait_ms && !host_.is_over(op); waited += 10) {
        if (!host_.wait_for_answer(op, 10)) STIPEND_TRY(host_.run(op));
    }
    return {};
}

Result<void> KindsUse::operate(const Operation& operation, const Begin& begin) {
    calls_.look_at(rules::operations);
    const auto completion =
        host_.expect(std::string(operation.what), depth_ == Depth::strict ? operation.check : nullptr);
    stipend_status status = STIPEND_OK;
    STIPEND_TRY(host_.on_pool([&] {
        return status_call(calls_, operation.what, subject_.label, guard_, [&](stipend_error* e) {
            status = begin(completion, e);
            return STIPEND_OK;
        });
    }));
    if (status != STIPEND_OK) {
        host_.forget(completion.op);
        return {};
    }
    if (!cancels_) {
        STIPEND_TRY(run_until_over(completion.op, operation.is_endless ? 0 : answer_wait_ms));
        if (host_.is_over(completion.op)) {
            const auto late = host_.over_at(completion.op) - operation.deadline - grace_ns;
            if (operation.deadline != 0 && late > 0) {
                host_.find(rules::deadline, cat(operation.what, ": got an answer ", late / 1'000'000,
                                                " ms later than 5 s after its deadline"));
            }
            return {};
        }
        if (!operation.is_endless) host_.find(rules::answered, cat(operation.what, ": got no answer, want one"));
    }
    return end_operation(operation, completion.op);
}

Result<void> KindsUse::end_operation(const Operation& operation, stipend_op op) {
    STIPEND_TRY(status_call(calls_, "cancel", subject_.label, guard_, [&](stipend_error*) {
        operation.cancel(life_.raw(), op);
        return STIPEND_OK;
    }));
    STIPEND_TRY(run_until_over(op, answer_wait_ms));
    if (!host_.is_over(op)) {
        host_.find(rules::cancel, cat(operation.what, ": got no answer after it was cancelled, want one"));
    }
    return {};
}

}  // namespace stipend::plugin
