// What each registration of a worker has in common: requests to its orchestrator under one rule for the certificate,
// and the present problem, which is logged when it changes.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "livepeer/worker_settings.hpp"
#include "stipend/host.hpp"

namespace livepeer {

class OrchestratorClient {
  public:
    enum class Trouble : std::uint8_t { none, starting, down, tls, secret, refused, odd, lost };
    static constexpr std::int64_t down_patience_ns = 60 * stipend::ns_per_s;  // before an alert

    // `settings` outlives this object.
    OrchestratorClient(const WorkerSettings& settings, stipend::Host host) : settings_(settings), host_(host) {}

    // Warns of a secret that others could read. [pool]
    void warn_of_secret() const;
    // Starts a request below the orchestrator's URL. UNAVAILABLE: the certificate that it must present cannot be read.
    [[nodiscard]] stipend::Result<stipend_op> send(std::string_view method, std::string_view path,
                                                   std::string_view headers, std::string_view body,
                                                   std::uint32_t timeout_ms, stipend::Host::HttpDone done) const;
    // What a refused certificate means under the rule in force. [pure]
    [[nodiscard]] std::string certificate_trouble(const std::string& error) const;

    // The present problem. What does not pass by itself raises the alert "registration" at once, an orchestrator that
    // is away after `down_patience_ns`; `none` resolves it. [pool]
    void note(Trouble trouble, const std::string& what);
    [[nodiscard]] Trouble trouble() const;
    [[nodiscard]] std::string problem() const;
    // UNAVAILABLE: there is a problem. [any]
    [[nodiscard]] stipend::Result<void> health() const;

  private:
    void follow_alert(Trouble trouble, const std::string& what);

    const WorkerSettings& settings_;
    const stipend::Host host_;
    stipend_mono_ns down_since_ = 0;  // [pool]
    std::optional<bool> raised_;      // [pool] none: an instance before this one may have raised it
    mutable std::mutex mutex_;
    Trouble trouble_ = Trouble::starting;      // guarded by mutex_
    std::string what_ = "not registered yet";  // guarded by mutex_
};

}  // namespace livepeer
