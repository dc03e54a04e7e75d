// The operations of an instance: each begins on the strand, and ends once, by an answer of the plugin, an error of its
// start, or the host's deadline.
#include <algorithm>
#include <vector>

#include "host/base/time.hpp"
#include "host/plugin/call.hpp"
#include "host/plugin/host_slot.hpp"
#include "host/plugin/instance.hpp"
#include "host/plugin/instance_tables.hpp"
#include "stipend/duration.hpp"
#include "stipend/host.hpp"

namespace stipend::plugin {

// One count for the whole process: an operation's number is never used again, whichever instance had it.
stipend_op Instance::next_op() {
    static std::atomic<stipend_op> last{0};
    return ++last;
}

void Instance::begin(Start start, Done done, Rules rules) {
    const auto op = next_op();
    {
        const std::lock_guard lock(mutex_);
        auto& operation = operations_[op];
        operation.done = std::move(done);
        operation.rules = rules;
        if (rules.deadline_ns != 0) {
            operation.latest = call_clock() + rules.deadline_ns;
            set_alarm(operation.latest);
        }
    }
    strand_->post([self = shared_from_this(), op, start = std::move(start)] { self->run_start(op, start); });
}

void Instance::run_start(stipend_op op, const Start& start) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        if (found == operations_.end()) return;  // its deadline passed while it waited for its turn
        found->second.starting = true;
    }
    Result<void> begun = fail(STIPEND_E_STATE, name_, ": got an operation after quiesce");
    {
        const std::lock_guard lock(calls_);
        if (state_ == State::started && !closing_) {
            begun = call(owner_, "begin", name_, [&](stipend_error* e) {
                return start(raw_, stipend_completion{slot_->raw(), op, &operation_done}, e);
            });
        }
    }
    bool answered = false;
    {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        if (found == operations_.end()) return;  // its deadline passed meanwhile
        found->second.starting = false;
        answered = !found->second.done;
        if (answered) operations_.erase(found);
    }
    if (answered) {
        if (!begun) refuse("an error returned for an operation that was answered already", op);
        return report_if_idle();
    }
    if (begun) return;
    auto raw = empty_error();
    const auto status = report(&raw, begun.error());
    finish(op, status, nullptr, &raw);
}

bool Instance::has_operation(stipend_op op) const {
    const std::lock_guard lock(mutex_);
    return operations_.contains(op);
}

// An answer that comes before the start function returned is taken; the operation lasts until it returned.
void Instance::finish(stipend_op op, stipend_status status, const void* record, const stipend_error* error) {
    Done done;
    bool good_again = false;
    bool has_record = true;
    {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        if (found != operations_.end()) {
            auto& operation = found->second;
            done = std::exchange(operation.done, nullptr);
            has_record = operation.rules.has_record;
            good_again = done && !unanswered_.empty() && op > unanswered_op_;
            if (good_again) unanswered_.clear();
            if (!operation.starting) operations_.erase(found);
            observers_.erase(op);
        }
    }
    if (!done) return refuse("an answer for an operation that is over, or never was", op);
    if (good_again && services_.alerts != nullptr) services_.alerts->resolve_for(name_, "unanswered");
    if (status == STIPEND_OK && record == nullptr && has_record) {
        refuse("an answer OK without a record", op);
        done(fail(STIPEND_E_INTERNAL, name_, ": got the answer OK without a record, want a record"));
    } else if (status == STIPEND_OK) {
        done(record);
    } else {
        done(from_abi(status, error));
    }
    report_if_idle();
}

// With `mutex_` locked. Where the executor has no more timers, the next operation tries again.
void Instance::set_alarm(stipend_mono_ns latest) {
    if (latest >= alarm_at_) return;
    auto* executor = services_.deadlines != nullptr ? services_.deadlines : services_.executor;
    if (alarm_ != 0) executor->cancel_timer(alarm_);
    alarm_ = executor->after(latest - call_clock(), deadlines_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->end_overdue();
    });
    alarm_at_ = alarm_ != 0 ? latest : never;
}

void Instance::end_overdue() {
    std::vector<stipend_op> overdue;
    {
        const std::lock_guard lock(mutex_);
        alarm_ = 0;
        alarm_at_ = never;
        const auto now = call_clock();
        auto earliest = never;
        for (const auto& [op, operation] : operations_) {
            if (!operation.done) continue;
            if (operation.latest <= now) {
                overdue.push_back(op);
            } else {
                earliest = std::min(earliest, operation.latest);
            }
        }
        set_alarm(earliest);
    }
    for (const auto op : overdue) end_late(op);
}

// What the plugin answers after this is refused.
void Instance::end_late(stipend_op op) {
    Done done;
    std::string why;
    {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        if (found == operations_.end() || !found->second.done) return;
        done = std::move(found->second.done);
        why = cat("the plugin has not answered a ", found->second.rules.what, " within ",
                  found->second.rules.deadline_ns / ns_per_s, " s");
        operations_.erase(found);
        observers_.erase(op);
        unanswered_ = why;
        unanswered_op_ = op;
    }
    complain("unanswered", why);
    done(fail(STIPEND_E_TIMEOUT, name_, ": ", why));
    report_if_idle();
}

void Instance::refuse(const char* why, stipend_op op) {
    count_late_completion();
    ++refused_;
    const auto first = [&] {
        const std::lock_guard lock(mutex_);
        return logged_refusals_.insert(why).second;
    }();
    if (first && services_.log != nullptr) {
        services_.log->write(STIPEND_LOG_WARN, name_,
                             cat(chosen_.plugin->id, " gives ", why, " (operation ", op,
                                 "): it is not taken; further ones are only counted"));
    }
    count("refused_answers_total", "Answers of a plugin that the host does not take.");
}

void Instance::count(const char* name, const char* help) const {
    if (services_.metrics != nullptr) services_.metrics->count_for(name_, chosen_.plugin->id, name, help);
}

void Instance::complain(const char* id, const std::string& text) {
    if (services_.alerts != nullptr) {
        services_.alerts->raise_for(name_, id, STIPEND_ALERT_CRITICAL, cat(chosen_.plugin->id, ": ", text));
    } else if (services_.log != nullptr) {
        services_.log->write(STIPEND_LOG_ERROR, name_, cat(chosen_.plugin->id, ": ", text));
    }
}

}  // namespace stipend::plugin
