#include "host/http/curl_client.hpp"

#include <curl/curl.h>
#include <pthread.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/base/thread_signals.hpp"
#include "host/http/admission.hpp"
#include "host/http/client_settings.hpp"
#include "host/http/multi_handle.hpp"
#include "host/http/name_check.hpp"
#include "host/http/os.hpp"
#include "host/http/resolver_check.hpp"
#include "host/http/transfer.hpp"

namespace stipend::http {
namespace {

// Idle connections, and easy handles, that are kept for the next exchange.
constexpr std::size_t max_kept = 1024;
constexpr std::int64_t slow_lookup_ns = 1'000'000'000;

// libcurl wants one call before any thread uses it, and never two at once.
bool init_libcurl() {
    static const bool ready = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
    return ready;
}

}  // namespace

// What crosses threads is guarded by `mutex_`; all else belongs to the loop's thread.
class CurlClient::Loop {
  public:
    Loop(ClientOptions options, std::unique_ptr<MultiHandle> multi)
        : settings_(settings_for(std::move(options))),
          admission_(settings_.options.max_connections, settings_.options.max_connections_per_origin),
          multi_(std::move(multi)),
          resolver_(settings_.options.lookup),
          name_check_(settings_.options.lookup, [this](std::uint64_t op, bool failed) {
              std::unique_lock lock(mutex_);
              names_checked_.emplace_back(op, failed);
              wake_if_asleep(std::move(lock));
          }) {}

    ~Loop() { stop(); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] Result<void> start();
    void stop();
    [[nodiscard]] Result<std::uint64_t> send(HttpRequest request, HttpCallbacks callbacks);
    void cancel(std::uint64_t op);

  private:
    struct Finished {
        std::unique_ptr<Transfer> transfer;
        Result<void> result;
    };

    void run();
    [[nodiscard]] bool take_inbox();  // false once the client stops
    void start_waiting();
    [[nodiscard]] Result<void> start(Transfer& transfer);
    void expire_waiting();
    void reap();
    void cancel_all();
    // Ends the operation; `report_finished` reports it.
    void complete(std::uint64_t op, Result<void> result);
    // Takes the operation from libcurl and from the queue.
    [[nodiscard]] std::unique_ptr<Transfer> detach(std::uint64_t op);
    // After a failed transfer: notes a name to ask again, and has a failed lookup checked. True if the operation ends
    // only with that check, or at its deadline.
    [[nodiscard]] bool name_is_checked(Transfer& transfer, const Result<void>& result);
    void end_checked(std::uint64_t op, bool resolver_failed);
    void expire_checked();
    // Has the resolver asked about itself for each lookup that takes long, so that its answer is there when the lookup
    // times out.
    void watch_lookups();
    // Nothing says that the resolver could be reached while this lasted: its name is not the target's fault.
    void blame_silent_resolver(Transfer& transfer);
    // Calls `on_done` of all that ended since the last call, one after the other, so that a consumer that is woken by
    // the first finds the others.
    void report_finished();
    void wait();
    void wake_if_asleep(std::unique_lock<std::mutex> lock);

    const EasySettings settings_;
    OriginMemo origins_;

    std::mutex mutex_;
    std::vector<std::unique_ptr<Transfer>> sent_;
    std::vector<std::uint64_t> cancelled_;
    std::vector<std::pair<std::uint64_t, bool>> names_checked_;  // operation, and whether the resolver failed
    std::size_t pending_ = 0;                                    // accepted and not yet over
    std::uint64_t last_op_ = 0;
    bool asleep_ = false;
    bool stopping_ = false;

    Admission admission_;
    const std::unique_ptr<MultiHandle> multi_;  // before the handles, which are destroyed first
    std::vector<EasyHandle> idle_handles_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;
    std::vector<std::unique_ptr<Transfer>> taken_;
    std::vector<std::uint64_t> taken_cancels_;
    std::vector<std::pair<std::uint64_t, bool>> taken_checks_;
    std::vector<Finished> finished_;
    std::unordered_map<std::uint64_t, Finished> checked_;  // over, but for the check of their name
    std::multimap<std::int64_t, std::uint64_t> lookups_;   // when to look whether it still lasts, and the operation
    std::mutex join_mutex_;
    std::thread thread_;
    ResolverCheck resolver_;
    NameCheck name_check_;  // last: its thread uses the others
};

Result<void> CurlClient::Loop::start() {
    const SignalsBlocked blocked;
    try {
        thread_ = std::thread([this] { run(); });
        ::pthread_setname_np(thread_.native_handle(), "stipend-http");
    } catch (const std::system_error& error) {
        return fail(STIPEND_E_UNAVAILABLE, "HTTP client: no thread: ", error.what());
    }
    return {};
}

void CurlClient::Loop::stop() {
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        wake_if_asleep(std::move(lock));
    }
    const std::lock_guard joining(join_mutex_);
    if (!thread_.joinable()) return;
    STIPEND_ASSERT(thread_.get_id() != std::this_thread::get_id());
    thread_.join();
}

