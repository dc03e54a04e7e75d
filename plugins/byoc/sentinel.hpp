// The health of the gateway. A healthy gateway responds at once to a job for an orchestrator that does not exist,
// without contacting any orchestrator; so the response depends on the gateway alone and on no payee.
//
// Each request is answered by a sentinel that was sent after it: an earlier one proves nothing about a gateway that
// failed in between. At most one sentinel a second is sent; it answers all requests until then.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "settings.hpp"
#include "stipend/host.hpp"
#include "verdict.hpp"

namespace byoc {

// What is known of the gateway, for `health`. [any]
class GatewayHealth {
  public:
    // `problem` is empty where the gateway is well. True where that is news.
    bool note(stipend_mono_ns at, std::string problem);
    [[nodiscard]] stipend::Result<void> health(stipend_mono_ns now) const;

  private:
    mutable std::mutex mutex_;
    stipend_mono_ns at_ = 0;
    std::string problem_;
};

// Reads the answer to a sentinel. Pure.
GatewayState read_sentinel(const stipend::HttpReply& reply);

// For one capability: the gateway's words hold its name. All of it is [pool].
class Sentinel {
  public:
    static constexpr std::int64_t spacing_ns = stipend::ns_per_s;
    static constexpr std::uint32_t timeout_ms = 10'000;
    using Answer = stipend::UniqueFunction<void(const GatewayState&)>;

    // `url` and `headers` are those of a job, the headers pinned to the sentinel's address. All borrowed outlive it.
    Sentinel(stipend::Host host, std::string url, std::string headers, GatewayHealth& health)
        : host_(host), url_(std::move(url)), headers_(std::move(headers)), health_(health) {}

    // `answer` comes once, unless the sentinel is destroyed before; from inside this call where the host takes no
    // request, so this is not for a start function.
    void ask(Answer answer);
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

  private:
    void send_soon();
    void send();
    void over(const GatewayState& state);

    const stipend::Host host_;
    const std::string url_;
    const std::string headers_;
    GatewayHealth& health_;
    std::vector<Answer> waiting_;  // asked since the last one was sent
    std::vector<Answer> served_;   // of the one under way
    std::unique_ptr<stipend::Timer> timer_;
    bool under_way_ = false;
    stipend_mono_ns last_sent_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace byoc
