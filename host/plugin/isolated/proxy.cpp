#include "host/plugin/isolated/proxy.hpp"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "host/plugin/host_slot.hpp"
#include "host/plugin/instance.hpp"
#include "host/plugin/instance_tables.hpp"
#include "host/plugin/isolated/bits.hpp"
#include "host/plugin/isolated/keeper.hpp"
#include "host/plugin/isolated/record_wire.hpp"
#include "host/plugin/isolated/service_desk.hpp"
#include "stipend/host.hpp"

namespace stipend::plugin::isolated {
namespace {

constexpr const char* alert_id = "process";

class Proxy final : public Listener {
  public:
    Proxy(const stipend_host* host, Task task)
        : host_(host),
          plugin_(task.plugin_id),
          desk_(host, [this](Message message, std::uint64_t number,
                             const Writer& body) { return keeper_.send(message, number, body); }),
          keeper_(with_services(std::move(task), desk_.offered()), *this) {}
    ~Proxy() override {
        if (alerting_) resolve();
    }
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    Result<void> create() {
        STIPEND_SET(kinds_, keeper_.create());
        if (!keeper_.state().confined) {
            log(STIPEND_LOG_WARN, cat(plugin_,
                                      ": its process reads any file that the host's user can read: this system "
                                      "does not offer Landlock"));
        }
        return {};
    }
    Keeper& keeper() { return keeper_; }
    [[nodiscard]] bool has(const char* kind) const { return (kinds_ & bit_of(kind_ids, kind)) != 0; }

    stipend_status begin(Begins kind, const Writer& arguments, const stipend_completion& completion,
                         stipend_error* error, stipend_observe observe = nullptr) {
        Writer body;
        body.number(kind).raw(arguments.body().data(), arguments.body().size());
        const std::lock_guard lock(mutex_);
        const auto sent = keeper_.send(Message::begin, completion.op, body);
        if (!sent) return report(error, sent.error());
        operations_[completion.op] = {kind, observe};
        return STIPEND_OK;
    }
    void cancel(stipend_op op) {
        Begins kind{};
        {
            const std::lock_guard lock(mutex_);
            const auto found = operations_.find(op);
            if (found == operations_.end()) return;
            kind = found->second.kind;
        }
        // Without a process the operation has ended.
        static_cast<void>(keeper_.send(Message::cancel, op, Writer().number(kind)));
    }

    Result<void> took(const Frame& frame) override {
        switch (frame.message) {
            case Message::begun:
                return begun(frame);
            case Message::done:
                return done(frame);
            case Message::observation:
                return observed(frame);
            case Message::ask:
            case Message::tell:
                return desk_.took(frame);
            default:
                return fail(STIPEND_E_INVALID, "got a message of the host's own");
        }
    }
    void said(std::string_view line) override { log(STIPEND_LOG_WARN, cat("on standard error: ", line)); }
    void ended(const std::string& why) override {
        desk_.ended();
        std::map<stipend_op, Operation> left;
        {
            const std::lock_guard lock(mutex_);
            left.swap(operations_);
        }
        auto raw = empty_error();
        const auto status = report(&raw, fail(STIPEND_E_UNAVAILABLE, "its process ended: ", why));
        for (const auto& [op, operation] : left) operation_done(host_, op, status, nullptr, &raw);
    }
    void restarting(const std::string& why, std::int64_t pause_ns) override {
        const auto text =
            cat(plugin_, ": its process ended: ", why, ": what it was asked is not answered, and it starts again");
        log(STIPEND_LOG_ERROR, cat(text, " in ", pause_ns / ns_per_ms, " ms"));
        if (const auto instance = HostSlot::instance_of(host_))
            instance->count("process_ends_total", "Ends of a plugin's process that the host did not ask for.");
        const auto* alerts = Host(host_).service<stipend_host_alerts_v1>(STIPEND_HOST_ALERTS);
        if (alerts == nullptr) return;
        if (alerting_ && alerted_ != why) resolve();  // one that is active would stay as it is
        static_cast<void>(alerts->raise(host_, to_abi(alert_id), STIPEND_ALERT_CRITICAL, to_abi(text)));
        alerting_ = true;
        alerted_ = why;
    }
    void settled() override {
        if (std::exchange(alerting_, false)) resolve();
    }

  private:
    struct Operation {
        Begins kind{};
        stipend_observe observe = nullptr;
    };

