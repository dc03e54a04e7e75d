// Login by a wallet (Sign-In with Ethereum, EIP-4361): an orchestrator whose payout address is proven to be that wallet
// gets a token for what is its own. A login proves no address.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/auth/challenge.hpp"
#include "host/auth/siwe.hpp"

namespace stipend::api {

// Thread-safe. What the constructor is given outlives it.
class WalletLogin {
  public:
    // The ids whose payout address is proven to be this wallet: 0x and 40 hex digits in lower case.
    using OwnedBy = std::function<Result<std::vector<std::string>>(std::string_view wallet)>;

    WalletLogin(Access& access, const Clock& clock, auth::SiweTerms terms, OwnedBy owned_by,
                std::function<void(const std::string&)> log)
        : access_(access),
          clock_(clock),
          terms_(std::move(terms)),
          owned_by_(std::move(owned_by)),
          log_(std::move(log)) {}

    // {"address"} -> the text to sign, with a nonce that is for this address and network, is taken once, and expires.
    Reply challenge(const Request& request);
    // {"message","signature","orchestrator_id"?,"session"?} -> an access token, or a session of a browser.
    Reply login(const Request& request);

  private:
    [[nodiscard]] auth::ChallengeFault take(const std::string& id, const std::string& nonce);

    Access& access_;
    const Clock& clock_;
    const auth::SiweTerms terms_;
    const OwnedBy owned_by_;
    const std::function<void(const std::string&)> log_;
    std::mutex mutex_;
    auth::ChallengeStore challenges_;  // guarded by mutex_
};

[[nodiscard]] std::vector<ApiRoute> wallet_routes(const std::shared_ptr<WalletLogin>& login);

}  // namespace stipend::api
