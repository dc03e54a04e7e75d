#include "host/plugin/isolated/keeper.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <system_error>
#include <vector>

#include "host/base/thread_signals.hpp"
#include "host/plugin/calls.hpp"
#include "host/plugin/isolated/record_wire.hpp"
#include "stipend/version.h"

namespace stipend::plugin::isolated {
namespace {

constexpr std::size_t max_waiting_bytes = 64 << 20;  // that the process has not read

std::mutex keepers_mutex;
std::vector<const Keeper*>& keepers() {
    static auto& all = *new std::vector<const Keeper*>();  // outlives every keeper
    return all;
}

bool leads_to_a_call(Message message) {
    return message == Message::create || message == Message::start || message == Message::quiesce ||
           message == Message::destroy || message == Message::begin || message == Message::event;
}

Error not_answered(std::int64_t patience_ns) {
    return fail(STIPEND_E_TIMEOUT, "its process has not answered within ", patience_ns / 1'000'000, " ms");
}

}  // namespace

std::vector<ProcessState> process_states() {
    std::vector<ProcessState> out;
    const std::lock_guard lock(keepers_mutex);
    for (const auto* keeper : keepers()) out.push_back(keeper->state());
    return out;
}

Keeper::Keeper(Task task, Listener& listener)
    : task_(std::move(task)), listener_(listener), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    state_.instance = task_.instance;
    state_.plugin = task_.plugin_id;
    const std::lock_guard lock(keepers_mutex);
    keepers().push_back(this);
}

Keeper::~Keeper() {
    {
        const std::lock_guard lock(keepers_mutex);
        std::erase(keepers(), this);
    }
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (phase_ == Phase::running) queue(Message::destroy, 0, {});
    }
    wake();
    if (thread_.joinable()) thread_.join();
}

ProcessState Keeper::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void Keeper::wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void Keeper::clear_wake() const {
    std::uint64_t count = 0;
    static_cast<void>(!::read(wake_.get(), &count, sizeof count));
}

Result<std::uint64_t> Keeper::create() {
    if (!wake_) return fail(STIPEND_E_UNAVAILABLE, "no process for the plugin: no descriptor");
    const auto answer = std::make_shared<std::promise<Result<std::uint64_t>>>();
    auto future = answer->get_future();
    first_ = [answer](const Result<void>& result, Reader& body) {
        answer->set_value(result ? Result<std::uint64_t>(body.number<std::uint64_t>()) : result.error());
    };
    try {
        const SignalsBlocked blocked;
        thread_ = std::thread([this] { run(); });
        ::pthread_setname_np(thread_.native_handle(), "stipend-keeper");
    } catch (const std::system_error& refused) {
        return fail(STIPEND_E_UNAVAILABLE, "no process for the plugin: no thread: ", refused.what());
    }
    const auto patience_ns = task_.patience.life_ns;
    if (future.wait_for(std::chrono::nanoseconds(patience_ns)) != std::future_status::ready)
        return not_answered(patience_ns);
    return future.get();
}

Result<void> Keeper::start() {
    return call_and_wait(Message::start, task_.patience.life_ns);
}

void Keeper::quiesce() {
    {
        const std::lock_guard lock(mutex_);
        quiesced_ = true;
        if (phase_ == Phase::running) queue(Message::quiesce, 0, {});
    }
    wake();
}

Result<void> Keeper::health() {
    return call_and_wait(Message::health, task_.patience.health_ns);
}

Result<void> Keeper::call_and_wait(Message message, std::int64_t patience_ns) {
    const auto answer = std::make_shared<std::promise<Result<void>>>();
    auto future = answer->get_future();
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::running) {
            return fail(STIPEND_E_UNAVAILABLE, "its process is not running",
                        state_.last_end.empty() ? std::string() : cat(": ", state_.last_end));
        }
        call(message, {}, [this, message, answer](const Result<void>& result, Reader&) {
            if (message == Message::start && result) {
                const std::lock_guard own(mutex_);
                started_ = true;
            }
            answer->set_value(result);
        });
    }
    wake();
    if (future.wait_for(std::chrono::nanoseconds(patience_ns)) == std::future_status::ready) return future.get();
    return not_answered(patience_ns);
}

Result<void> Keeper::send(Message message, std::uint64_t number, const Writer& body) {
    {
        const std::lock_guard lock(mutex_);
        if (body.body().size() > max_frame_bytes / 2) {
            return fail(STIPEND_E_LIMIT, "got ", body.body().size(), " bytes for its process, want at most ",
                        max_frame_bytes / 2);
        }
        if (phase_ == Phase::pausing && !quiesced_) {
            const auto left_ns = std::max<std::int64_t>(0, retry_at_ - call_clock());
            return fail(STIPEND_E_UNAVAILABLE, "its process is not running: ", state_.last_end, "; it starts again in ",
                        left_ns / ns_per_s + 1, " s");
        }
        // What `create` and `start` ask for is answered, too.
        const bool is_answer = message == Message::answer || message == Message::event;
        if (phase_ != Phase::running && !(phase_ == Phase::starting && is_answer))
            return fail(STIPEND_E_UNAVAILABLE, "its process is not running");
        if (out_.size() + body.body().size() > max_waiting_bytes)
            return fail(STIPEND_E_BUSY, "its process does not read what it is sent");
        queue(message, number, body);
    }
    wake();
    return {};
}

