// The live runners of one orchestrator: their registration, what discovery says of them, calls, sessions, payment.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tests/devnet/faults.hpp"
#include "tests/devnet/job.hpp"
#include "tests/devnet/remote_signer.hpp"
#include "tests/devnet/settings.hpp"
#include "tests/devnet/worker.hpp"
#include "tests/devnet/world.hpp"

namespace stipend::devnet {

struct LiveRunner {
    std::string id;
    std::string label;
    std::string route;  // the id, or for a static runner its label
    std::string url;    // of the runner, without a slash at its end
    std::string app;
    std::string version;
    std::string metadata;
    std::string secret;  // of its heartbeats; empty: static
    std::string health_path;
    int healthy_status = 200;
    std::int64_t beat_ns = 0;
    std::int64_t capacity = 1;
    std::int64_t used = 0;
    std::int64_t price_wei = 0;  // for each unit
    std::string unit = "fixed";  // of its price, as discovery writes it
    bool single_shot = false;
    bool ready = true;
    bool healthy = true;
    bool scripted = false;
    std::set<std::string> sessions;
};

// What the runners have of their orchestrator; outlives them.
struct RunnerHost {
    World& world;
    const Settings& settings;
    const Account& account;
    RemoteSigner& signer;
    JobLog& calls;
    std::uint32_t number;
    const std::string& address;
    const Behaviour& behaviour;
    std::function<bool(FaultKind)> strikes;
};

// Not thread-safe: the Network calls it under its lock.
class LiveRunners {
  public:
    static constexpr std::size_t max_runners = 1000;
    static constexpr std::size_t max_metadata = 1024;

    // With a scripted single-shot runner, unless `bare`.
    LiveRunners(RunnerHost host, bool bare);

    // Whether a route of the orchestrator is one of live runners.
    [[nodiscard]] static bool owns(std::string_view path);
    // The number names a call under way, for `abandon`; 0: none is.
    std::uint64_t handle(const Request& request, const Respond& respond);
    // The client of that call hung up: its slot is free again.
    void abandon(std::uint64_t call);

    // As POST /registerLiveRunners of a node's command line port: all of a batch or none of it.
    [[nodiscard]] Reply register_static(std::string_view body);
    // The process ends: what was registered by heartbeats or by `register_static` is forgotten.
    void restart();

    [[nodiscard]] Json state();

  private:
    struct Running {
        std::string runner;
        Respond respond;
        bool session = false;  // its slot belongs to a session
    };
    [[nodiscard]] Reply heartbeat(const Request& request);
    [[nodiscard]] Reply unregister(const Request& request, std::string_view id);
    [[nodiscard]] Reply discovery();
    std::uint64_t app_route(const Request& request, const Respond& respond);
    std::uint64_t call_app(LiveRunner& runner, const Request& request, std::string_view rest, const Respond& respond);
    std::uint64_t session_route(LiveRunner& runner, const Request& request, std::string_view rest,
                                const Respond& respond);
    [[nodiscard]] Reply reserve_session(LiveRunner& runner, const Request& request);
    // A session whose time was paid for ends with it.
    void end_unpaid(const std::string& runner, const std::string& session);
    std::uint64_t forward(LiveRunner& runner, const Request& request, std::string_view rest, const std::string& session,
                          bool owns_slot, const Respond& respond);
    void finish(std::uint64_t call, WorkerResult result);
    // None: it is paid, or need not be.
    [[nodiscard]] std::optional<Reply> settle(const LiveRunner& runner, const Request& request);

    [[nodiscard]] bool strikes_silent(const Request& request) const;
    void sweep();
    static void release_sessions(LiveRunner& runner);
    void register_scripted();
    void poll_health(const std::string& id);
    [[nodiscard]] LiveRunner* find_route(std::string_view route);
    [[nodiscard]] bool expired(const LiveRunner& runner) const;
    [[nodiscard]] bool usable(const LiveRunner& runner) const;
    [[nodiscard]] std::int64_t price_of(const LiveRunner& runner) const;
    [[nodiscard]] std::string new_id(std::string_view prefix);

    RunnerHost host_;
    bool bare_;
    std::map<std::string, LiveRunner, std::less<>> runners_;  // by id
    std::map<std::uint64_t, Running> running_;
    std::uint64_t next_call_ = 1;
    std::uint64_t next_id_ = 1;
    std::uint64_t calls_ = 0, heartbeats_ = 0, demands_ = 0, reserved_ = 0, stopped_ = 0, unpaid_ = 0;
};

}  // namespace stipend::devnet
