// Asks orchestrators what they offer, and remembers it for a while. All of it is [pool].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "attempt.hpp"
#include "livepeer/runner_wire.hpp"
#include "settings.hpp"
#include "stipend/host.hpp"

namespace runner {

// The answer to one question.
struct Look {
    Attempt exchange;  // valid: `offers` is set; otherwise why not
    livepeer::RunnerOffers offers;
};

class Discovery {
  public:
    static constexpr std::uint32_t timeout_ms = 3'000;
    static constexpr std::uint64_t max_body = 1 << 20;
    static constexpr std::size_t max_known = 200'000;
    using Done = stipend::UniqueFunction<void(const Look&)>;

    // One request. `over` is set when its `done` was called, or by `cancel`, after which it never is.
    struct Ask {
        stipend_op exchange = 0;
        bool over = false;
    };
    using AskPtr = std::shared_ptr<Ask>;

    // `settings` outlives it.
    Discovery(stipend::Host host, const Settings& settings) : host_(host), settings_(settings) {}

    // `done` comes once, never from inside this call. An error: the host takes no request, and nothing follows.
    // `registered`: the address is not the operator's, so it may lead to public addresses only.
    stipend::Result<AskPtr> ask(const std::string& address, const std::string& app, bool registered, Done done);
    void cancel(const AskPtr& ask) const;

    // The last offer of that app, if it is young enough; NULL: it is to be asked for.
    [[nodiscard]] const livepeer::RunnerOffer* known(const std::string& address, std::string_view app) const;
    // The offer no longer counts.
    void forget(const std::string& address, std::string_view app);
    // The orchestrator has offered this app before.
    [[nodiscard]] bool has_offered(const std::string& address, std::string_view app) const;

  private:
    struct Known {
        livepeer::RunnerOffer offer;
        stipend_mono_ns until = 0;  // it counts before
    };
    void note(const std::string& key, const Look& look, stipend_mono_ns asked_at);

    const stipend::Host host_;
    const Settings& settings_;
    std::unordered_map<std::string, Known> known_;  // by address and app
};

// Sets what each request to that orchestrator has in common. `pin` holds what the request refers to. UNAVAILABLE: the
// certificate that it must present cannot be read.
stipend::Result<void> address_to(stipend::HttpRequest& request, const Settings& settings, std::string_view address,
                                 bool registered, std::string& pin);

// Reads a response of the discovery route. Pure.
Look read_look(const stipend::HttpReply& reply, std::string_view app);

}  // namespace runner