    static Task with_services(Task task, std::uint64_t services) {
        task.services = services;
        return task;
    }
    void log(std::int32_t level, std::string_view text) const { Host(host_).log(level, text); }
    void resolve() const {
        const auto* alerts = Host(host_).service<stipend_host_alerts_v1>(STIPEND_HOST_ALERTS);
        if (alerts != nullptr) alerts->resolve(host_, to_abi(alert_id));
    }
    // None: it is over, or never was.
    std::optional<Operation> take(stipend_op op) {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        if (found == operations_.end()) return std::nullopt;
        const auto out = found->second;
        operations_.erase(found);
        return out;
    }

    // An operation that could not begin ends by the error.
    Result<void> begun(const Frame& frame) {
        Reader body(frame.body);
        stipend_error raw{};
        const auto status = body.error(raw);
        if (!body.complete()) return fail(STIPEND_E_INVALID, "got a malformed end of a call");
        if (status == STIPEND_OK) return {};
        static_cast<void>(take(frame.number));
        operation_done(host_, frame.number, status, nullptr, &raw);
        return {};
    }

    Result<void> done(const Frame& frame) {
        Reader body(frame.body);
        stipend_error raw{};
        const auto status = body.error(raw);
        const bool has_record = body.number<std::uint8_t>() != 0;
        const auto operation = take(frame.number);
        // Of one that is over the host only counts the answer.
        if (!operation || !has_record) return hand_on(frame.number, status, body, raw);
        switch (operation->kind) {
            case Begins::fetch:
                return hand_on<stipend_quote>(frame.number, status, body, raw);
            case Begins::probe:
                return hand_on<stipend_observation>(frame.number, status, body, raw);
            case Begins::submit:
                return hand_on<stipend_job_result>(frame.number, status, body, raw);
            case Begins::inspect:
                return hand_on<stipend_offer>(frame.number, status, body, raw);
            case Begins::watch:
            case Begins::deliver:
                break;
        }
        return fail(STIPEND_E_INVALID, "got a record of an operation that has none");
    }
    Result<void> hand_on(stipend_op op, stipend_status status, const Reader& body, const stipend_error& error) const {
        if (!body.good()) return fail(STIPEND_E_INVALID, "got a malformed answer");
        operation_done(host_, op, status, nullptr, &error);
        return {};
    }
    template <class Record>
    Result<void> hand_on(stipend_op op, stipend_status status, Reader& body, const stipend_error& error) const {
        const auto record = read_record<Record>(body);
        if (!body.complete()) {
            // The operation is over for the process, and must be for the host.
            auto raw = empty_error();
            const auto failed = report(&raw, fail(STIPEND_E_INTERNAL, "its process gave a malformed answer"));
            operation_done(host_, op, failed, nullptr, &raw);
            return fail(STIPEND_E_INVALID, "got a malformed answer");
        }
        operation_done(host_, op, status, &record, &error);
        return {};
    }
    Result<void> observed(const Frame& frame) {
        Reader body(frame.body);
        const bool has_record = body.number<std::uint8_t>() != 0;
        const auto record = has_record ? read_record<stipend_observation>(body) : stipend_observation{};
        if (!body.complete()) return fail(STIPEND_E_INVALID, "got a malformed observation");
        stipend_observe observe = nullptr;
        {
            const std::lock_guard lock(mutex_);
            const auto found = operations_.find(frame.number);
            if (found != operations_.end()) observe = found->second.observe;
        }
        if (observe == nullptr) observe = &observation_made;  // which counts it
        observe(host_, frame.number, has_record ? &record : nullptr);
        return {};
    }

