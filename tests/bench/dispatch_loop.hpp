// A dispatcher plugin with what it needs of a host, and a loop that keeps jobs under way in it as the engine does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "host/base/thread_pool.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/instance.hpp"
#include "host/registry/payee.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"
#include "tests/bench/instrument.hpp"

namespace stipend::bench {

inline constexpr std::uint32_t job_timeout_s = 20;
inline constexpr std::uint32_t job_window_s = 60;
inline constexpr auto job_terms = make_terms(60 * ns_per_s, 10 * e8);
inline const std::string job_ns = "dry-run:42161";

// Payees of comma-separated addresses; each key is an address without its scheme.
std::vector<registry::Payee> payees_of(const std::string& addresses);

// The body that a dispatcher sends for a payee, except for the numbers and the time in it.
std::string prepared_body(const registry::Payee& payee);

class LoadedDispatch {
  public:
    LoadedDispatch(const plugin::Chosen& chosen, const std::string& config);
    ~LoadedDispatch();
    LoadedDispatch(const LoadedDispatch&) = delete;
    LoadedDispatch& operator=(const LoadedDispatch&) = delete;
    [[nodiscard]] const std::shared_ptr<plugin::Instance>& instance() const { return instance_; }

  private:
    SystemClock clock_;
    std::unique_ptr<ThreadPool> pool_;
    std::unique_ptr<http::CurlClient> client_;
    std::shared_ptr<plugin::Instance> instance_;
};

// Keeps `concurrency` jobs under way until `count` are over.
class DispatchLoop {
  public:
    DispatchLoop(const plugin::Chosen& chosen, const std::string& config, std::vector<registry::Payee> payees,
                 std::size_t concurrency)
        : payees_(std::move(payees)), concurrency_(concurrency), dispatch_(chosen, config) {}

    // How many ended well.
    std::uint64_t run(std::uint64_t count);

  private:
    void start();

    const std::vector<registry::Payee> payees_;
    const std::size_t concurrency_;
    LoadedDispatch dispatch_;
    std::atomic<std::int64_t> to_start_ = 0, to_end_ = 0;
    std::atomic<std::uint64_t> next_ = 0, good_ = 0;
    std::binary_semaphore over_{0};
};

template <class Run>
Measure timed(std::int64_t (*clock)(), Run run) {
    return [clock, run](std::uint64_t count) -> Result<Measured> {
        const auto from = clock();
        const auto good = run(count);
        return Measured{.done = count, .ns = clock() - from, .check = good};
    };
}

}  // namespace stipend::bench
