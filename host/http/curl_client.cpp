#include "host/http/curl_client.hpp"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/base/thread_signals.hpp"
#include "host/http/address_guard.hpp"
#include "host/http/admission.hpp"
#include "host/http/descriptor.hpp"
#include "host/http/socket_watch.hpp"
#include "host/http/transfer.hpp"

namespace stipend::http {
namespace {

struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

std::int64_t monotonic_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// libcurl wants one call before any thread uses it, and never two at once.
bool init_libcurl() {
    static const bool ready = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
    return ready;
}

EasySettings settings_for(ClientOptions options, SocketWatch& sockets) {
    EasySettings settings{std::move(options), {}, {}, &sockets};
    settings.ca_file = settings.options.ca_file;
    if (const auto* known = curl_version_info(CURLVERSION_NOW); settings.ca_file.empty() && known->cainfo != nullptr) {
        settings.ca_file = known->cainfo;
    }
    settings.stranger_guard = settings.options.stranger_guard;
    if (!settings.stranger_guard) settings.stranger_guard = stranger_refusal;
    return settings;
}

}  // namespace

// What crosses threads stands under `mutex_`; all else belongs to the loop's thread.
class CurlClient::Loop {
  public:
    Loop(ClientOptions options, Descriptor epoll, Descriptor wake)
        : sockets_(std::move(epoll)),
          settings_(settings_for(std::move(options), sockets_)),
          wake_(std::move(wake)),
          admission_(settings_.options.max_connections, settings_.options.max_connections_per_origin),
          multi_(curl_multi_init()) {}

    ~Loop() { stop(); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] Result<void> start();
    void stop();
    [[nodiscard]] Result<std::uint64_t> send(HttpRequest request, HttpCallbacks callbacks);
    void cancel(std::uint64_t op);

  private:
    using Transfers = std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>>;

    void run();
    void take_inbox();
    void start_waiting();
    void start(Transfer& transfer);
    void run_due_timer();
    void expire_waiting();
    void reap();
    void cancel_now(std::uint64_t op);
    void cancel_all();
    // Ends the operation and hands its result over: the last thing that happens to it.
    void complete(std::uint64_t op, Result<void> result);
    void wait_for_events();
    [[nodiscard]] int wait_ms() const;
    void wake_if_asleep(std::unique_lock<std::mutex> lock);

    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept;
    static int on_timer(CURLM*, long timeout_ms, void* self) noexcept;

    SocketWatch sockets_;
    const EasySettings settings_;
    const Descriptor wake_;
    OriginMemo origins_;

    std::mutex mutex_;
    std::vector<std::unique_ptr<Transfer>> sent_;
    std::vector<std::uint64_t> cancelled_;
    std::size_t pending_ = 0;  // accepted and not yet over
    std::uint64_t last_op_ = 0;
    bool asleep_ = false;
    bool stopping_ = false;

    Admission admission_;
    std::unique_ptr<CURLM, MultiDeleter> multi_;  // before the handles: they are gone before it
    std::vector<EasyHandle> idle_handles_;
    Transfers transfers_;
    std::vector<std::unique_ptr<Transfer>> taken_;
    std::vector<std::uint64_t> taken_cancels_;
    std::optional<std::int64_t> timer_ns_;  // when libcurl wants to be called
    bool running_ = true;
    std::mutex join_mutex_;
    std::thread thread_;
};

Result<void> CurlClient::Loop::start() {
    if (!multi_) return fail(STIPEND_E_UNAVAILABLE, "HTTP client: libcurl gives no multi handle");
    if (!sockets_.want(wake_.get(), EPOLLIN)) return last_os_error("HTTP client: epoll");
    CURLM* multi = multi_.get();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    // Not left to libcurl, whose own bound shrinks with the number of transfers and closes what a burst opened.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.options.max_connections));
    const SignalsBlocked blocked;
    try {
        thread_ = std::thread([this] { run(); });
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
    const std::uint64_t one = 1;
    // It can only fail for a counter that is full, and then the loop is awake anyway.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void CurlClient::Loop::run() {
    while (true) {
        take_inbox();
        if (!running_) break;
        expire_waiting();
        start_waiting();
        run_due_timer();
        reap();
        wait_for_events();
        reap();
    }
    cancel_all();
    idle_handles_.clear();
}

void CurlClient::Loop::take_inbox() {
    {
        const std::lock_guard lock(mutex_);
        taken_.swap(sent_);
        taken_cancels_.swap(cancelled_);
        running_ = !stopping_;
    }
    for (auto& transfer : taken_) {
        transfer->origin = admission_.add(transfer->op(), transfer->queue_key(), transfer->deadline_ns());
        const auto op = transfer->op();
        transfers_.emplace(op, std::move(transfer));
    }
    taken_.clear();
    for (const auto op : taken_cancels_) cancel_now(op);
    taken_cancels_.clear();
}

void CurlClient::Loop::start_waiting() {
    while (const auto op = admission_.next()) start(*transfers_.find(*op)->second);
}

void CurlClient::Loop::start(Transfer& transfer) {
    EasyHandle easy;
    if (idle_handles_.empty()) {
        easy = Transfer::make_handle(settings_);
    } else {
        easy = std::move(idle_handles_.back());
        idle_handles_.pop_back();
    }
    if (auto ready = transfer.prepare(std::move(easy), settings_); !ready) {
        complete(transfer.op(), transfer.ended(std::move(ready).error()));
        return;
    }
    STIPEND_ASSERT(curl_multi_add_handle(multi_.get(), transfer.easy()) == CURLM_OK);
}

void CurlClient::Loop::run_due_timer() {
    if (!timer_ns_ || *timer_ns_ > monotonic_ns()) return;
    timer_ns_.reset();
    int running = 0;
    STIPEND_ASSERT(curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_OK);
}

void CurlClient::Loop::expire_waiting() {
    const auto now_ns = monotonic_ns();
    while (const auto op = admission_.overdue(now_ns)) {
        const auto& transfer = *transfers_.find(*op)->second;
        complete(*op, transfer.ended(fail(STIPEND_E_TIMEOUT, "no connection was free in time: ", admission_.active(),
                                          " exchanges are under way")));
    }
}

void CurlClient::Loop::reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        // The message dies with the handle's removal.
        const CURLcode code = message->data.result;
        Transfer* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        auto result = transfer->outcome(code);
        complete(transfer->op(), std::move(result));
    }
}

