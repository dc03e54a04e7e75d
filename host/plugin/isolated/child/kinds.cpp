#include "host/plugin/isolated/child/kinds.hpp"

#include <vector>

#include "host/plugin/isolated/record_wire.hpp"

namespace stipend::plugin::isolated {
namespace {

constexpr std::uint64_t max_records = 100'000;  // in one list

template <class Table>
const Table& table(const stipend_entry& entry, stipend_instance* instance, const char* kind) {
    // The host asks for what there is a table of.
    return *static_cast<const Table*>(entry.lifecycle->get_interface(instance, kind));
}

template <class Record>
std::vector<Record> read_records(Reader& body) {
    const auto count = body.number<std::uint64_t>();
    std::vector<Record> out;
    for (std::uint64_t at = 0; at < count && at < max_records && body.good(); ++at)
        out.push_back(read_record<Record>(body));
    return out;
}

stipend_status deliver(const stipend_alert_v1& alert, stipend_instance* instance, Reader& body,
                       stipend_completion completion, stipend_error* error) {
    const auto alerts = read_records<stipend_alert>(body);
    auto message = make_record<stipend_alert_message>();
    message.alerts = alerts.data();
    message.count = alerts.size();
    message.stride = sizeof(stipend_alert);
    message.omitted = body.number<std::uint64_t>();
    message.dropped = body.number<std::uint64_t>();
    return alert.deliver(instance, &message, completion, error);
}

}  // namespace

stipend_status begin_operation(const stipend_entry& entry, stipend_instance* instance, Begins kind, Reader& body,
                               stipend_observe observe, stipend_completion completion, stipend_error* error) {
    const auto monitor = [&]() -> const stipend_monitor_v1& {
        return table<stipend_monitor_v1>(entry, instance, STIPEND_MONITOR);
    };
    const auto dispatch = [&]() -> const stipend_dispatch_v1& {
        return table<stipend_dispatch_v1>(entry, instance, STIPEND_DISPATCH);
    };
    switch (kind) {
        case Begins::fetch: {
            const auto base = body.given_text();
            const auto quote = body.given_text();
            const auto deadline = body.number<stipend_mono_ns>();
            const auto& price = table<stipend_price_v1>(entry, instance, STIPEND_PRICE);
            return price.fetch(instance, base, quote, deadline, completion, error);
        }
        case Begins::probe: {
            const auto target = read_record<stipend_target>(body);
            return monitor().probe(instance, &target, body.number<stipend_mono_ns>(), completion, error);
        }
        case Begins::watch: {
            const auto targets = read_records<stipend_target>(body);
            return monitor().watch(instance, targets.data(), targets.size(), sizeof(stipend_target), observe,
                                   completion, error);
        }
        case Begins::submit: {
            const auto job = read_record<stipend_job>(body);
            return dispatch().submit(instance, &job, completion, error);
        }
        case Begins::inspect: {
            const auto address = body.given_text();
            const auto capability = body.given_text();
            return dispatch().inspect(instance, address, capability, completion, error);
        }
        case Begins::deliver:
            return deliver(table<stipend_alert_v1>(entry, instance, STIPEND_ALERT), instance, body, completion, error);
    }
    return STIPEND_E_INVALID;
}

void cancel_operation(const stipend_entry& entry, stipend_instance* instance, Begins kind, stipend_op op) {
    if (instance == nullptr) return;
    switch (kind) {
        case Begins::fetch:
            return table<stipend_price_v1>(entry, instance, STIPEND_PRICE).cancel(instance, op);
        case Begins::probe:
        case Begins::watch:
            return table<stipend_monitor_v1>(entry, instance, STIPEND_MONITOR).cancel(instance, op);
        case Begins::submit:
        case Begins::inspect:
            return table<stipend_dispatch_v1>(entry, instance, STIPEND_DISPATCH).cancel(instance, op);
        case Begins::deliver:
            return table<stipend_alert_v1>(entry, instance, STIPEND_ALERT).cancel(instance, op);
    }
}

void write_answer(Writer& to, Begins kind, const void* record) {
    switch (kind) {
        case Begins::fetch:
            return write_record(to, *static_cast<const stipend_quote*>(record));
        case Begins::probe:
            return write_record(to, *static_cast<const stipend_observation*>(record));
        case Begins::submit:
            return write_record(to, *static_cast<const stipend_job_result*>(record));
        case Begins::inspect:
            return write_record(to, *static_cast<const stipend_offer*>(record));
        case Begins::watch:
        case Begins::deliver:
            return;  // these have no record
    }
}

}  // namespace stipend::plugin::isolated
