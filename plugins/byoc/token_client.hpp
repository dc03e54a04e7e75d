// Asks orchestrators for tokens, and remembers the prices that were seen. All of it is [pool].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway_cli.hpp"
#include "livepeer/token.hpp"
#include "settings.hpp"
#include "stipend/host.hpp"

namespace byoc {

class TokenClient {
  public:
    static constexpr std::uint32_t timeout_ms = 3'000;
    static constexpr std::uint64_t max_token = 65'536;  // bytes
    static constexpr std::size_t max_prices = 200'000;
    using Done = stipend::UniqueFunction<void(const livepeer::Token&)>;

    // One request. `over` is set when its `done` was called, or by `cancel`, after which it never is.
    struct Ask {
        stipend_op exchange = 0;
        bool over = false;
    };
    using AskPtr = std::shared_ptr<Ask>;

    // `settings` and `credential` outlive it.
    TokenClient(stipend::Host host, const Settings& settings, CredentialSource& credential)
        : host_(host), settings_(settings), credential_(credential) {}

    // `done` comes once, never from inside this call. An error: the host takes no request, and nothing follows. A
    // credential that cannot be fetched gives a token that is unseen by a LOCAL cause.
    // `registered`: the address is not the operator's, so it may lead to public addresses only.
    stipend::Result<AskPtr> ask(const std::string& address, std::string_view capability, bool registered, Done done);
    void cancel(const AskPtr& ask) const;

    // The last token of that capability with a price, and when it was asked for; NULL: none, or too long ago.
    [[nodiscard]] const livepeer::Token* price(const std::string& address, std::string_view capability) const;
    // The orchestrator has answered this host before.
    [[nodiscard]] bool has_answered(const std::string& address, std::string_view capability) const;

  private:
    struct StatedPrice {
        livepeer::Token token;
        stipend_mono_ns until = 0;  // the price counts before
    };
    stipend::Result<void> send(const AskPtr& ask, const std::string& address, std::string_view capability,
                               bool registered, std::string_view header, Done done);
    void note(const std::string& key, const livepeer::Token& token, stipend_mono_ns asked_at);

    const stipend::Host host_;
    const Settings& settings_;
    CredentialSource& credential_;
    std::unordered_map<std::string, StatedPrice> seen_;  // by address and capability
};

}  // namespace byoc
