// Ends sessions at their orchestrators, whatever became of the jobs that reserved them. All of it is [pool].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "settings.hpp"
#include "stipend/duration.hpp"
#include "stipend/host.hpp"

namespace runner {

class SessionStops {
  public:
    static constexpr std::uint32_t timeout_ms = 3'000;
    static constexpr std::uint32_t max_tries = 3;
    static constexpr std::int64_t pause_ns = 500 * stipend::ns_per_ms;
    static constexpr std::size_t max_open = 10'000;

    // `settings` outlives it.
    SessionStops(stipend::Host host, const Settings& settings);

    // Asks that orchestrator to end the session whose control has this path, again where it does not answer.
    void stop(const std::string& address, bool registered, const std::string& control);

  private:
    struct Stop {
        std::string address;
        bool registered = false;
        std::string path;
        std::uint32_t tries = 0;
        std::unique_ptr<stipend::Timer> pause;
    };
    void send(std::uint64_t id);
    void answered(std::uint64_t id, const std::string& problem);

    const stipend::Host host_;
    const Settings& settings_;
    stipend::Metric stopped_, lost_;
    std::unordered_map<std::uint64_t, Stop> open_;
    std::uint64_t last_id_ = 0;
};

}  // namespace runner
