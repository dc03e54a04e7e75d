// An instance of a plugin for a test. Created by FakeHost.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stipend/plugin.hpp"
#include "stipend/testing/records.hpp"

namespace stipend::testing {

// The functions of the host that FakePlugin uses.
struct FakeLink {
    enum class Role : std::uint8_t { none, control, pool };
    using Done = std::function<void(stipend_status, const void*, const stipend_error*)>;

    const stipend_host* host = nullptr;
    std::function<void(Role, const std::function<void()>&)> as;
    std::function<stipend_op(Done)> open;
    std::function<void(stipend_op, bool accepted)> started;
    void (*done)(const stipend_host*, stipend_op, stipend_status, const void*, const stipend_error*) = nullptr;
    stipend_observe observe = nullptr;
    std::function<void()> wind_up;  // ends every exchange
    // How a completion during `destroy` counts: as a fault, or as the result of a test that ended early.
    enum class Ending : std::uint8_t { none, strict, forgiven };
    std::function<void(Ending)> ending;
};

// An operation and, once it is done, its result. Copies refer to the same operation.
template <class Record>
class Operation {
  public:
    [[nodiscard]] bool done() const { return state_->done; }
    [[nodiscard]] stipend_op op() const { return state_->op; }
    // STIPEND_OK: there is a record. Requires that it is done.
    [[nodiscard]] stipend_status status() const {
        STIPEND_ASSERT(state_->done);
        return state_->status;
    }
    [[nodiscard]] const std::string& error() const { return state_->error; }
    [[nodiscard]] bool permanent() const { return state_->permanent; }
    const Record* operator->() const {
        STIPEND_ASSERT(state_->done && state_->status == STIPEND_OK);
        return &state_->record;
    }

  private:
    friend class FakePlugin;
    struct State {
        bool done = false;
        stipend_op op = 0;
        stipend_status status = STIPEND_OK;
        std::string error;
        bool permanent = false;
        Record record;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

class FakePlugin {
  public:
    FakePlugin(FakeLink link, const stipend_lifecycle_v1& lifecycle, stipend_instance* raw)
        : link_(std::move(link)), lifecycle_(&lifecycle), raw_(raw) {}
    // Ends all operations and the instance.
    ~FakePlugin() {
        if (raw_ == nullptr) return;
        quiesce();
        link_.wind_up();
        end(FakeLink::Ending::forgiven);
    }
    FakePlugin(FakePlugin&& other) noexcept
        : link_(std::move(other.link_)),
          lifecycle_(other.lifecycle_),
          raw_(std::exchange(other.raw_, nullptr)),
          started_(other.started_) {}
    FakePlugin& operator=(FakePlugin&&) = delete;
    FakePlugin(const FakePlugin&) = delete;
    FakePlugin& operator=(const FakePlugin&) = delete;

    Result<void> start() {
        auto result = call(Role::control, [&](stipend_error* e) { return lifecycle_->start(raw_, e); });
        started_ = result.ok();
        return result;
    }
    void quiesce() {
        if (!std::exchange(started_, false)) return;
        link_.as(Role::control, [&] { lifecycle_->quiesce(raw_); });
    }
    [[nodiscard]] Result<void> health() {
        return call(Role::none, [&](stipend_error* e) { return lifecycle_->health(raw_, e); });
    }
    // Requires that no operation is in progress.
    void destroy() { end(FakeLink::Ending::strict); }
    // The table of a kind, or NULL.
    template <class Table>
    [[nodiscard]] const Table* table(const char* kind) {
        return static_cast<const Table*>(lifecycle_->get_interface(raw_, kind));
    }

    // The instance, for the functions of a table.
    [[nodiscard]] stipend_instance* raw() const { return raw_; }

    // The decision of a policy on one sample; sets the sizes.
    Result<stipend_decision> decide(stipend_sample sample) {
        const auto* policy = table<stipend_policy_v1>(STIPEND_POLICY);
        STIPEND_ASSERT(policy != nullptr);
        sample.size = sizeof sample;
        auto decision = make_record<stipend_decision>();
        STIPEND_TRY(call(Role::none, [&](stipend_error* e) {
            return policy->decide(raw_, &sample, sizeof sample, &decision, sizeof decision, 1, e);
        }));
        return decision;
    }

    Operation<JobResult> submit(const FakeJob& job) {
        const auto raw = job.raw();
        return begin<JobResult>(
            [&](stipend_completion c, stipend_error* e) { return dispatch().submit(raw_, &raw, c, e); });
    }
    Operation<Offer> inspect(std::string_view address, std::string_view capability) {
        return begin<Offer>([&](stipend_completion c, stipend_error* e) {
            return dispatch().inspect(raw_, to_abi(address), to_abi(capability), c, e);
        });
    }
    void cancel_job(stipend_op op) { dispatch().cancel(raw_, op); }

    Operation<Observation> probe(const FakeTarget& target, stipend_mono_ns deadline) {
        const auto raw = target.raw();
        return begin<Observation>(
            [&](stipend_completion c, stipend_error* e) { return monitor().probe(raw_, &raw, deadline, c, e); });
    }
    void cancel_probe(stipend_op op) { monitor().cancel(raw_, op); }

