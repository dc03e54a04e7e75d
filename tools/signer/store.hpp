// The signer's memory: every transaction that it has signed, and the sums of the day. SQLite, durable before a
// signature is shown to anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "ethereum/transaction.hpp"
#include "host/base/private_database.hpp"
#include "tools/signer/policy.hpp"

namespace stipend::signer {

using ethereum::SignedTransaction;

// One thread. Functions that write are called inside `write`.
class Store {
  public:
    static constexpr std::size_t max_attempts = 100;  // of one nonce

    // CONFLICT: another process has it open. CONFIG: it is of another payer or chain, or others may read it.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file, const Address& payer,
                                                             std::uint64_t chain_id);

    // Runs `work` in one transaction: durable when this returns, undone where it fails.
    template <class Work>
    auto write(Work work) {
        return sqlite::write(database_, std::move(work));
    }

    // All that was signed for a nonce, the oldest first.
    [[nodiscard]] Result<std::vector<SignedTransaction>> attempts(std::uint64_t nonce);
    [[nodiscard]] Result<void> add(const SignedTransaction& made, std::size_t attempt, Kind kind, std::int64_t at_s);

    [[nodiscard]] Result<Uint256> sum(std::int64_t day, std::string_view name);
    [[nodiscard]] Result<void> set_sum(std::int64_t day, std::string_view name, const Uint256& amount);
    // Drops the sums of earlier days.
    [[nodiscard]] Result<void> forget_days_before(std::int64_t day);

    // When the last signature was made, in seconds since 1970; 0 before the first.
    [[nodiscard]] Result<std::int64_t> last_signed_s();
    // The highest nonce that was signed, or -1.
    [[nodiscard]] Result<std::int64_t> highest_nonce();
    // The disk failed: what is written later cannot be trusted, and the process has to end.
    [[nodiscard]] bool broken() const { return database_.broken(); }

  private:
    Store() = default;
    sqlite::Database database_;
};

}  // namespace stipend::signer