Result<std::uint64_t> CurlClient::Loop::send(HttpRequest request, HttpCallbacks callbacks) {
    STIPEND_ASSERT(callbacks.on_done);
    STIPEND_LET(checked, check_request(request, origins_));
    auto transfer = std::make_unique<Transfer>(std::move(request), std::move(checked), std::move(callbacks));
    std::unique_lock lock(mutex_);
    if (stopping_) return fail(STIPEND_E_STATE, "HTTP client: it is stopped");
    if (pending_ >= settings_.options.max_transfers) {
        return fail(STIPEND_E_LIMIT, "too many HTTP requests at once: want at most ", settings_.options.max_transfers);
    }
    ++pending_;
    const auto op = ++last_op_;
    transfer->assign(op);
    sent_.push_back(std::move(transfer));
    wake_if_asleep(std::move(lock));
    return op;
}

void CurlClient::Loop::cancel(std::uint64_t op) {
    std::unique_lock lock(mutex_);
    if (stopping_ || op == 0 || op > last_op_) return;
    cancelled_.push_back(op);
    wake_if_asleep(std::move(lock));
}

void CurlClient::Loop::wake_if_asleep(std::unique_lock<std::mutex> lock) {
    if (!std::exchange(asleep_, false)) return;
    lock.unlock();
    multi_->wake();
}

void CurlClient::Loop::run() {
    while (take_inbox()) {
        expire_waiting();
        if (!checked_.empty()) expire_checked();
        watch_lookups();
        start_waiting();
        multi_->run_timer();
        reap();
        wait();
        reap();
    }
    cancel_all();
    idle_handles_.clear();
}

bool CurlClient::Loop::take_inbox() {
    bool running = false;
    {
        const std::lock_guard lock(mutex_);
        taken_.swap(sent_);
        taken_cancels_.swap(cancelled_);
        taken_checks_.swap(names_checked_);
        running = !stopping_;
    }
    for (auto& transfer : taken_) {
        transfer->origin = admission_.add(transfer->op(), transfer->queue_key(), transfer->deadline_ns());
        const auto op = transfer->op();
        transfers_.emplace(op, std::move(transfer));
    }
    taken_.clear();
    for (const auto& [op, failed] : taken_checks_) end_checked(op, failed);
    taken_checks_.clear();
    for (const auto op : taken_cancels_) {
        end_checked(op, false);
        const auto found = transfers_.find(op);
        if (found != transfers_.end()) complete(op, found->second->ended(fail(STIPEND_E_CANCELLED, "cancelled")));
    }
    taken_cancels_.clear();
    return running;
}

void CurlClient::Loop::start_waiting() {
    while (const auto op = admission_.next()) {
        auto& transfer = *transfers_.find(*op)->second;
        auto started = start(transfer);
        if (started) continue;
        transfer.blame_machine();
        complete(*op, transfer.ended(std::move(started).error()));
    }
}

Result<void> CurlClient::Loop::start(Transfer& transfer) {
    EasyHandle easy;
    if (idle_handles_.empty() || transfer.is_mail()) {
        STIPEND_SET(easy, Transfer::make_handle(settings_, *multi_));
    } else {
        easy = std::move(idle_handles_.back());
        idle_handles_.pop_back();
    }
    STIPEND_TRY(transfer.prepare(std::move(easy), settings_, *multi_));
    const auto code = multi_->add(transfer.easy());
    if (code != CURLM_OK) return fail(STIPEND_E_UNAVAILABLE, "cannot start: ", curl_multi_strerror(code));
    if (!transfer.name_not_found(true).empty()) {
        const auto now_ns = monotonic_ns();
        const auto half_ns = (transfer.deadline_ns() - now_ns) / 2;
        lookups_.emplace(now_ns + std::min(slow_lookup_ns, half_ns), transfer.op());
    }
    return {};
}

void CurlClient::Loop::expire_waiting() {
    const auto now_ns = monotonic_ns();
    while (const auto op = admission_.overdue(now_ns)) {
        auto& transfer = *transfers_.find(*op)->second;
        if (admission_.is_full(*transfer.origin)) transfer.blame_target();
        complete(*op, transfer.ended(fail(STIPEND_E_TIMEOUT, "no connection was free in time: ", admission_.active(),
                                          " exchanges are under way")));
    }
}

void CurlClient::Loop::reap() {
    while (const auto ended = multi_->next_ended()) {
        auto& transfer = Transfer::of(ended->easy);
        const auto op = transfer.op();
        auto result = transfer.outcome(ended->code);
        if (!result && name_is_checked(transfer, result)) {
            checked_.emplace(op, Finished{detach(op), std::move(result)});
        } else {
            complete(op, std::move(result));
        }
    }
    while (CURL* easy = multi_->next_unwatched()) {
        auto& transfer = Transfer::of(easy);
        transfer.blame_machine();
        complete(transfer.op(), transfer.ended(fail(STIPEND_E_UNAVAILABLE, "the system watches no more sockets")));
    }
    report_finished();
}

