#include "host/http/name_check.hpp"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "host/base/thread_signals.hpp"
#include "host/http/os.hpp"
#include "stipend/result.hpp"

namespace stipend::http {
namespace {

constexpr std::size_t max_waiting = 256;
constexpr std::int64_t control_valid_ns = 5'000'000'000;  // no second control within this time

}  // namespace

// RFC 6761 reserves ".example", and wants resolvers to treat it like any other. They answer ".invalid" themselves, also
// without a network.
std::string control_name() {
    std::random_device random;
    return cat("stipend-", random(), "-", random(), ".example.");
}

NameAnswer name_answer_of(int getaddrinfo_code) {
    switch (getaddrinfo_code) {
        case 0:
            return NameAnswer::found;
        case EAI_AGAIN:
        case EAI_FAIL:
            return NameAnswer::silent;
        case EAI_MEMORY:
        case EAI_SYSTEM:
            return NameAnswer::local;
        default:
            return NameAnswer::none;
    }
}

NameAnswer ask_system(const std::string& name) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
    if (found != nullptr) ::freeaddrinfo(found);
    return name_answer_of(code);
}

bool resolver_failed(const std::string& name, const NameLookup& lookup, const NameLookup& control) {
    switch (lookup(name)) {
        case NameAnswer::found:
        case NameAnswer::none:
            return false;
        case NameAnswer::local:
            return true;
        case NameAnswer::silent:
            break;
    }
    const auto answer = control(name);
    return answer == NameAnswer::silent || answer == NameAnswer::local;
}

// Shared with the helper thread, which may outlive the check.
struct NameCheck::State {
    explicit State(NameLookup how, Done reported) : lookup(std::move(how)), done(std::move(reported)) {}

    void run();
    [[nodiscard]] NameAnswer control();

    const NameLookup lookup;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::pair<std::uint64_t, std::string>> waiting;
    Done done;  // empty once the check is destroyed; called under the mutex
    NameAnswer last_control = NameAnswer::found;
    std::optional<std::int64_t> control_at_ns;
    bool running = false;
    bool stopping = false;
};

NameAnswer NameCheck::State::control() {
    {
        const std::lock_guard lock(mutex);
        if (control_at_ns && monotonic_ns() - *control_at_ns < control_valid_ns) return last_control;
    }
    const auto answer = lookup(control_name());
    const std::lock_guard lock(mutex);
    last_control = answer;
    control_at_ns = monotonic_ns();
    return answer;
}

void NameCheck::State::run() {
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (stopping) return;
        const auto [op, name] = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        const auto use_control = [this](const std::string&) { return control(); };
        const bool failed = resolver_failed(name, lookup, use_control);
        lock.lock();
        if (done) done(op, failed);
    }
}

NameCheck::NameCheck(NameLookup lookup, Done done)
    : state_(std::make_shared<State>(lookup ? std::move(lookup) : NameLookup(ask_system), std::move(done))) {}

NameCheck::~NameCheck() {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->done = {};
    state_->changed.notify_all();
}

bool NameCheck::start(std::uint64_t op, std::string name) {
    const std::lock_guard lock(state_->mutex);
    if (state_->waiting.size() >= max_waiting) return false;
    if (!state_->running) {
        const SignalsBlocked blocked;
        try {
            std::thread([state = state_] {
                ::pthread_setname_np(::pthread_self(), "stipend-names");
                state->run();
            }).detach();
        } catch (const std::system_error&) {
            return false;
        }
        state_->running = true;
    }
    state_->waiting.emplace_back(op, std::move(name));
    state_->changed.notify_one();
    return true;
}

}  // namespace stipend::http