void CurlClient::Loop::cancel_now(std::uint64_t op) {
    const auto found = transfers_.find(op);
    if (found == transfers_.end()) return;
    complete(op, found->second->ended(fail(STIPEND_E_CANCELLED, "cancelled")));
}

void CurlClient::Loop::cancel_all() {
    while (!transfers_.empty()) {
        const auto& [op, transfer] = *transfers_.begin();
        complete(op, transfer->ended(fail(STIPEND_E_CANCELLED, "cancelled: the HTTP client stops")));
    }
}

void CurlClient::Loop::complete(std::uint64_t op, Result<void> result) {
    auto node = transfers_.extract(op);
    STIPEND_ASSERT(!node.empty());
    auto& transfer = *node.mapped();
    if (!admission_.withdraw(transfer.origin, op)) admission_.release(transfer.origin);
    if (transfer.easy() != nullptr) {
        curl_multi_remove_handle(multi_.get(), transfer.easy());
        idle_handles_.push_back(transfer.release());
    }
    {
        const std::lock_guard lock(mutex_);
        --pending_;
    }
    transfer.finish(std::move(result));
}

void CurlClient::Loop::wait_for_events() {
    int timeout_ms = admission_.may_start() ? 0 : wait_ms();
    {
        const std::lock_guard lock(mutex_);
        if (!sent_.empty() || !cancelled_.empty() || stopping_) timeout_ms = 0;
        asleep_ = timeout_ms != 0;
    }
    std::array<epoll_event, 256> events;  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
    const int count = ::epoll_wait(sockets_.epoll(), events.data(), static_cast<int>(events.size()), timeout_ms);
    STIPEND_ASSERT(count >= 0 || errno == EINTR);
    if (timeout_ms != 0) {
        const std::lock_guard lock(mutex_);
        asleep_ = false;
    }
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == wake_.get()) {
            std::uint64_t woken = 0;
            [[maybe_unused]] const auto got = ::read(wake_.get(), &woken, sizeof woken);
            continue;
        }
        if (!sockets_.is_wanted(event.data.fd)) continue;
        const int what = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                         ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                         ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
        int running = 0;
        STIPEND_ASSERT(curl_multi_socket_action(multi_.get(), event.data.fd, what, &running) == CURLM_OK);
    }
}

int CurlClient::Loop::wait_ms() const {
    auto until_ns = admission_.nearest_deadline_ns();
    if (timer_ns_ && (!until_ns || *timer_ns_ < *until_ns)) until_ns = timer_ns_;
    if (!until_ns) return -1;
    const auto left_ns = *until_ns - monotonic_ns();
    if (left_ns <= 0) return 0;
    return static_cast<int>(std::min<std::int64_t>((left_ns + 999'999) / 1'000'000, 60'000));
}

int CurlClient::Loop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept {
    auto& sockets = static_cast<Loop*>(self)->sockets_;
    if (what == CURL_POLL_REMOVE) {
        sockets.leave(fd);
        return 0;
    }
    const std::uint32_t events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    return sockets.want(fd, events) ? 0 : -1;
}

int CurlClient::Loop::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
    auto& timer = static_cast<Loop*>(self)->timer_ns_;
    if (timeout_ms < 0) {
        timer.reset();
    } else {
        timer = monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
    }
    return 0;
}

Result<std::unique_ptr<CurlClient>> CurlClient::create(ClientOptions options) {
    if (!init_libcurl()) return fail(STIPEND_E_UNAVAILABLE, "HTTP client: libcurl cannot be initialised");
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return last_os_error("HTTP client: epoll");
    Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return last_os_error("HTTP client: event descriptor");
    auto loop = std::make_unique<Loop>(std::move(options), std::move(epoll), std::move(wake));
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
