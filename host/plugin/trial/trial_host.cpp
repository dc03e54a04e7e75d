#include "host/plugin/trial/trial_host.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <utility>

#include "host/plugin/call.hpp"
#include "host/plugin/record_check.hpp"
#include "host/plugin/rules.hpp"
#include "stipend/abi/entry.h"

namespace stipend::plugin {
namespace {

// Hosts outlive their instances, and so do their addresses.
std::atomic<TrialHost*> newest_host{nullptr};
std::mutex hosts_mutex;
std::set<const stipend_host*> hosts;  // guarded by hosts_mutex

constexpr std::size_t most_findings = 50;
constexpr std::int64_t most_virtual_ns = 600'000'000'000;
constexpr int most_events = 300;

}  // namespace

TrialHost::TrialHost(Calls& calls, std::string label)
    : calls_(calls),
      label_(std::move(label)),
      raw_{sizeof(stipend_host), STIPEND_ABI_MINOR, this, "stipend", "", &trial_interface},
      wall_start_(
          std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()) {
    newest_host = this;
    const std::lock_guard lock(hosts_mutex);
    hosts.insert(&raw_);
}

void TrialHost::done(const stipend_host* h, stipend_op op, stipend_status status, const void* record,
                     const stipend_error*) {
    auto* self = newest_host.load();
    bool is_known = false;
    {
        const std::lock_guard lock(hosts_mutex);
        is_known = hosts.contains(h);
    }
    if (is_known) {
        static_cast<TrialHost*>(h->host_data)->answered(op, status, record);
    } else if (self != nullptr) {
        self->find(rules::record, "got an answer with another host than the completion's");
    }
}

stipend_completion TrialHost::expect(std::string what, CheckRecord check) {
    const std::lock_guard lock(mutex_);
    auto& operation = operations_[++last_op_];
    operation.what = std::move(what);
    operation.check = std::move(check);
    return {&raw_, last_op_, &TrialHost::done};
}

void TrialHost::answered(stipend_op op, stipend_status status, const void* record) {
    const std::lock_guard lock(mutex_);
    const auto found = operations_.find(op);
    if (found == operations_.end()) {
        return find_locked(rules::once, cat("got an answer for operation ", op, ", which never was"));
    }
    auto& operation = found->second;
    if (operation.refused) {
        find_locked(rules::refused, cat(operation.what, ": got an answer for an operation whose start failed"));
    } else if (++operation.answers > 1) {
        find_locked(rules::once, cat(operation.what, ": got ", operation.answers, " answers, want one"));
    } else {
        operation.over_at = now_;
        if (is_over_) find_locked(rules::destroyed, cat(operation.what, ": got an answer after destroy"));
        if (status > 0) find_locked(rules::record, cat(operation.what, ": got status ", status, ", want 0 or below"));
        if (status == STIPEND_OK && operation.check) {
            const auto good = record == nullptr ? Result<void>(fail(STIPEND_E_INVALID, "got OK without a record"))
                                                : operation.check(record);
            if (!good) find_locked(rules::record, cat(operation.what, ": ", good.error().message));
        }
    }
    answered_.notify_all();
}

void TrialHost::observed(const stipend_observation* observation) {
    if (observation == nullptr) return find(rules::observations, "watch: got an observation that is NULL");
    const auto good = check(*observation);
    if (!good) find(rules::observations, cat("watch: ", good.error().message));
}

void TrialHost::find(const char* rule, std::string text) {
    const std::lock_guard lock(mutex_);
    find_locked(rule, std::move(text));
}

void TrialHost::find_locked(const char* rule, std::string text) {
    if (findings_.size() < most_findings) findings_.push_back({rule, cat(name_of(answers_), ": ", text)});
}

std::vector<Finding> TrialHost::take_findings() {
    const std::lock_guard lock(mutex_);
    return std::exchange(findings_, {});
}

void TrialHost::answer_with(Answers answers) {
    const std::lock_guard lock(mutex_);
    answers_ = answers;
}

void TrialHost::end() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
}

std::int64_t TrialHost::monotonic_now() {
    const std::lock_guard lock(mutex_);
    return now_;
}

std::int64_t TrialHost::over_at(stipend_op op) {
    const std::lock_guard lock(mutex_);
    return operations_[op].over_at;
}

bool TrialHost::wait_for_answer(stipend_op op, int ms) {
    std::unique_lock lock(mutex_);
    return answered_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return operations_[op].answers > 0; });
}

bool TrialHost::is_over(stipend_op op) {
    const std::lock_guard lock(mutex_);
    const auto found = operations_.find(op);
    return found == operations_.end() || found->second.answers > 0 || found->second.refused;
}

void TrialHost::forget(stipend_op op) {
    const std::lock_guard lock(mutex_);
    auto& operation = operations_[op];
    operation.refused = true;
    if (operation.answers > 0) find_locked(rules::refused, cat(operation.what, ": got an answer, and a failed start"));
}

stipend_op TrialHost::post(std::int64_t delay_ns, std::string what, std::function<void()> run,
                           std::shared_ptr<bool> cancelled) {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= most_waiting) return 0;
    if (is_over_) return 0;
    events_.emplace(++last_op_, Event{now_ + delay_ns, std::move(what), std::move(run), std::move(cancelled)});
    return last_op_;
}

bool TrialHost::take_next(std::int64_t until, Event& out) {
    const std::lock_guard lock(mutex_);
    const auto next = std::min_element(events_.begin(), events_.end(),
                                       [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    if (next == events_.end() || next->second.at > until) return false;
    out = std::move(next->second);
    events_.erase(next);
    now_ = std::max(now_, out.at);
    return true;
}

Result<void> TrialHost::run(stipend_op op) {
    std::int64_t until = 0;
    {
        const std::lock_guard lock(mutex_);
        until = now_ + most_virtual_ns;
    }
    Event next;
    for (int events = 0; events < most_events && (op == 0 || !is_over(op)) && take_next(until, next); ++events) {
        STIPEND_TRY(on_pool([&] {
            return calls_.make(next.what, [&] {
                return call(next.what, label_, [&](stipend_error*) {
                    next.run();
                    return STIPEND_OK;
                });
            });
        }));
    }
    return {};
}

Result<void> TrialHost::visit_routes() {
    std::vector<Route> routes;
    {
        const std::lock_guard lock(mutex_);
        routes = routes_;
    }
    for (const auto& route : routes) {
        auto request = make_record<stipend_route_request>();
        request.method = to_abi(route.method);
        request.path = to_abi(route.path);
        request.headers = to_abi("host: probe\r\n");
        request.peer = to_abi("127.0.0.1:1");
        request.token = expect().op;
        forget(request.token);
        const auto what = cat("the handler of ", route.method, " ", route.path);
        STIPEND_TRY(on_pool([&] {
            return calls_.make(what, [&] {
                return call(what, label_, [&](stipend_error*) {
                    route.handler(route.user, &request);
                    return STIPEND_OK;
                });
            });
        }));
    }
    return {};
}

}  // namespace stipend::plugin
