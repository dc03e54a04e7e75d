// A pool without threads, for tests of instances.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "host/base/executor.hpp"

namespace stipend::plugin::testing {

// Runs posted work when the test says so.
class ManualExecutor final : public Executor {
  public:
    void post(Task work) override { make_strand()->post(std::move(work)); }
    std::shared_ptr<Strand> make_strand() override { return std::make_shared<ManualStrand>(work_); }
    std::uint64_t after(std::int64_t, std::shared_ptr<Strand> strand, Task work) override {
        strand->post(std::move(work));
        return 1;
    }
    bool cancel_timer(std::uint64_t) override { return false; }
    void run() {
        while (!work_.empty()) {
            auto [strand, work] = std::move(work_.front());
            work_.pop_front();
            if (!strand->closed) work();
        }
    }

  private:
    struct ManualStrand;
    using Queue = std::deque<std::pair<std::shared_ptr<ManualStrand>, Task>>;
    struct ManualStrand final : Strand, std::enable_shared_from_this<ManualStrand> {
        explicit ManualStrand(Queue& to) : queue(to) {}
        void post(Task work) override { queue.emplace_back(shared_from_this(), std::move(work)); }
        void close() override { closed = true; }
        [[nodiscard]] bool current() const override { return true; }
        Queue& queue;
        bool closed = false;
    };
    Queue work_;
};

}  // namespace stipend::plugin::testing
