// Whether the registered endpoints of orchestrators can be connected to: one connection without a request after a
// proof, at most once a minute for each id. Of this run. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/client.hpp"
#include "stipend/abi/types.h"

namespace stipend::engine {

class ConnectBack : public std::enable_shared_from_this<ConnectBack> {
  public:
    static constexpr std::int64_t pause_ns = 60'000'000'000;
    static constexpr std::uint32_t timeout_ms = 5'000;
    static constexpr std::size_t max_at_once = 64;

    enum class Verdict : std::uint8_t {
        unknown,  // none was made yet, or this host itself was at fault
        reached,  // with the TLS handshake, for https
        failed,
    };
    struct Seen {
        Verdict verdict = Verdict::unknown;
        std::string why = {};       // of a failure, without details of a network
        stipend_unix_ns since = 0;  // of this verdict
    };

    // `http` outlives every exchange that it makes; `log` gets changes, on any thread.
    ConnectBack(http::HttpClient& http, std::function<void(const std::string&)> log)
        : http_(http), log_(std::move(log)) {}

    // Calls `done` once with what is known of the id then: inside this call where its last connection is less than a
    // minute old, or too many are under way; else on the client's thread, after 5 s at most. [any]
    void check(const std::string& id, const std::string& endpoint, stipend_unix_ns now,
               std::function<void(const Seen&)> done);
    [[nodiscard]] Seen seen(std::string_view id) const;
    // The ids whose last connection failed.
    [[nodiscard]] std::vector<std::string> failing() const;
    void forget(std::string_view id);

  private:
    struct Entry {
        std::string endpoint;
        stipend_unix_ns tried_at = 0;
        Seen seen;
    };
    void ended(const std::string& id, const std::string& endpoint, stipend_unix_ns at, const Result<void>& result,
               const http::HttpResponse& response);

    http::HttpClient& http_;
    const std::function<void(const std::string&)> log_;
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;  // guarded by mutex_; of registrations, which are bounded
    std::size_t under_way_ = 0;                          // guarded by mutex_
};

// What the end of such a connection says. [pure]
[[nodiscard]] ConnectBack::Seen verdict_of(const Result<void>& result, const http::HttpResponse& response);

}  // namespace stipend::engine
