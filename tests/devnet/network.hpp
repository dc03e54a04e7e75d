// The whole devnet behind one lock: gateway, orchestrators, faults, and what is known of them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/devnet/gateway.hpp"
#include "tests/devnet/request_log.hpp"

namespace stipend::devnet {

// How orchestrators are made.
struct Population {
    std::uint32_t count = 16;
    std::uint16_t port = 9995;                // of the addresses, which are names: nothing listens there
    std::uint32_t slash_every = 0;            // every n-th pool entry keeps a trailing slash; 0: none
    std::vector<std::string> addresses = {};  // of the first ones, which do listen
    bool bare_listeners = false;              // those have no scripted worker
};

// The address that orchestrator `number` has if it does not listen: "https://127.0.1.7:9995" for number 6.
[[nodiscard]] std::string made_address(std::uint32_t number, std::uint16_t port);

// True if the pool spells this orchestrator's address with a slash at its end.
[[nodiscard]] bool ends_in_slash(const Population& population, std::uint32_t number);

// First and last orchestrator that a change is for.
struct Selection {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
};

// A job that the client may give up.
class Ticket {
  public:
    Ticket() = default;
    explicit Ticket(JobPtr job) : job_(std::move(job)) {}

  private:
    friend class Network;
    JobPtr job_;
};

// Thread-safe. `respond` may be called before a function returns, and under the lock: it must not call back.
class Network {
  public:
    // `world` must outlive the network and stop calling back before the network dies.
    Network(World& world, Settings settings, const Population& population);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    Ticket gateway_request(Request request, const Respond& respond);
    // `number` < size().
    // What it returns names a call to a live runner that is under way, for `abandon_call`; 0: none is.
    std::uint64_t orchestrator_request(std::uint32_t number, const Request& request, const Respond& respond);
    // The client of that call hung up.
    void abandon_call(std::uint32_t number, std::uint64_t call);
    [[nodiscard]] Reply signer_request(const Request& request);
    // As POST /registerLiveRunners of that orchestrator's own command line port. `number` < size().
    [[nodiscard]] Reply register_runners(std::uint32_t number, std::string_view body);
    void apply_signer(const SignerFault& fault);
    [[nodiscard]] SignerFault signer_fault() const;
    [[nodiscard]] Reply cli_request(const Request& request) const;
    // The client of this job hung up.
    void abandon(const Ticket& ticket);

    // INVALID if the selection, or an orchestrator that the change names, does not exist; nothing is changed then.
    [[nodiscard]] Result<void> apply(Selection selection, const FaultChange& change);
    void apply_gateway(const GatewayFault& fault);
    [[nodiscard]] GatewayFault gateway_fault() const;

    [[nodiscard]] const EthKey& gateway_key() const { return account_.key; }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(orchestrators_.size()); }
    // The pool spellings, comma-separated: a value for ORCHESTRATOR_ADDRESSES.
    [[nodiscard]] std::string addresses() const;
    // JSON: counters, and `limit` orchestrators from number `from` on.
    [[nodiscard]] std::string state(std::uint32_t from, std::uint32_t limit) const;
    // JSON: the last `limit` jobs that workers received, oldest first.
    [[nodiscard]] std::string jobs(std::size_t limit) const;
    // JSON: the last `limit` requests to live runners and to the signer, oldest first.
    [[nodiscard]] std::string requests(std::size_t limit) const;
    // The same of the calls of live runners.
    [[nodiscard]] std::string runner_calls(std::size_t limit) const;

  private:
    [[nodiscard]] std::string shown(const JobLog& log, std::size_t limit) const;
    // The world as the orchestrators see it: its callbacks take the lock.
    class LockedWorld;

    mutable std::mutex mutex_;
    Settings settings_;
    std::unique_ptr<LockedWorld> world_;
    Random random_;
    JobLog log_;
    RequestLog requests_;
    JobLog calls_;  // of live runners
    Account account_;
    RemoteSigner signer_;
    std::vector<std::unique_ptr<Orchestrator>> orchestrators_;
    std::unique_ptr<Gateway> gateway_;
    GatewayFault gateway_fault_;
};

}  // namespace stipend::devnet
