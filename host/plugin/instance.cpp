#include "host/plugin/instance.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "host/base/time.hpp"

#include "host/plugin/call.hpp"
#include "host/plugin/call_runner.hpp"
#include "host/plugin/host_slot.hpp"
#include "host/plugin/instance_tables.hpp"
#include "stipend/host.hpp"

namespace stipend::plugin {
namespace {

constexpr std::int64_t health_patience_ns = ns_per_s;
constexpr std::int64_t unwell_after_ns = 10 * ns_per_s;  // of a call that has not returned

thread_local bool control_thread = false;
std::atomic<std::uint64_t> late{0};

}  // namespace

ControlScope::ControlScope() : outer_(std::exchange(control_thread, true)) {}
ControlScope::~ControlScope() {
    control_thread = outer_;
}
bool ControlScope::active() {
    return control_thread;
}

std::uint64_t Instance::late_completions() {
    return late.load();
}
void Instance::count_late_completion() {
    late.fetch_add(1);
}

Instance::Instance(Chosen chosen, std::string name, std::string values, const Services& services)
    : chosen_(std::move(chosen)),
      name_(std::move(name)),
      values_(std::move(values)),
      services_(services),
      strand_(services.executor->make_strand()),
      deadlines_((services.deadlines != nullptr ? services.deadlines : services.executor)->make_strand()),
      owner_(make_call_owner(*chosen_.library->entry, chosen_.library->staged.source, name_, chosen_.plugin->id)),
      routes_(services.routes, name_) {}

// A call of the plugin's life: [control] waits for it, so it is made on a helper thread, for a bounded time. After
// TIMEOUT or UNAVAILABLE the instance is left alone. What `body`, a function of the error record, refers to must
// outlive it.
template <class Body>
Result<void> Instance::call_life(const char* what, Body body) {
    const auto shared = weak_from_this().lock();
    if (!shared) return call(owner_, what, name_, body);  // in the destructor
    const auto answer = std::make_shared<Result<void>>();
    const auto returned = run_within(life_patience_ns, [self = shared, what, body, answer]() mutable {
        const ControlScope control;
        *answer = call(self->owner_, what, self->name_, body);
    });
    if (returned) return *answer;
    abandon();
    return fail(returned.error().status, what, ": ", name_, ": ", owner_.plugin, " ", returned.error().message);
}

Result<std::shared_ptr<Instance>> Instance::create(const Chosen& chosen, const std::string& instance_name,
                                                   const std::string& config_json, const stipend_terms& terms,
                                                   const Services& services, const std::string& values) {
    STIPEND_ASSERT(ControlScope::active());
    std::shared_ptr<Instance> self(
        new Instance(chosen, instance_name, values.empty() ? instance_name : values, services));
    self->slot_ = HostSlot::take(self, &host_interface);
    STIPEND_TRY(self->call_life("create", [raw = self.get(), config_json, terms](stipend_error* e) {
        const auto& own = raw->chosen_;
        return own.library->entry->lifecycle->create(raw->slot_->raw(), to_abi(own.plugin->id), to_abi(raw->name_),
                                                     to_abi(config_json), &terms, &raw->raw_, e);
    }));
    if (self->raw_ == nullptr)
        return fail(STIPEND_E_INVALID, "create: ", instance_name, ": got success and no instance");
    return self;
}

Instance::~Instance() {
    if (abandoned_) return;
    if (raw_ != nullptr) {
        const ControlScope control;
        destroy();
    }
    if (slot_) HostSlot::give_back(slot_);
}

Result<void> Instance::start() {
    {
        const std::lock_guard lock(calls_);
        STIPEND_ASSERT(state_ == State::created);
        STIPEND_TRY(
            call_life("start", [this](stipend_error* e) { return chosen_.library->entry->lifecycle->start(raw_, e); }));
        state_ = State::started;
    }
    auto mounted = routes_.mount([self = weak_from_this()](stipend_route_handler handler, void* user,
                                                           http::ServerRequest&& request, std::uint64_t token) {
        if (const auto instance = self.lock()) instance->deliver(handler, user, std::move(request), token);
    });
    if (!mounted) quiesce([] {});
    return mounted;
}

void Instance::quiesce(std::function<void()> when_idle) {
    routes_.unmount();
    const std::lock_guard lock(calls_);
    quiesce_locked(std::move(when_idle));
}

bool Instance::try_quiesce(std::function<void()> when_idle) {
    routes_.unmount();
    const std::unique_lock lock(calls_, std::try_to_lock);
    // A request that waits on the strand is one that the replacement does not get.
    if (!lock || delivering_ != 0) {
        closing_ = true;
        return false;
    }
    quiesce_locked(std::move(when_idle));
    return true;
}

void Instance::quiesce_locked(std::function<void()> when_idle) {
    STIPEND_ASSERT(state_ == State::started);
    state_ = State::quiesced;
    static_cast<void>(call_life("quiesce", [this](stipend_error*) {
        chosen_.library->entry->lifecycle->quiesce(raw_);
        return STIPEND_OK;
    }));
    if (abandoned_) return when_idle();
    {
        const std::lock_guard lock(mutex_);
        when_idle_ = std::move(when_idle);
    }
    report_if_idle();
}

void Instance::when_free(std::function<void()> then) {
    strand_->post(std::move(then));
}

void Instance::abandon() {
    routes_.give_up();
    strand_->close();
    HostSlot::give_back_late(slot_);
    abandoned_ = true;
}

void Instance::cancel_all() {
    std::vector<std::uint64_t> exchanges;
    {
        const std::lock_guard lock(mutex_);
        exchanges.assign(exchanges_.begin(), exchanges_.end());
    }
    for (const auto op : exchanges) services_.http->cancel(op);
}

void Instance::destroy() {
    const std::lock_guard lock(calls_);
    destroy_locked();
}

bool Instance::try_destroy() {
    const std::unique_lock lock(calls_, std::try_to_lock);
    if (lock) destroy_locked();
    return lock.owns_lock();
}

// Runs what is due at once and has not run yet: it is not cancelled by its plugin, which may wait for it to free what
// it holds. It may ask for more, within bounds.
void Instance::run_posted() {
    for (std::size_t run = 0; run < max_posted_at_end; ++run) {
        Timer next;
        {
            const std::lock_guard lock(mutex_);
            const auto found = std::ranges::find_if(timers_, [](const auto& one) { return one.second.at_once; });
            if (found == timers_.end()) return;
            next = found->second;
            timers_.erase(found);
        }
        const CallScope scope(&owner_, "a timer's callback");
        next.callback(next.user);
    }
}

void Instance::destroy_locked() {
    if (abandoned_) return;
    routes_.unmount();
    routes_.give_up();
    strand_->close();
    state_ = State::destroyed;
    static_cast<void>(call_life("destroy", [this](stipend_error*) {
        run_posted();
        cancel_timers();
        chosen_.library->entry->lifecycle->destroy(std::exchange(raw_, nullptr));
        return STIPEND_OK;
    }));
}

void Instance::cancel_timers() {
    std::vector<std::uint64_t> timers;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [op, timer] : timers_) timers.push_back(timer.id);
        timers_.clear();
    }
    for (const auto timer : timers) services_.executor->cancel_timer(timer);
}

