// Calls workers that are programs of their own, over HTTP, on one thread.
#pragma once

#include <functional>
#include <memory>

#include "stipend/result.hpp"
#include "tests/devnet/world.hpp"

namespace stipend::devnet {

class WorkerClient {
  public:
    static constexpr std::size_t max_calls = 10'000;            // at once; one more fails
    static constexpr std::size_t max_answer_bytes = 256 << 20;  // of one body; more counts as truncated

    WorkerClient();
    ~WorkerClient();
    WorkerClient(const WorkerClient&) = delete;
    WorkerClient& operator=(const WorkerClient&) = delete;

    // [any] POSTs and calls `done` once, on the client's thread, unless the client is stopped first.
    void call(WorkerCall call, std::function<void(WorkerResult)> done);
    // Ends the thread; calls under way are dropped. Idempotent.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stipend::devnet
