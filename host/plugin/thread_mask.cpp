#include "host/plugin/thread_mask.hpp"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <utility>

namespace stipend::plugin {
namespace {

constexpr int signals = 32;

std::atomic<std::uint64_t> round{1};
std::mutex changes_mutex;
std::vector<const CallOwner*>& changes() {
    static auto& all = *new std::vector<const CallOwner*>();  // outlives every thread
    return all;
}

struct ThreadMask {
    sigset_t own{};
    std::uint64_t looked_in = 1;        // the round
    const CallOwner* called = nullptr;  // since it was looked at; the only one
    bool several = false;
    bool looks_each_time = false;
};
thread_local ThreadMask mine;

bool same(const sigset_t& a, const sigset_t& b) {
    for (int signal = 1; signal < signals; ++signal) {
        if (::sigismember(&a, signal) != ::sigismember(&b, signal)) return false;
    }
    return true;
}

}  // namespace

void look_at_thread_masks() {
    round.fetch_add(1, std::memory_order_relaxed);
}

void look_at_mask_after_each_call() {
    mine.looks_each_time = true;
}

std::vector<const CallOwner*> take_mask_changes() {
    const std::lock_guard lock(changes_mutex);
    return std::exchange(changes(), {});
}

void call_begins_on_thread() {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mine.own);
}

void call_ends_on_thread(const CallOwner* owner) {
    mine.several = mine.several || (mine.called != nullptr && mine.called != owner);
    mine.called = owner;
    const auto now = round.load(std::memory_order_relaxed);
    if (mine.looked_in == now && !mine.looks_each_time) return;
    mine.looked_in = now;
    const auto* by = std::exchange(mine.several, false) ? nullptr : owner;
    mine.called = nullptr;
    sigset_t found{};
    if (::pthread_sigmask(SIG_SETMASK, nullptr, &found) != 0 || same(found, mine.own)) return;
    ::pthread_sigmask(SIG_SETMASK, &mine.own, nullptr);
    const std::lock_guard lock(changes_mutex);
    changes().push_back(by);
}

}  // namespace stipend::plugin