void Keeper::queue(Message message, std::uint64_t number, const Writer& body) {
    if (leads_to_a_call(message) && sent_++ == handled_) progress_at_ = call_clock();
    out_ += make_frame(message, number, body);
}

void Keeper::call(Message message, const Writer& body, Answered answered) {
    calls_.emplace(++last_call_, std::move(answered));
    queue(message, last_call_, body);
}

void Keeper::run() {
    auto pause_ns = task_.patience.first_pause_ns;
    while (true) {
        const auto began = call_clock();
        const auto why = run_process();
        if (call_clock() - began >= task_.patience.good_after_ns) pause_ns = task_.patience.first_pause_ns;
        bool over = false;
        {
            const std::lock_guard lock(mutex_);
            over = stopping_ || quiesced_ || !created_;
            phase_ = over ? Phase::over : Phase::pausing;
            retry_at_ = call_clock() + pause_ns;
            out_.clear();
            state_.pid = 0;
            state_.last_end = why;
        }
        fail_calls(why);
        listener_.ended(why);
        if (over) return;
        listener_.restarting(why, pause_ns);
        if (!pause(pause_ns)) return;
        pause_ns = std::min(2 * pause_ns, task_.patience.longest_pause_ns);
        const std::lock_guard lock(mutex_);
        phase_ = Phase::starting;
        ++state_.restarts;
    }
}

// False: there is to be no other one.
bool Keeper::pause(std::int64_t pause_ns) {
    const auto until = call_clock() + pause_ns;
    while (true) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || quiesced_) {
                phase_ = Phase::over;
                return false;
            }
        }
        const auto left_ms = (until - call_clock() + 999'999) / 1'000'000;
        if (left_ms <= 0) return true;
        pollfd waiting{wake_.get(), POLLIN, 0};
        static_cast<void>(::poll(&waiting, 1, static_cast<int>(left_ms)));
        clear_wake();
    }
}

void Keeper::fail_calls(const std::string& why) {
    std::map<std::uint64_t, Answered> calls;
    {
        const std::lock_guard lock(mutex_);
        calls.swap(calls_);
        if (first_) calls.emplace(0, std::exchange(first_, nullptr));
    }
    Reader nothing({});
    const Result<void> failed = fail(STIPEND_E_UNAVAILABLE, "its process ended: ", why);
    for (const auto& [number, answered] : calls) answered(failed, nothing);
}

// How the process ended.
std::string Keeper::run_process() {
    auto process = Process::start(task_.program);
    if (!process) return process.error().message;
    frames_ = {};
    errors_.clear();
    {
        const std::lock_guard lock(mutex_);
        state_.pid = process->pid();
        introduce();
    }
    const auto why = serve(*process);
    const auto how = process->end(task_.memory_bytes);
    while (read_errors(process->errors()) > 0) {
    }
    if (!errors_.empty()) say(std::exchange(errors_, {}));
    return why ? why->message : how;
}

// What each process is sent first. The calls of its life follow from what the host has made of the instance.
void Keeper::introduce() {
    sent_ = handled_ = 0;
    failed_.reset();
    Writer hello;
    hello.text(STIPEND_VERSION).text(task_.library.native()).text(task_.shown_as.native());
    hello.number(task_.memory_bytes).number(state_.restarts);
    queue(Message::hello, 0, hello);
    Writer create;
    create.text(task_.plugin_id).text(task_.instance).text(task_.config_json).number(task_.services);
    write_record(create, task_.terms);
    call(Message::create, create, [this](const Result<void>& result, Reader& body) {
        Answered first;
        {
            const std::lock_guard lock(mutex_);
            first = std::exchange(first_, nullptr);
            if (!result) {
                failed_ = Error(result.error()).in("create");
            } else if (started_) {
                queue_start();
            } else {
                created_ = true;
                phase_ = Phase::running;
            }
        }
        if (first) first(result, body);
    });
}

void Keeper::queue_start() {
    call(Message::start, {}, [this](const Result<void>& result, Reader&) {
        const std::lock_guard lock(mutex_);
        if (result) {
            phase_ = Phase::running;
        } else {
            failed_ = Error(result.error()).in("start");
        }
    });
}

}  // namespace stipend::plugin::isolated