Result<void> Instance::health() const {
    if (raw_ == nullptr) return fail(STIPEND_E_STATE, "health: ", name_, ": got an instance that is over");
    if (auto why = trouble()) return fail(STIPEND_E_TIMEOUT, name_, ": ", *why);
    struct Asked {
        std::shared_ptr<const Instance> self;
        Result<void> answer = {};
    };
    const auto asked = std::make_shared<Asked>(Asked{shared_from_this()});
    const auto returned = run_within(health_patience_ns, [asked] {
        const auto& self = *asked->self;
        asked->answer = call(self.owner_, "health", self.name_, [&](stipend_error* e) {
            return self.chosen_.library->entry->lifecycle->health(self.raw_, e);
        });
    });
    if (!returned) return fail(returned.error().status, name_, ": health ", returned.error().message);
    return asked->answer;
}

std::optional<std::string> Instance::trouble() const {
    for (const auto& running : running_calls()) {
        const auto age_ns = call_clock() - running.began;
        if (running.owner == &owner_ && age_ns >= unwell_after_ns)
            return cat(running.call, " has not returned for ", age_ns / ns_per_s, " s");
    }
    const std::lock_guard lock(mutex_);
    if (unanswered_.empty()) return std::nullopt;
    return unanswered_;
}

const void* Instance::table(const char* kind) const {
    const void* found = nullptr;
    static_cast<void>(call(owner_, "get_interface", name_, [&](stipend_error*) {
        found = chosen_.library->entry->lifecycle->get_interface(raw_, kind);
        return STIPEND_OK;
    }));
    return found;
}

void Instance::observe(stipend_op op, Observed observed) {
    const std::lock_guard lock(mutex_);
    observers_[op] = std::make_shared<Observed>(std::move(observed));
}

void Instance::seen(stipend_op op, const stipend_observation& observation) {
    std::shared_ptr<Observed> observer;
    {
        const std::lock_guard lock(mutex_);
        const auto found = observers_.find(op);
        if (found == observers_.end()) {
            return count_late_completion();
        }
        observer = found->second;
    }
    (*observer)(observation);
}

stipend_observe Instance::observer() {
    return &observation_made;
}

void Instance::cancel(stipend_op op, void (*how)(stipend_instance*, stipend_op)) {
    const auto cancel_locked = [this, op, how] {
        if (raw_ == nullptr) return;
        static_cast<void>(call(owner_, "cancel", name_, [&](stipend_error*) {
            how(raw_, op);
            return STIPEND_OK;
        }));
    };
    if (const std::unique_lock lock(calls_, std::try_to_lock); lock) return cancel_locked();
    // A call is under way, and may be for long: after it.
    strand_->post([self = shared_from_this(), cancel_locked] {
        const std::lock_guard lock(self->calls_);
        cancel_locked();
    });
}

