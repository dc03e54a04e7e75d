// What the host offers to plugin instances, behind small interfaces, so that tests bring their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/time.hpp"
#include "host/http/client.hpp"
#include "host/plugin/executor.hpp"
#include "stipend/abi/host.h"
#include "stipend/result.hpp"

namespace stipend::plugin {

// Durable values of plugin instances. [any] thread; may block on the disk.
class KeyValueStore {
  public:
    virtual ~KeyValueStore() = default;
    // UNAVAILABLE where there is none.
    virtual Result<std::string> get(std::string_view instance, std::string_view key) = 0;
    // LIMIT beyond the quota; the old value stands then.
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
    Executor* executor = nullptr;  // never NULL
    http::HttpClient* http = nullptr;
    KeyValueStore* values = nullptr;
    MetricSink* metrics = nullptr;
    LogSink* log = nullptr;
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
