// The thread that owns the ledger. The control thread posts batches and goes on; results come back by callback.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "host/base/thread_pool.hpp"
#include "host/ledger/ledger.hpp"
#include "host/plugin/services.hpp"

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
        thread_->post([&] { answer.set_value(work(*ledger_)); });
        return future.get();
    }

    Result<std::string> get(std::string_view instance, std::string_view key) override;
    Result<void> put(std::string_view instance, std::string_view key, std::string_view value) override;
    Result<void> erase(std::string_view instance, std::string_view key) override;

  private:
    LedgerWriter(std::unique_ptr<ledger::Ledger> ledger, std::unique_ptr<ThreadPool> thread)
        : ledger_(std::move(ledger)), thread_(std::move(thread)) {}

    const std::unique_ptr<ledger::Ledger> ledger_;  // only on the thread
    const std::unique_ptr<ThreadPool> thread_;      // a pool of one
};

}  // namespace stipend::runtime
