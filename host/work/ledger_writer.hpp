// The one thread that owns the ledger. The control thread hands batches over and goes on; answers come back by
// callback.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "host/base/task.hpp"
#include "host/ledger/ledger.hpp"
#include "host/plugin/services.hpp"

namespace stipend::work {

class LedgerWriter final : public plugin::KeyValueStore {
  public:
    explicit LedgerWriter(std::unique_ptr<ledger::Ledger> ledger);
    ~LedgerWriter() override;  // finishes what was handed over, then joins
    LedgerWriter(const LedgerWriter&) = delete;
    LedgerWriter& operator=(const LedgerWriter&) = delete;

    // `done` comes on the ledger's thread, once. [any]
    void commit(std::shared_ptr<const ledger::Batch> batch, std::function<void(Result<void>)> done);
    // Runs `work` on the ledger's thread, some time. [any]
    void query(std::function<void(ledger::Ledger&)> work);
    // Runs `work` on the ledger's thread and waits for it. [any thread but the ledger's; the control thread only
    // before its first turn]
    template <class Work>
    auto ask(Work work) -> decltype(work(std::declval<ledger::Ledger&>())) {
        std::promise<decltype(work(*ledger_))> answer;
        auto future = answer.get_future();
        post([&] { answer.set_value(work(*ledger_)); });
        return future.get();
    }

    Result<std::string> get(std::string_view instance, std::string_view key) override;
    Result<void> put(std::string_view instance, std::string_view key, std::string_view value) override;
    Result<void> erase(std::string_view instance, std::string_view key) override;

  private:
    void post(Task work);
    void run();

    std::unique_ptr<ledger::Ledger> ledger_;  // only on the thread, once it runs
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> waiting_;  // guarded by mutex_
    bool stopping_ = false;     // guarded by mutex_
    std::thread thread_;
};

}  // namespace stipend::work