void CurlClient::Loop::cancel_all() {
    while (!transfers_.empty()) {
        const auto& [op, transfer] = *transfers_.begin();
        complete(op, transfer->ended(fail(STIPEND_E_CANCELLED, "cancelled: the HTTP client stops")));
    }
    while (!checked_.empty()) end_checked(checked_.begin()->first, false);
    report_finished();
}

bool CurlClient::Loop::name_is_checked(Transfer& transfer, const Result<void>& result) {
    const bool timed_out = result.error().status == STIPEND_E_TIMEOUT;
    auto name = transfer.name_not_found(timed_out);
    if (name.empty()) return false;
    if (!timed_out) {
        resolver_.ask(transfer.start_ns());
        if (name_check_.start(transfer.op(), std::move(name))) return true;
    }
    blame_silent_resolver(transfer);
    return false;
}

void CurlClient::Loop::blame_silent_resolver(Transfer& transfer) {
    if (!resolver_.answered(transfer.start_ns())) transfer.blame_machine();
}

void CurlClient::Loop::watch_lookups() {
    const auto now_ns = monotonic_ns();
    while (!lookups_.empty() && lookups_.begin()->first <= now_ns) {
        const auto found = transfers_.find(lookups_.begin()->second);
        lookups_.erase(lookups_.begin());
        if (found == transfers_.end() || found->second->name_not_found(true).empty()) continue;
        resolver_.ask(found->second->start_ns());
    }
}

void CurlClient::Loop::end_checked(std::uint64_t op, bool resolver_failed) {
    auto node = checked_.extract(op);
    if (node.empty()) return;  // ended before, by its deadline or by a cancel
    auto& [transfer, result] = node.mapped();
    if (resolver_failed) transfer->blame_machine();
    finished_.push_back({std::move(transfer), std::move(result)});
}

void CurlClient::Loop::expire_checked() {
    const auto now_ns = monotonic_ns();
    std::vector<std::uint64_t> overdue;
    for (const auto& [op, ended] : checked_) {
        if (ended.transfer->deadline_ns() <= now_ns) overdue.push_back(op);
    }
    for (const auto op : overdue) {
        blame_silent_resolver(*checked_.at(op).transfer);
        end_checked(op, false);
    }
}

void CurlClient::Loop::complete(std::uint64_t op, Result<void> result) {
    finished_.push_back({detach(op), std::move(result)});
}

std::unique_ptr<Transfer> CurlClient::Loop::detach(std::uint64_t op) {
    auto node = transfers_.extract(op);
    STIPEND_ASSERT(!node.empty());
    auto& transfer = *node.mapped();
    if (!admission_.withdraw(transfer.origin, op)) admission_.release(transfer.origin);
    if (transfer.easy() != nullptr) {
        multi_->remove(transfer.easy());
        auto easy = transfer.release();
        if (easy && idle_handles_.size() < max_kept) idle_handles_.push_back(std::move(easy));
    }
    return std::move(node.mapped());
}

void CurlClient::Loop::report_finished() {
    if (finished_.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        pending_ -= finished_.size();
    }
    for (auto& [transfer, result] : finished_) transfer->finish(std::move(result));
    finished_.clear();
}

void CurlClient::Loop::wait() {
    auto until_ns = admission_.nearest_deadline_ns();
    if (admission_.may_start()) until_ns = 0;
    for (const auto& [op, ended] : checked_) {
        if (!until_ns || ended.transfer->deadline_ns() < *until_ns) until_ns = ended.transfer->deadline_ns();
    }
    if (!lookups_.empty() && (!until_ns || lookups_.begin()->first < *until_ns)) until_ns = lookups_.begin()->first;
    {
        const std::lock_guard lock(mutex_);
        if (!sent_.empty() || !cancelled_.empty() || !names_checked_.empty() || stopping_) until_ns = 0;
        asleep_ = until_ns != 0;
    }
    multi_->wait(until_ns);
    if (until_ns == 0) return;
    const std::lock_guard lock(mutex_);
    asleep_ = false;
}

Result<std::unique_ptr<CurlClient>> CurlClient::create(ClientOptions options) {
    if (!init_libcurl()) return fail(STIPEND_E_UNAVAILABLE, "HTTP client: libcurl cannot be initialised");
    auto multi = MultiHandle::create(max_kept);
    if (!multi) return std::move(multi).error().in("HTTP client");
    auto loop = std::make_unique<Loop>(within_descriptors(std::move(options)), std::move(*multi));
    STIPEND_TRY(loop->start());
    return std::unique_ptr<CurlClient>(new CurlClient(std::move(loop)));
}

CurlClient::CurlClient(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
CurlClient::~CurlClient() = default;

Result<std::uint64_t> CurlClient::send(HttpRequest request, HttpCallbacks callbacks) {
    return loop_->send(std::move(request), std::move(callbacks));
}

void CurlClient::cancel(std::uint64_t op) {
    loop_->cancel(op);
}

void CurlClient::stop() {
    loop_->stop();
}

}  // namespace stipend::http
