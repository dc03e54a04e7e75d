// The payer's key and what it may sign. The one place where a signature is made.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "ethereum/key.hpp"
#include "tools/signer/day_clock.hpp"
#include "tools/signer/policy.hpp"
#include "tools/signer/store.hpp"

namespace stipend::signer {

struct Signed {
    SignedTransaction transaction;
    Kind kind = Kind::no_op;
    bool repeated = false;  // these bytes were given out before
};

struct AssetStatus {
    AssetLimits limits;
    Uint256 today;
};
struct SignerStatus {
    Address payer;
    std::uint64_t chain_id = 0;
    std::int64_t highest_nonce = -1;  // -1: none yet
    std::int64_t day = 0;             // today, in days since 1970
    Uint256 fees_today;
    std::vector<AssetStatus> assets;
};

// One thread.
class Signer {
  public:
    using Clock = std::function<ClockReading()>;

    Signer(ethereum::PrivateKey key, Settings settings, std::unique_ptr<Store> store, Clock clock)
        : key_(std::move(key)),
          settings_(std::move(settings)),
          store_(std::move(store)),
          clock_(std::move(clock)),
          day_clock_(clock_()) {}

    // A signed transaction, which is durable in the store before this returns, or the reason why not. What was signed
    // before is answered with the same bytes. An error is the store's: nothing was signed, and where it is `broken` the
    // process has to end.
    [[nodiscard]] Result<Judged<Signed>> sign(const Transaction& transaction, const Claim& claim);

    [[nodiscard]] const Address& address() const { return key_.address(); }
    [[nodiscard]] Result<SignerStatus> status();
    // All that was signed for a nonce, the oldest first.
    [[nodiscard]] Result<std::vector<SignedTransaction>> attempts(std::uint64_t nonce) {
        return store_->attempts(nonce);
    }
    [[nodiscard]] bool broken() const { return store_->broken(); }

  private:
    Result<Judged<Signed>> sign_new(const Transaction& transaction, const Purpose& purpose,
                                    const std::vector<SignedTransaction>& attempts);
    Result<std::optional<Refusal>> count(std::int64_t day, std::vector<Count> counts);
    std::optional<Refusal> judge(const Transaction& transaction, const Purpose& purpose,
                                 const std::vector<SignedTransaction>& attempts) const;
    Judged<std::vector<Count>> counts_for(const Transaction& transaction, const Purpose& purpose,
                                          const std::vector<SignedTransaction>& attempts) const;

    ethereum::PrivateKey key_;
    Settings settings_;
    std::unique_ptr<Store> store_;
    Clock clock_;
    DayClock day_clock_;
};

}  // namespace stipend::signer
