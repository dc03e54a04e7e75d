// What the host offers to plugin instances, behind small interfaces, so that tests bring their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/executor.hpp"
#include "host/base/time.hpp"
#include "host/http/client.hpp"
#include "host/http/server.hpp"
#include "stipend/abi/host.h"
#include "stipend/result.hpp"
#include "stipend/services.hpp"

namespace stipend::plugin {

// Durable values of plugin instances. [any] thread; may block on the disk.
class KeyValueStore {
  public:
    virtual ~KeyValueStore() = default;
    // UNAVAILABLE where there is none.
    virtual Result<std::string> get(std::string_view instance, std::string_view key) = 0;
    // LIMIT beyond the quota; the old value remains then.
    virtual Result<void> put(std::string_view instance, std::string_view key, std::string_view value) = 0;
    virtual Result<void> erase(std::string_view instance, std::string_view key) = 0;
};

// Counters and gauges of plugin instances. [any] thread.
class MetricSink {
  public:
    virtual ~MetricSink() = default;
    // 0: refused.
    virtual std::uint64_t define(std::string_view instance, std::int32_t kind, std::string_view name,
                                 std::string_view help) = 0;
    virtual void record(std::uint64_t metric, std::int64_t value) = 0;
    // Adds one to a counter of the host's own about a plugin: stipend_plugin_NAME{instance,plugin,call}; `call` may be
    // empty.
    virtual void count_for(std::string_view instance, std::string_view plugin, const char* name, const char* help,
                           std::string_view call = {}) = 0;
};

// HTTP routes that plugin instances answer. A route has one owner, an instance's name: an instance that replaces
// another of the same name takes its routes over.
class RouteTable {
  public:
    virtual ~RouteTable() = default;
    using Handler =
        std::function<void(http::ServerRequest&&, http::Responder)>;  // on the server's thread; never blocks
    // Would `mount` take it? [control] UNSUPPORTED: no such listener. CONFLICT: it has another owner. INVALID: bad
    // path.
    virtual Result<void> check(std::string_view owner, std::string_view listener, std::string_view method,
                               std::string_view path) = 0;
    // Serves it from now on, in place of what this owner had there. [control]
    virtual Result<std::uint64_t> mount(std::string_view owner, std::string_view listener, std::string_view method,
                                        std::string_view path, Handler handler) = 0;
    // [control] When it returns, no call of its handler is under way. One that was taken over is ignored.
    virtual void unmount(std::uint64_t mount) = 0;
};

// What the host observed of the services that it watches. [any] thread; must not wait for the control thread.
class ServiceSource {
  public:
    virtual ~ServiceSource() = default;
    // Over the last `window_s` seconds. INVALID: a window out of range. UNAVAILABLE: nothing is watched.
    virtual Result<ServiceReport> report(std::uint32_t window_s) = 0;
};

// The budget of what jobs cost. [any] thread.
class FeeAccount {
  public:
    virtual ~FeeAccount() = default;
    using Answer = std::function<void(Result<void>)>;
    // Reserves `wei` for a job that is under way; `answer` is called once, on any thread, later, unless this fails.
    // BUSY: too many wait for an answer. UNAVAILABLE: the host is stopping.
    virtual Result<void> reserve(std::string_view job_id, const stipend_u256& wei, Answer answer) = 0;
};

// The alerts of plugin instances. [any] thread; must not wait for the control thread.
class AlertSink {
  public:
    virtual ~AlertSink() = default;
    virtual void raise_for(std::string_view instance, std::string_view id, std::int32_t severity,
                           std::string_view text) = 0;
    virtual void resolve_for(std::string_view instance, std::string_view id) = 0;
};

class LogSink {
  public:
    virtual ~LogSink() = default;
    [[nodiscard]] virtual bool enabled(std::int32_t level) const = 0;
    virtual void write(std::int32_t level, std::string_view instance, std::string_view message) = 0;
};

// Borrowed by every instance; all of them outlive it. A NULL one is a service that this host does not offer.
struct Services {
    const Clock* clock = nullptr;
    Executor* executor = nullptr;   // never NULL
    Executor* deadlines = nullptr;  // calls no plugin, so that none holds it up; NULL: `executor`
    http::HttpClient* http = nullptr;
    KeyValueStore* values = nullptr;
    MetricSink* metrics = nullptr;
    LogSink* log = nullptr;
    RouteTable* routes = nullptr;
    ServiceSource* watched = nullptr;
    FeeAccount* fees = nullptr;
    AlertSink* alerts = nullptr;
};

// Marks the calling thread as [control] for as long as it lives.
class ControlScope {
  public:
    ControlScope();
    ~ControlScope();
    ControlScope(const ControlScope&) = delete;
    ControlScope& operator=(const ControlScope&) = delete;
    [[nodiscard]] static bool active();

  private:
    bool outer_;
};

}  // namespace stipend::plugin
