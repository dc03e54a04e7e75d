// Asks the endpoints over the host's HTTP client, all at once.
#pragma once

#include <memory>

#include "account.hpp"
#include "stipend/host.hpp"

namespace evm {

// An operation of the plugin on its way: what ends with it. [pool]
struct Work {
    virtual ~Work() = default;
    virtual void fail(const stipend::Error& error) = 0;

    stipend_mono_ns deadline = 0;
    std::vector<stipend_op> exchanges;
    std::uint64_t signer_request = 0;  // 0: none
    bool over = false;                 // answered; what comes later is dropped
};

class Endpoints {
  public:
    // For each endpoint all answers to its calls, in their order, or what was wrong.
    using Heard = Views<std::vector<RpcAnswer>>;
    using Then = stipend::UniqueFunction<void(Heard)>;

    Endpoints(const Settings& settings, stipend::Host host) : settings_(&settings), host_(host) {}

    // The same calls to all. Calls `then` once, unless the work is over before. [pool]
    void ask_all(const std::shared_ptr<Work>& work, const std::vector<RpcCall>& calls, Then then) const;
    // The calls of each endpoint; one without calls has no answers.
    void ask(const std::shared_ptr<Work>& work, const std::vector<std::vector<RpcCall>>& calls, Then then) const;

  private:
    struct Round;
    void send(const std::shared_ptr<Work>& work, const std::shared_ptr<Round>& round, std::size_t endpoint,
              std::size_t first, std::span<const RpcCall> calls, std::size_t most_bytes) const;
    static void ended(const Work& work, Round& round);

    const Settings* settings_;
    stipend::Host host_;
};

}  // namespace evm