std::size_t Instance::under_way() const {
    const std::lock_guard lock(mutex_);
    return operations_.size() + exchanges_.size() + reserving_;
}

void Instance::report_if_idle() {
    std::function<void()> tell;
    {
        const std::lock_guard lock(mutex_);
        if (!when_idle_ || !operations_.empty() || !exchanges_.empty() || reserving_ != 0) return;
        tell = std::exchange(when_idle_, nullptr);
    }
    tell();
}

stipend_status Instance::route_add(std::string_view listener, std::string_view method, std::string_view path,
                                   stipend_route_handler handler, void* user) {
    if (state_ != State::created) return STIPEND_E_STATE;
    const auto added = routes_.add(std::string(listener), std::string(method), std::string(path), handler, user);
    // The plugin gets no more than a status.
    if (!added && services_.log != nullptr) services_.log->write(STIPEND_LOG_ERROR, name_, added.error().message);
    return added ? STIPEND_OK : added.error().status;
}

void Instance::deliver(stipend_route_handler handler, void* user, http::ServerRequest&& request, std::uint64_t token) {
    // Counted until it ran, or was dropped with its strand.
    ++delivering_;
    const std::shared_ptr<void> counted(nullptr, [self = shared_from_this()](void*) { --self->delivering_; });
    strand_->post([self = shared_from_this(), handler, user, request = std::move(request), token, counted] {
        auto raw = make_record<stipend_route_request>();
        raw.method = to_abi(request.method);
        raw.path = to_abi(request.path);
        raw.query = to_abi(request.query);
        raw.headers = to_abi(request.headers);
        raw.peer = to_abi(request.peer);
        raw.body = bytes_to_abi(request.body);
        raw.token = token;
        raw.principal = to_abi(request.principal);
        raw.role = to_abi(request.role);
        raw.orchestrator = to_abi(request.orchestrator);
        const std::lock_guard lock(self->calls_);
        const CallScope scope(&self->owner_, "a route's handler");
        if (self->raw_ != nullptr) handler(user, &raw);
    });
}

stipend_op Instance::timer_after(std::uint64_t delay_ns, void (*callback)(void*), void* user) {
    const auto op = next_op();
    Task fire = [self = shared_from_this(), op, callback, user] {
        const std::lock_guard calls(self->calls_);
        {
            const std::lock_guard ours(self->mutex_);
            // Else cancelled, or run before its instance was destroyed.
            if (self->timers_.erase(op) == 0) return;
        }
        const CallScope scope(&self->owner_, "a timer's callback");
        callback(user);
    };
    const std::lock_guard lock(mutex_);
    if (delay_ns == 0) {
        if (timers_.size() >= Executor::max_timers) return 0;
        timers_.emplace(op, Timer{0, callback, user, true});
        strand_->post(std::move(fire));
        return op;
    }
    const auto timer = services_.executor->after(
        static_cast<std::int64_t>(std::min<std::uint64_t>(delay_ns, INT64_MAX)), strand_, std::move(fire));
    if (timer == 0) return 0;
    timers_.emplace(op, Timer{timer, callback, user, false});
    return op;
}

bool Instance::timer_cancel(stipend_op op) {
    std::uint64_t timer = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto found = timers_.find(op);
        if (found == timers_.end()) return false;
        timer = found->second.id;
        timers_.erase(found);
    }
    // Posted already or not: its callback finds itself gone.
    services_.executor->cancel_timer(timer);
    return true;
}

stipend_status Instance::fee_reserve(std::string_view job_id, const stipend_u256& wei, stipend_fee_answer answer,
                                     void* user) {
    {
        // Counted before it is asked for: the answer may come before `reserve` returns.
        const std::lock_guard lock(mutex_);
        ++reserving_;
    }
    const auto asked =
        services_.fees->reserve(job_id, wei, [self = shared_from_this(), answer, user](Result<void> result) {
            self->strand_->post(
                [self, answer, user, result = std::move(result)] { self->fee_answered(result, answer, user); });
        });
    if (asked) return STIPEND_OK;
    {
        const std::lock_guard lock(mutex_);
        --reserving_;
    }
    report_if_idle();
    return asked.error().status;
}

void Instance::fee_answered(const Result<void>& result, stipend_fee_answer answer, void* user) {
    auto error = empty_error();
    const auto status = result ? STIPEND_OK : report(&error, result.error());
    {
        const std::lock_guard lock(calls_);
        const CallScope scope(&owner_, "a reservation's callback");
        if (raw_ != nullptr) answer(user, status, &error);
    }
    {
        const std::lock_guard lock(mutex_);
        --reserving_;
    }
    report_if_idle();
}

}  // namespace stipend::plugin