    // The observations are in FakeHost::observations().
    Operation<NoRecord> watch(const std::vector<FakeTarget>& targets) {
        std::vector<stipend_target> raw;
        raw.reserve(targets.size());
        for (const auto& target : targets) raw.push_back(target.raw());
        return begin<NoRecord>([&](stipend_completion c, stipend_error* e) {
            return monitor().watch(raw_, raw.data(), raw.size(), sizeof(stipend_target), link_.observe, c, e);
        });
    }
    void cancel_watch(stipend_op op) { monitor().cancel(raw_, op); }

    Operation<Quote> fetch(std::string_view base, std::string_view quote) {
        const auto* price = table<stipend_price_v1>(STIPEND_PRICE);
        STIPEND_ASSERT(price != nullptr);
        return begin<Quote>([&](stipend_completion c, stipend_error* e) {
            return price->fetch(raw_, to_abi(base), to_abi(quote), std::numeric_limits<stipend_mono_ns>::max(), c, e);
        });
    }

    void cancel_fetch(stipend_op op) { table<stipend_price_v1>(STIPEND_PRICE)->cancel(raw_, op); }

    // Has a receiver deliver a message.
    Operation<NoRecord> deliver(const std::vector<FakeAlert>& alerts, std::uint64_t omitted = 0,
                                std::uint64_t dropped = 0) {
        const auto* receiver = table<stipend_alert_v1>(STIPEND_ALERT);
        STIPEND_ASSERT(receiver != nullptr);
        std::vector<stipend_alert> raw;
        raw.reserve(alerts.size());
        for (const auto& alert : alerts) raw.push_back(alert.raw());
        auto message = make_record<stipend_alert_message>();
        message.alerts = raw.data();
        message.count = raw.size();
        message.stride = sizeof(stipend_alert);
        message.omitted = omitted;
        message.dropped = dropped;
        return begin<NoRecord>(
            [&](stipend_completion c, stipend_error* e) { return receiver->deliver(raw_, &message, c, e); });
    }
    void cancel_delivery(stipend_op op) { table<stipend_alert_v1>(STIPEND_ALERT)->cancel(raw_, op); }

    // The report of a service.
    Result<std::string> report() {
        const auto* service = table<stipend_service_v1>(STIPEND_SERVICE);
        STIPEND_ASSERT(service != nullptr);
        std::string text;
        const stipend_sink sink{&text, [](void* ctx, const void* data, std::uint64_t length) -> stipend_status {
                                    static_cast<std::string*>(ctx)->append(static_cast<const char*>(data), length);
                                    return STIPEND_OK;
                                }};
        STIPEND_TRY(call(Role::pool, [&](stipend_error* e) { return service->report(raw_, &sink, e); }));
        return text;
    }

    // Starts an operation of any kind: `start` calls the start function with the completion.
    template <class Record, class Start>
    Operation<Record> begin(Start&& start) {
        Operation<Record> operation;
        const auto& state = operation.state_;
        const auto answer = [state](stipend_status status, const void* record, const stipend_error* error) {
            state->done = true;
            state->status = status;
            if (status == STIPEND_OK) {
                if constexpr (std::is_same_v<Record, NoRecord>) return;
                state->record = Record::of(*static_cast<const typename Record::Raw*>(record));
            } else {
                auto failed = from_abi(status, error);
                state->error = std::move(failed.message);
                state->permanent = failed.permanent;
            }
        };
        state->op = link_.open(answer);
        auto error = empty_error();
        stipend_status status = STIPEND_E_INTERNAL;
        link_.as(Role::pool, [&] { status = start(stipend_completion{link_.host, state->op, link_.done}, &error); });
        link_.started(state->op, status == STIPEND_OK);
        if (status != STIPEND_OK) answer(status, nullptr, &error);
        return operation;
    }

  private:
    using Role = FakeLink::Role;

    template <class Body>
    Result<void> call(Role role, Body&& body) {
        auto error = empty_error();
        stipend_status status = STIPEND_E_INTERNAL;
        link_.as(role, [&] { status = body(&error); });
        if (status != STIPEND_OK) return from_abi(status, &error);
        return {};
    }
    void end(FakeLink::Ending how) {
        link_.ending(how);
        link_.as(Role::control, [&] { lifecycle_->destroy(std::exchange(raw_, nullptr)); });
        link_.ending(FakeLink::Ending::none);
    }
    const stipend_dispatch_v1& dispatch() {
        const auto* found = table<stipend_dispatch_v1>(STIPEND_DISPATCH);
        STIPEND_ASSERT(found != nullptr);
        return *found;
    }
    const stipend_monitor_v1& monitor() {
        const auto* found = table<stipend_monitor_v1>(STIPEND_MONITOR);
        STIPEND_ASSERT(found != nullptr);
        return *found;
    }

    FakeLink link_;
    const stipend_lifecycle_v1* lifecycle_;
    stipend_instance* raw_;
    bool started_ = false;
};

}  // namespace stipend::testing
