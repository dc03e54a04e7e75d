#include "host/http/resolver_check.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "host/base/thread_signals.hpp"
#include "host/http/os.hpp"

namespace stipend::http {
namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::min();

}  // namespace

// Shared with the thread, which may outlive the check.
struct ResolverCheck::State {
    explicit State(NameLookup how) : lookup(std::move(how)) {}

    void run();

    const NameLookup lookup;
    std::mutex mutex;
    std::condition_variable changed;
    std::int64_t wanted_ns = never;    // a question that begins then or later
    std::int64_t began_ns = never;     // the last question
    std::int64_t answered_ns = never;  // when the last one that was answered began
    bool running = false;
    bool stopping = false;
};

void ResolverCheck::State::run() {
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait(lock, [this] { return stopping || wanted_ns > began_ns; });
        if (stopping) return;
        const auto began = began_ns = monotonic_ns();
        lock.unlock();
        const auto answer = lookup(control_name());
        lock.lock();
        if (answer == NameAnswer::found || answer == NameAnswer::none) answered_ns = began;
    }
}

ResolverCheck::ResolverCheck(NameLookup lookup)
    : state_(std::make_shared<State>(lookup ? std::move(lookup) : NameLookup(ask_system))) {}

ResolverCheck::~ResolverCheck() {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
}

void ResolverCheck::ask(std::int64_t since_ns) {
    const std::lock_guard lock(state_->mutex);
    if (state_->began_ns >= since_ns) return;
    if (!state_->running) {
        const SignalsBlocked blocked;
        try {
            std::thread([state = state_] {
                ::pthread_setname_np(::pthread_self(), "stipend-resolv");
                state->run();
            }).detach();
        } catch (const std::system_error&) {
            return;
        }
        state_->running = true;
    }
    state_->wanted_ns = std::max(state_->wanted_ns, since_ns);
    state_->changed.notify_one();
}

bool ResolverCheck::answered(std::int64_t since_ns) const {
    const std::lock_guard lock(state_->mutex);
    return state_->answered_ns >= since_ns;
}

}  // namespace stipend::http
