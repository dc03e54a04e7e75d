// One orchestrator: capability registry, job tokens and jobs, over its public routes and for the gateway beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "tests/devnet/capability.hpp"
#include "tests/devnet/faults.hpp"
#include "tests/devnet/job.hpp"
#include "tests/devnet/random.hpp"
#include "tests/devnet/settings.hpp"
#include "tests/devnet/worker.hpp"
#include "tests/devnet/world.hpp"

namespace stipend::devnet {

// What all orchestrators share; outlives them.
struct Surroundings {
    World& world;
    const Settings& settings;
    Random& random;
    JobLog& log;
};

// The gateway's view of a token request.
struct Offer {
    enum class Kind : std::uint8_t { token, refused, silent };
    Kind kind = Kind::token;
    std::int64_t delay_ns = 0;
    std::int64_t capacity = 0;
    std::int64_t price_wei = 0;
    std::int64_t balance_wei = 0;
};

// What an orchestrator has seen, for /state.
struct Counters {
    std::uint64_t tokens = 0;
    std::uint64_t jobs = 0;  // received, well or not
    std::uint64_t in_flight = 0;
};

// Not thread-safe: the Network calls it under its lock.
class Orchestrator {
  public:
    // With its scripted worker registered, unless `bare`.
    Orchestrator(Surroundings surroundings, std::uint32_t number, std::string address, bool bare);

    // The public routes.
    void handle(const Request& request, const Respond& respond);

    // The gateway's two requests, in the process. `payment` is what the gateway put to the job.
    [[nodiscard]] Offer ask(std::string_view capability);
    void serve(const JobPtr& job, Payment payment, const Respond& respond);

    // `announce` and `another` need an address: the caller looks it up and passes it as change.text.
    void apply(const FaultChange& change);

    // True if the behaviour's fault is of this kind and meets this job: each call draws anew.
    [[nodiscard]] bool strikes(FaultKind kind);

    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] const std::string& announced() const {
        return behaviour_.announce.empty() ? address_ : behaviour_.announce;
    }
    [[nodiscard]] const Behaviour& behaviour() const { return behaviour_; }
    [[nodiscard]] const CapabilityTable& capabilities() const { return capabilities_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Balance {
        __int128 wei = 0;
        std::int64_t touched_ns = 0;
    };

    [[nodiscard]] Reply register_capability(const Request& request);
    [[nodiscard]] Reply unregister_capability(const Request& request);
    void token_route(const Request& request, const Respond& respond);
    void job_route(const Request& request, const Respond& respond);

    void register_scripted();
    [[nodiscard]] bool is_down();
    [[nodiscard]] std::int64_t price(std::string_view capability) const;
    [[nodiscard]] std::int64_t balance(std::string_view capability) const;
    void add_balance(std::string_view capability, __int128 wei);
    // The reply that ends the job before the worker sees it, if payment or balance do not do.
    [[nodiscard]] std::optional<Reply> settle(const Job& job, Payment payment);
    void call_worker(const JobPtr& job, const Respond& respond);
    void finish(const JobPtr& job, std::int64_t started_ns, WorkerResult result, const Respond& respond);
    [[nodiscard]] Reply reply_of(const Job& job, WorkerResult result);

    Surroundings around_;
    std::uint32_t number_;
    std::string address_;
    bool bare_;
    Behaviour behaviour_;
    std::int64_t behaviour_since_ns_ = 0;
    CapabilityTable capabilities_;
    std::map<std::string, Balance, std::less<>> balances_;
    Counters counters_;
};

}  // namespace stipend::devnet
