// What the protocol logic needs of the outside: time, and calls to workers that are programs of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/devnet/message.hpp"

namespace stipend::devnet {

// A job on its way to a worker by HTTP.
struct WorkerCall {
    std::string url = {};
    std::string token = {};  // sent as Bearer; empty: none
    std::string content_type = {};
    std::string body = {};
    std::int64_t timeout_ns = 0;
    std::string method = "POST";
    std::vector<std::pair<std::string, std::string>> headers = {};  // sent as they are
    bool proxied = false;  // passed on as it is: no header of its own, no redirect is followed
};

// What came of it, real or scripted.
struct WorkerResult {
    enum class Kind : std::uint8_t {
        answered,
        failed,     // refused, reset, unknown host: `error` says it in a Go client's words
        timed_out,  // no answer within the job's time
        truncated,  // an answer whose body ended early, or (`error`) could not be read
    };
    Kind kind = Kind::answered;
    int status = 200;
    std::string content_type = {};
    std::string metadata = {};                                      // X-Metadata
    std::vector<std::pair<std::string, std::string>> headers = {};  // of a proxied call
    std::string body = {};
    std::string error = {};
    std::optional<Flood> flood = {};
    std::int64_t delay_ns = 0;  // scripted: how long the answer takes
};

// The outside. Callbacks come from any thread, never from inside the call that asked for them.
class World {
  public:
    virtual ~World() = default;
    [[nodiscard]] virtual std::int64_t unix_ns() = 0;
    [[nodiscard]] virtual std::int64_t mono_ns() = 0;
    virtual void after(std::int64_t delay_ns, std::function<void()> then) = 0;
    // Calls `done` exactly once, with the outcome of POST call.url, unless the world ends first.
    virtual void call_worker(WorkerCall call, std::function<void(WorkerResult)> done) = 0;
    // The orchestrator's listener, if it has one, serves a new certificate to connections that come from now on.
    virtual void renew_certificate(std::uint32_t orchestrator) = 0;
    // The orchestrator's listener, if it has one, resets its connections and refuses new ones for this time; then it
    // opens with a new certificate.
    virtual void restart_listener(std::uint32_t orchestrator, std::int64_t down_ns) = 0;
};

}  // namespace stipend::devnet
