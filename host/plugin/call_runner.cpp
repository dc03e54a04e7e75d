#include "host/plugin/call_runner.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/thread_signals.hpp"
#include "host/plugin/thread_mask.hpp"
#include "stipend/duration.hpp"

namespace stipend::plugin {
namespace {

// One helper thread, detached: it may never end.
struct Helper {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void()> work;  // guarded by mutex; empty: it waits for some
    bool abandoned = false;      // guarded by mutex
};

std::mutex idle_mutex;
std::vector<std::shared_ptr<Helper>>& idle() {
    static auto& helpers = *new std::vector<std::shared_ptr<Helper>>();  // outlives every thread
    return helpers;
}
std::atomic<std::size_t> abandoned_count{0};

void serve(const std::shared_ptr<Helper>& self) {
    look_at_mask_after_each_call();  // the way to this thread and back takes a hundred times as long
    std::unique_lock lock(self->mutex);
    while (true) {
        self->changed.wait(lock, [&] { return self->work != nullptr; });
        lock.unlock();
        self->work();
        lock.lock();
        self->work = nullptr;
        if (self->abandoned) {
            --abandoned_count;
            return;
        }
        self->changed.notify_all();
    }
}

Result<std::shared_ptr<Helper>> take_helper() {
    {
        const std::lock_guard lock(idle_mutex);
        if (!idle().empty()) {
            auto helper = std::move(idle().back());
            idle().pop_back();
            return helper;
        }
    }
    auto helper = std::make_shared<Helper>();
    const SignalsBlocked blocked;
    try {
        std::thread thread([helper] { serve(helper); });
        ::pthread_setname_np(thread.native_handle(), "plugin-call");
        thread.detach();
    } catch (const std::system_error& refused) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot be called: the system refuses a thread: ", refused.what());
    }
    return helper;
}

}  // namespace

Result<void> run_within(std::int64_t patience_ns, std::function<void()> work) {
    STIPEND_LET(helper, take_helper());
    {
        std::unique_lock lock(helper->mutex);
        helper->work = std::move(work);
        helper->changed.notify_all();
        if (!helper->changed.wait_for(lock, std::chrono::nanoseconds(patience_ns),
                                      [&] { return helper->work == nullptr; })) {
            helper->abandoned = true;
            ++abandoned_count;
            const auto ms = patience_ns / ns_per_ms;
            return fail(STIPEND_E_TIMEOUT, "has not returned within ",
                        ms % 1000 == 0 ? cat(ms / 1000, " s") : cat(ms, " ms"));
        }
    }
    const std::lock_guard lock(idle_mutex);
    idle().push_back(helper);
    return {};
}

std::size_t given_up() {
    return abandoned_count;
}

}  // namespace stipend::plugin
