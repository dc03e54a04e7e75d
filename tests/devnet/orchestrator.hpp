// One orchestrator: capability registry, job tokens and jobs, over its public routes and for the gateway beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/devnet/account.hpp"
#include "tests/devnet/capability.hpp"
#include "tests/devnet/faults.hpp"
#include "tests/devnet/job.hpp"
#include "tests/devnet/live_runners.hpp"
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
    const Account& account;  // the gateway's
    RemoteSigner& signer;
    JobLog& calls;  // of live runners, as `log`
};

// The gateway's view of a token request.
struct Offer {
    enum class Kind : std::uint8_t { token, refused, silent };
    Kind kind = Kind::token;
    std::int64_t delay_ns = 0;
    std::int64_t limit_ns = default_token_limit_ns;  // what takes as long is too late
    std::int64_t capacity = 0;
    FineWei price = 0;
    FineWei balance = 0;
};

// The credential of a token request: an address and its signature over itself, as they came.
struct Sender {
    std::string addr = {};
    std::string sig = {};
};

// What an orchestrator has seen, for /state.
struct Counters {
    static constexpr std::size_t max_registrations = 16;

    std::uint64_t tokens = 0;
    std::uint64_t jobs = 0;                             // received, well or not
    std::uint64_t registrations = 0;                    // by its route, accepted
    std::vector<std::int64_t> registered_unix_ns = {};  // the last ones, oldest first
};

// Not thread-safe: the Network calls it under its lock.
class Orchestrator {
  public:
    // With its scripted worker registered, unless `bare`.
    Orchestrator(Surroundings surroundings, std::uint32_t number, std::string address, bool bare);

    // The public routes. The number names a call to a live runner that is under way, for `abandon`; 0: none is.
    std::uint64_t handle(const Request& request, const Respond& respond);
    // The client of that call hung up.
    void abandon(std::uint64_t call) { live_.abandon(call); }
    [[nodiscard]] LiveRunners& live() { return live_; }

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
    [[nodiscard]] std::size_t in_flight() const { return running_.size(); }

  private:
    [[nodiscard]] RunnerHost runner_host();
    void route(const Request& request, const Respond& respond);
    struct Balance {
        FineWei amount = 0;
        std::int64_t touched_ns = 0;
    };
    struct Running {
        JobPtr job;
        Respond respond;
    };

    [[nodiscard]] Reply register_capability(const Request& request);
    [[nodiscard]] Reply unregister_capability(const Request& request);
    [[nodiscard]] Reply token_reply(const Sender& sender, const std::string& capability);
    void token_route(const Request& request, const Respond& respond);
    void job_route(const Request& request, const Respond& respond);

    // False beyond the bounds of the tables.
    bool enter(Capability capability);
    void register_scripted();
    void crash(std::int64_t down_ns);
    void end(FaultChange::Verb ended);
    [[nodiscard]] bool is_down();
    // How long the gateway's connection makes it wait for a token, which also opens it.
    [[nodiscard]] std::int64_t link_delay_ns();
    [[nodiscard]] bool has_reserve(std::string_view sender) const;
    // The price that `sender` is asked per second; none: the sender has no reserve, and learns no price.
    [[nodiscard]] std::optional<FineWei> price(std::string_view sender, std::string_view capability) const;
    [[nodiscard]] FineWei balance(std::string_view sender, std::string_view capability) const;
    void add_balance(std::string_view sender, std::string_view capability, FineWei amount);
    // The reply that ends the job before the worker sees it, if payment or balance do not do.
    [[nodiscard]] std::optional<Reply> settle(const Job& job, Payment payment);
    void call_worker(const JobPtr& job, const Respond& respond);
    void finish(std::uint64_t run, std::int64_t started_ns, WorkerResult result);
    [[nodiscard]] Reply reply_of(const Job& job, WorkerResult result, std::int64_t elapsed_ns);

    Surroundings around_;
    std::uint32_t number_;
    std::string address_;
    bool bare_;
    Behaviour behaviour_;
    std::int64_t behaviour_since_ns_ = 0;
    std::int64_t crashed_until_ns_ = 0;
    CapabilityTable capabilities_;
    std::map<std::string, FineWei, std::less<>> prices_;  // by capability; a removed one keeps its price
    std::map<std::string, Balance, std::less<>> balances_;
    std::map<std::uint64_t, Running> running_;  // jobs at a worker
    std::uint64_t next_run_ = 0;
    // The gateway's connection, where there is a distance: open from and idle since; none: closed.
    struct Link {
        std::int64_t open_ns = 0;
        std::int64_t idle_ns = 0;
    };
    std::optional<Link> link_;
    Counters counters_;
    LiveRunners live_;  // after what it refers to
};

}  // namespace stipend::devnet
