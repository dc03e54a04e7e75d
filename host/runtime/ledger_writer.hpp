// The thread that owns the ledger. The control thread posts batches and goes on; results come back by callback.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>

#include "host/base/thread_pool.hpp"
#include "host/ledger/ledger.hpp"
#include "host/plugin/services.hpp"
#include "host/runtime/duration_counts.hpp"

namespace stipend::runtime {

class LedgerWriter final : public plugin::KeyValueStore {
  public:
    // UNAVAILABLE: the system refuses a thread.
    [[nodiscard]] static Result<std::unique_ptr<LedgerWriter>> create(std::unique_ptr<ledger::Ledger> ledger);
    ~LedgerWriter() override;  // completes what was posted, then joins
    LedgerWriter(const LedgerWriter&) = delete;
    LedgerWriter& operator=(const LedgerWriter&) = delete;

    // Calls `done` once, on the ledger's thread. [any]
    void commit(std::shared_ptr<const ledger::Batch> batch, std::function<void(Result<void>)> done);
    // Runs `work` on the ledger's thread. [any]
    void query(std::function<void(ledger::Ledger&)> work);
    // Runs `work` on the ledger's thread and waits for its result. [any thread but the ledger's; the control thread
    // only before its first turn]
    template <class Work>
    auto ask(Work work) -> decltype(work(std::declval<ledger::Ledger&>())) {
        std::promise<decltype(work(*ledger_))> answer;
        auto future = answer.get_future();
        post([&] { answer.set_value(work(*ledger_)); });
        return future.get();
    }

    // How long the commits took, without their wait for the thread. [any]
    [[nodiscard]] CommitTimes commit_times() const;
    // Commits and queries that wait for the thread or run on it. [any]
    [[nodiscard]] std::size_t queued() const { return queued_.load(); }

    Result<std::string> get(std::string_view instance, std::string_view key) override;
    Result<void> put(std::string_view instance, std::string_view key, std::string_view value) override;
    Result<void> erase(std::string_view instance, std::string_view key) override;

  private:
    LedgerWriter(std::unique_ptr<ledger::Ledger> ledger, std::unique_ptr<ThreadPool> thread)
        : ledger_(std::move(ledger)), thread_(std::move(thread)) {}

    const std::unique_ptr<ledger::Ledger> ledger_;  // only on the thread
    void post(Task work);

    std::atomic<std::size_t> queued_ = 0;
    mutable std::mutex mutex_;
    CommitTimes commit_times_;                  // guarded by mutex_
    const std::unique_ptr<ThreadPool> thread_;  // a pool of one; last: it uses what is above
};

}  // namespace stipend::runtime