    const stipend_host* const host_;
    const std::string plugin_;
    std::uint64_t kinds_ = 0;
    bool alerting_ = false;  // of the keeper's thread, as `alerted_`
    std::string alerted_;
    std::mutex mutex_;
    std::map<stipend_op, Operation> operations_;  // guarded by mutex_; those that are not over
    ServiceDesk desk_;
    Keeper keeper_;  // the last member: its thread ends first
};

Proxy& proxy_of(stipend_instance* instance) {
    return *reinterpret_cast<Proxy*>(instance);
}

stipend_status check_config(stipend_str, stipend_str, const stipend_terms*, stipend_error*) {
    return STIPEND_OK;  // `create` looks at it, in the process
}

stipend_status create(const stipend_host* host, stipend_str plugin_id, stipend_str name, stipend_str config,
                      const stipend_terms* terms, stipend_instance** out, stipend_error* error) {
    const auto instance = HostSlot::instance_of(host);
    if (!instance || !instance->chosen().isolation) return STIPEND_E_STATE;
    const auto& chosen = instance->chosen();
    auto proxy = std::make_unique<Proxy>(host, Task{.program = chosen.isolation->program,
                                                    .library = chosen.library->staged.copy,
                                                    .shown_as = chosen.library->staged.source,
                                                    .plugin_id = std::string(view(plugin_id)),
                                                    .instance = std::string(view(name)),
                                                    .config_json = std::string(view(config)),
                                                    .terms = *terms,
                                                    .memory_bytes = chosen.isolation->memory_bytes,
                                                    .patience = chosen.isolation->patience});
    if (const auto created = proxy->create(); !created) return report(error, created.error());
    *out = reinterpret_cast<stipend_instance*>(proxy.release());
    return STIPEND_OK;
}

stipend_status report_result(const Result<void>& result, stipend_error* error) {
    return result ? STIPEND_OK : report(error, result.error());
}

template <class Record>
void write_records(Writer& to, const Record* first, std::uint64_t count, std::uint64_t stride) {
    to.number(count);
    const auto* at = reinterpret_cast<const char*>(first);
    for (std::uint64_t done = 0; done < count; ++done, at += stride)
        write_record(to, *reinterpret_cast<const Record*>(at));
}

void cancel(stipend_instance* instance, stipend_op op) {
    proxy_of(instance).cancel(op);
}

constexpr stipend_price_v1 price{
    .fetch =
        [](stipend_instance* i, stipend_str base, stipend_str quote, stipend_mono_ns deadline, stipend_completion c,
           stipend_error* e) {
            return proxy_of(i).begin(Begins::fetch, Writer().text(base).text(quote).number(deadline), c, e);
        },
    .cancel = &cancel,
};

constexpr stipend_monitor_v1 monitor{
    .probe =
        [](stipend_instance* i, const stipend_target* target, stipend_mono_ns deadline, stipend_completion c,
           stipend_error* e) {
            Writer arguments;
            write_record(arguments, *target);
            return proxy_of(i).begin(Begins::probe, arguments.number(deadline), c, e);
        },
    .watch =
        [](stipend_instance* i, const stipend_target* targets, std::uint64_t count, std::uint64_t stride,
           stipend_observe observe, stipend_completion c, stipend_error* e) {
            Writer arguments;
            write_records(arguments, targets, count, stride);
            return proxy_of(i).begin(Begins::watch, arguments, c, e, observe);
        },
    .cancel = &cancel,
};

constexpr stipend_dispatch_v1 dispatch{
    .submit =
        [](stipend_instance* i, const stipend_job* job, stipend_completion c, stipend_error* e) {
            Writer arguments;
            write_record(arguments, *job);
            return proxy_of(i).begin(Begins::submit, arguments, c, e);
        },
    .inspect =
        [](stipend_instance* i, stipend_str address, stipend_str capability, stipend_completion c, stipend_error* e) {
            return proxy_of(i).begin(Begins::inspect, Writer().text(address).text(capability), c, e);
        },
    .cancel = &cancel,
};

constexpr stipend_alert_v1 alert{
    .deliver =
        [](stipend_instance* i, const stipend_alert_message* message, stipend_completion c, stipend_error* e) {
            Writer arguments;
            write_records(arguments, message->alerts, message->count, message->stride);
            return proxy_of(i).begin(Begins::deliver, arguments.number(message->omitted).number(message->dropped), c,
                                     e);
        },
    .cancel = &cancel,
};

const void* get_interface(stipend_instance* instance, const char* id) {
    if (!proxy_of(instance).has(id)) return nullptr;
    const std::string_view kind = id;
    if (kind == STIPEND_PRICE) return &price;
    if (kind == STIPEND_MONITOR) return &monitor;
    if (kind == STIPEND_DISPATCH) return &dispatch;
    if (kind == STIPEND_ALERT) return &alert;
    return nullptr;
}

constexpr stipend_lifecycle_v1 lifecycle{
    .check_config = &check_config,
    .create = &create,
    .start = [](stipend_instance* i, stipend_error* e) { return report_result(proxy_of(i).keeper().start(), e); },
    .quiesce = [](stipend_instance* i) { proxy_of(i).keeper().quiesce(); },
    .health = [](stipend_instance* i, stipend_error* e) { return report_result(proxy_of(i).keeper().health(), e); },
    .get_interface = &get_interface,
    .destroy = [](stipend_instance* i) { const std::unique_ptr<Proxy> over(&proxy_of(i)); },
};

}  // namespace

std::unique_ptr<const stipend_entry> make_entry() {
    auto entry = std::make_unique<stipend_entry>();
    *entry = {};
    entry->magic = STIPEND_MAGIC;
    entry->size = sizeof(stipend_entry);
    entry->abi_major = STIPEND_ABI_MAJOR;
    entry->abi_minor = STIPEND_ABI_MINOR;
    entry->lifecycle = &lifecycle;
    return entry;
}

bool can_isolate(const char* kind) {
    return bit_of(kind_ids, kind) != 0;
}

}  // namespace stipend::plugin::isolated
