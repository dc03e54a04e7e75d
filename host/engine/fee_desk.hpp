// Reservations of plugin instances on their way to the engine and back. Each is answered once, also when the host
// stops.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "host/base/signed_wei.hpp"
#include "host/plugin/services.hpp"
#include "host/runtime/control_loop.hpp"

namespace stipend::engine {

class FeeDesk final : public plugin::FeeAccount {
  public:
    static constexpr std::size_t max_waiting = 65'536;
    // Reserves on [control]; answers once.
    using Reserve = std::function<void(const std::string& job_id, const SignedWei& wei, Answer answer)>;

    // `loop` and what `reserve` uses outlive the loop's last turn.
    FeeDesk(runtime::ControlLoop& loop, Reserve reserve) : loop_(loop), reserve_(std::move(reserve)) {}

    Result<void> reserve(std::string_view job_id, const stipend_u256& wei, Answer answer) override;
    // Answers all that wait, since the loop has ended; takes nothing more.
    void close();

  private:
    void answer(std::uint64_t id, Result<void> result);

    runtime::ControlLoop& loop_;
    const Reserve reserve_;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, Answer> waiting_;  // guarded by mutex_
    std::uint64_t last_id_ = 0;                          // guarded by mutex_
    bool closed_ = false;                                // guarded by mutex_
};

}  // namespace stipend::engine
