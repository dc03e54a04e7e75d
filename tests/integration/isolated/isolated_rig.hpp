// A price plugin of tests/defects in a process of its own, with what the host is said about it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "host/plugin/isolated/keeper.hpp"
#include "host/plugin/record_check.hpp"
#include "rig.hpp"

namespace isolated_test {

using namespace plugins_test;
using isolated::Patience;
using isolated::ProcessState;

// Keeps the alerts that are active, and lets a test wait for one.
class Alerts final : public AlertSink {
  public:
    void raise_for(std::string_view instance, std::string_view id, std::int32_t, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        active_[cat(instance, ":", id)] = text;
        changed_.notify_all();
    }
    void resolve_for(std::string_view instance, std::string_view id) override {
        const std::lock_guard lock(mutex_);
        active_.erase(cat(instance, ":", id));
        changed_.notify_all();
    }
    // The text of that alert, once it is active.
    std::string wait_for(const std::string& id) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, std::chrono::minutes(1), [&] { return active_.contains(id); }));
        return active_.at(id);
    }
    void wait_for_end(const std::string& id) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, std::chrono::minutes(1), [&] { return !active_.contains(id); }));
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::string> active_;  // guarded by mutex_
};

// The only process that is kept.
inline ProcessState state() {
    const auto all = isolated::process_states();
    REQUIRE(all.size() == 1);
    return all.front();
}

// Waits until `condition` holds, of what has no event of its own.
template <class Condition>
void wait_until(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

// Short pauses, so that tests need no minutes.
inline Patience quick() {
    Patience out;
    out.first_pause_ns = 20 * ns_per_ms;
    out.longest_pause_ns = 80 * ns_per_ms;
    return out;
}

class IsolatedRig {
  public:
    IsolatedRig() {
        auto pool = ThreadPool::create(2, "pool");
        REQUIRE(pool.ok());
        pool_ = std::move(*pool);
    }

    Result<Chosen> load(const std::string& file) {
        STIPEND_LET(chosen, loader_.load({.plugin = file, .id = {}, .sha256 = {}, .process_memory = memory}));
        chosen.isolation->patience = patience;
        return chosen;
    }
    Result<std::shared_ptr<Instance>> create(const std::string& file, const std::string& config = "{}") {
        STIPEND_LET(chosen, load(file));
        const ControlScope control;
        return Instance::create(chosen, "price", config, plugin::testing::minute_terms(),
                                {.clock = &clock_, .executor = pool_.get(), .log = &quiet_, .alerts = &alerts});
    }
    Running run(const std::string& file, const std::string& config = "{}") {
        auto instance = create(file, config);
        REQUIRE_MESSAGE(instance.ok(), (instance.ok() ? "" : instance.error().message));
        const auto started = (*instance)->start();
        REQUIRE_MESSAGE(started.ok(), (started.ok() ? "" : started.error().message));
        return Running(std::move(*instance));
    }

    Alerts alerts;
    Patience patience = quick();
    std::uint64_t memory = std::uint64_t{256} << 20U;

  private:
    plugin::testing::Site site_;
    Loader loader_{{.folder = plugin::testing::plugins_dir,
                    .staging = site_.staging,
                    .probe = plugin::testing::probe_options,
                    .process_program = STIPEND_TEST_PROGRAM}};
    SystemClock clock_;
    QuietLog quiet_;
    std::unique_ptr<ThreadPool> pool_;
};

struct Rate {
    std::int64_t mantissa = 0;
    std::string base;
};

// Asks for ETH in USD. The answer's record is held to the rules of any.
inline std::future<Result<Rate>> fetch(const Running& price, std::int64_t deadline_ns = 0) {
    const auto* table = static_cast<const stipend_price_v1*>(price->table(STIPEND_PRICE));
    REQUIRE(table != nullptr);
    auto promise = std::make_shared<std::promise<Result<Rate>>>();
    auto future = promise->get_future();
    price->begin([table](stipend_instance* i, stipend_completion c,
                         stipend_error* e) { return table->fetch(i, to_abi("ETH"), to_abi("USD"), INT64_MAX, c, e); },
                 [promise](Result<const void*> raw) {
                     if (!raw) return promise->set_value(std::move(raw).error());
                     const auto& quote = *static_cast<const stipend_quote*>(*raw);
                     if (auto sound = check(quote, "ETH", "USD"); !sound)
                         return promise->set_value(std::move(sound).error());
                     promise->set_value(Rate{quote.mantissa, std::string(view(quote.base))});
                 },
                 {.what = "request", .deadline_ns = deadline_ns});
    return future;
}

inline std::string defect(const std::string& name) {
    return (plugin::testing::defects_dir / (name + ".so")).native();
}

}  // namespace isolated_test
