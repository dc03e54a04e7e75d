// The gateway: asks the orchestrators of its pool for tokens, sends the job to one after another, answers the client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/devnet/orchestrator.hpp"

namespace stipend::devnet {

// How jobs ended at the gateway, for /state.
struct GatewayCounters {
    std::uint64_t requests = 0;
    std::uint64_t malformed = 0;   // 400 before any search
    std::uint64_t none_found = 0;  // "No orchestrators found"
    std::uint64_t answered = 0;    // success
    std::uint64_t refused = 0;     // an orchestrator's 4xx, passed on
    std::uint64_t all_failed = 0;  // the empty 200
    std::uint64_t broken = 0;      // reset, truncated, and the like
};

// A request that was read, or the reply that refuses it.
struct ParsedJob {
    JobPtr job;  // NULL: `refusal` is the answer
    Filter filter;
    Reply refusal;
};

// Pure: routing, header, request and parameters, in the gateway's order.
[[nodiscard]] ParsedJob parse_gateway_request(Request request, Era era);

// Not thread-safe: the Network calls it under its lock.
class Gateway {
  public:
    Gateway(Surroundings surroundings, std::vector<std::unique_ptr<Orchestrator>>& orchestrators);

    // Puts orchestrator `number` into the pool under this spelling of its address.
    void add_to_pool(std::uint32_t number, std::string spelling);
    [[nodiscard]] const std::string& spelling(std::uint32_t number) const { return pool_.at(number); }

    void submit(const JobPtr& job, const Filter& filter, const Respond& respond);
    void count_malformed();
    [[nodiscard]] const GatewayCounters& counters() const { return counters_; }

  private:
    struct Candidate {
        std::uint32_t number = 0;
        Offer offer = {};
    };
    struct Flight {
        JobPtr job;
        Respond respond;
        std::vector<Candidate> candidates = {};  // in the order of their tokens' arrival
        std::size_t next = 0;
        std::int64_t sent_ns = 0;  // to the orchestrator that was tried last
    };
    using FlightPtr = std::shared_ptr<Flight>;

    [[nodiscard]] std::vector<std::uint32_t> selected(const Filter& filter) const;
    // Collects the tokens; the return value is the time until the last of them, or of their failures, is there.
    [[nodiscard]] std::int64_t search(Flight& flight, const Filter& filter);
    void send_next(const FlightPtr& flight);
    // Stays with `flight` for the time of a transport failure, then goes on to the next orchestrator.
    void fail_over(const FlightPtr& flight, std::int64_t delay_ns);
    void received(const FlightPtr& flight, Orchestrator& named, Orchestrator& served, Reply reply);
    void pass_stream(const Flight& flight, const Orchestrator& served, Reply& out) const;
    [[nodiscard]] Reply success(const Orchestrator& named, Reply reply) const;
    // UNAVAILABLE, with the node's words: the account can make no ticket.
    [[nodiscard]] Result<Payment> pay(const Offer& offer, std::int64_t timeout_s) const;
    // The orchestrator that really gets a job which is sent to the address that `named` announces.
    [[nodiscard]] Orchestrator& behind(Orchestrator& named);

    Surroundings around_;
    std::vector<std::unique_ptr<Orchestrator>>& orchestrators_;
    std::vector<std::string> pool_;                              // by orchestrator
    std::unordered_map<std::string, std::uint32_t> by_entry_;    // pool spelling -> orchestrator
    std::unordered_map<std::string, std::uint32_t> by_address_;  // own address -> orchestrator
    GatewayCounters counters_;
};

}  // namespace stipend::devnet
