#include "tests/bench/engine_loop.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "host/engine/engine.hpp"
#include "host/engine/plugin_calls.hpp"
#include "tests/bench/instrument.hpp"

namespace stipend::bench {

class EngineLoop::Loop final : public engine::Effects, public engine::Reporter {
  public:
    Loop(std::shared_ptr<plugin::Instance> dispatch, std::shared_ptr<const plugin::PolicyInstance> policy,
         std::vector<registry::Payee> payees, std::int64_t interval_ns)
        : dispatch_(std::move(dispatch)), engine_(*this, *this, {}, wall_ns()) {
        auto generation = std::make_shared<engine::Generation>();
        generation->interval_ns = interval_ns;
        generation->common = {Usd::of_e8(e8), 0};
        generation->policies = {std::move(policy)};
        generation->networks = {
            {.price = {Usd::of_e8(1), Usd::highest(), 2'000'000, INT64_MAX}, .price_every_ns = 3600 * ns_per_s}};
        generation->dispatch.max_waiting = engine::DispatchRules::most_waiting;
        generation->limits = {Usd::highest(), Usd::highest()};
        must(engine_.install({std::move(generation), std::move(payees), {}}, wall_ns()));
    }

    template <class Done>
    void run(Done&& done) {
        const plugin::ControlScope control;
        std::vector<std::function<void()>> work;
        while (!done()) {
            engine_.tick(wall_ns());
            wait();
            queue_->take(work);
            for (auto& one : work) one();
            work.clear();
        }
    }
    [[nodiscard]] std::uint64_t paid() const { return engine_.counters().paid; }

  private:
    // Outlives the loop in the plugin's callbacks.
    struct Queue {
        std::mutex mutex;
        std::condition_variable filled;
        std::vector<std::function<void()>> work;
        void post(std::function<void()> one) {
            const std::lock_guard lock(mutex);
            work.push_back(std::move(one));
            filled.notify_one();
        }
        void take(std::vector<std::function<void()>>& out) {
            const std::lock_guard lock(mutex);
            out.swap(work);
        }
    };

    // Until there is work, or the engine has something to do; not for long.
    void wait() {
        const auto now = wall_ns();
        const auto wake = std::min(engine_.next_wakeup(now).value_or(now + ns_per_s / 10), now + ns_per_s / 10);
        if (wake <= now) return;
        std::unique_lock lock(queue_->mutex);
        queue_->filled.wait_for(lock, std::chrono::nanoseconds(wake - now), [&] { return !queue_->work.empty(); });
    }
    void submit(const engine::JobSpec& job, const registry::Payee& payee) override {
        engine::submit_job(*dispatch_, job, payee, "dry-run:42161", 60 * ns_per_s,
                           [this, queue = queue_, token = job.token](engine::JobResult result) {
                               queue->post([this, token, result = std::move(result)]() mutable {
                                   engine_.job_done(token, std::move(result), wall_ns());
                               });
                           });
    }
    void commit(std::shared_ptr<const ledger::Batch>) override {
        queue_->post([this] { engine_.committed({}, wall_ns()); });
    }
    [[nodiscard]] std::optional<uptime::Observed> observed(const registry::Payee&, stipend_unix_ns,
                                                           stipend_unix_ns) const override {
        return std::nullopt;
    }
    void fetch_price(std::size_t network) override {
        queue_->post([this, network] {
            engine_.price_done(network, engine::Quote{2000 * e8, wall_ns(), 0, "fixed"}, wall_ns());
        });
    }
    void alert(const engine::Alert&) override {}
    void decided(const registry::Payee&, const ledger::Decision&, const ledger::Network&, stipend_unix_ns) override {}
    void held(const registry::Payee&, std::uint64_t, std::string_view, stipend_unix_ns) override {}

    const std::shared_ptr<plugin::Instance> dispatch_;
    const std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
    engine::Engine engine_;
};

EngineLoop::EngineLoop(std::shared_ptr<plugin::Instance> dispatch, std::shared_ptr<const plugin::PolicyInstance> policy,
                       std::vector<registry::Payee> payees, std::int64_t interval_ns)
    : loop_(std::make_unique<Loop>(std::move(dispatch), std::move(policy), std::move(payees), interval_ns)) {}
EngineLoop::~EngineLoop() = default;

std::uint64_t EngineLoop::run_until_paid(std::uint64_t count) {
    const auto until = loop_->paid() + count;
    const auto before = loop_->paid();
    loop_->run([&] { return loop_->paid() >= until; });
    return loop_->paid() - before;
}

void EngineLoop::run_for(std::int64_t ns) {
    const auto until = wall_ns() + ns;
    loop_->run([&] { return wall_ns() >= until; });
}

}  // namespace stipend::bench
