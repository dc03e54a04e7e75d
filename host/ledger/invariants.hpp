// What holds of every record and journal that the ledger writes. One definition for both sides: the writer asserts it
// before a row is written, since the batch was checked by then; load_state, exports and `verify` check it again after a
// read, where a broken one is an error or a finding, since the file may be damaged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/rows.hpp"

namespace stipend::ledger {

// Stored: never renumber.
enum class JournalKind : std::uint8_t {
    decisions = 1,
    adjustment = 2,
    fees = 3,
    manual_payment = 4,
    payout = 5,
    payout_step = 6,
    slot_end = 7
};

// What one account of a journal gets; below zero: what it gives.
struct Entry {
    std::int64_t account = 0;  // above zero: a debt, see debt_account; below: another account
    SignedWei wei = {};
    std::int64_t space = 0;  // of the asset: entries of one space sum to zero
};

// The account of what an orchestrator is owed on a network: on network 0 it has the orchestrator's id.
[[nodiscard]] constexpr std::int64_t debt_account(OrchestratorId orchestrator, NetworkId network) {
    return orchestrator + (network << 40);
}
inline constexpr OrchestratorId max_orchestrator = (OrchestratorId{1} << 40) - 1;

// What moves between accounts by the decisions or the fees [ref, last] of the chain, or by another row, at `ref`. All
// of it is in smallest units, of one asset for each space.
struct Journal {
    Seq ref = 0;
    JournalKind kind = JournalKind::decisions;
    Seq last = 0;
    std::vector<Entry> entries = {};  // by rising account
};

// One for each decision of a batch, and the expense of all on each network.
inline constexpr std::size_t max_journal_entries = max_batch_rows + max_networks + 1;

// The first invariant that does not hold, as the end of a message; none if all hold. [pure]
[[nodiscard]] std::optional<std::string> broken_invariant(const Journal& journal);
[[nodiscard]] std::optional<std::string> broken_invariant(const EngineState& state);
[[nodiscard]] std::optional<std::string> broken_invariant(const Decision& decision);
[[nodiscard]] std::optional<std::string> broken_invariant(const Decided& decided);
[[nodiscard]] std::optional<std::string> broken_invariant(const FeeState& state);
[[nodiscard]] std::optional<std::string> broken_invariant(const Pardon& pardon);
[[nodiscard]] std::optional<std::string> broken_invariant(const Pardoned& pardoned);
[[nodiscard]] std::optional<std::string> broken_invariant(const Fee& fee);
[[nodiscard]] std::optional<std::string> broken_invariant(const ManualPayment& payment);
[[nodiscard]] std::optional<std::string> broken_invariant(const Demand& demand);
[[nodiscard]] std::optional<std::string> broken_invariant(const Objection& objection);
[[nodiscard]] std::optional<std::string> broken_invariant(const ObjectionAnswer& answer);
[[nodiscard]] std::optional<std::string> broken_invariant(const Network& network);
[[nodiscard]] std::optional<std::string> broken_invariant(const Payout& payout);
[[nodiscard]] std::optional<std::string> broken_invariant(const Slot& slot);
[[nodiscard]] std::optional<std::string> broken_invariant(const Attempt& attempt);
[[nodiscard]] std::optional<std::string> broken_invariant(const PayoutStep& step);
[[nodiscard]] std::optional<std::string> broken_invariant(const SlotEnd& end);

// The balance of the account of that name is below the least that it can have: what is in flight to an orchestrator is
// what its open payouts reserved, so never below zero. Any other account may be: an adjustment takes back, the others
// give. [pure]
[[nodiscard]] std::optional<std::string> below_floor(std::string_view account, const SignedWei& balance);

// What wei are worth at a rate, rounded up to 1e-8 USD: a limit counts no less than is paid. LIMIT beyond int64. [pure]
[[nodiscard]] Result<Usd> worth_in_usd(const SignedWei& wei, std::int64_t usd_per_eth_e8,
                                       std::uint32_t decimals = coin_decimals);

// Where an orchestrator's last decision ended.
struct LastDecision {
    std::uint64_t epoch = 0;
    stipend_unix_ns decided_at = 0;
};
// As broken_invariant, for what follows: the epoch is the next one, and the period does not overlap the last.
[[nodiscard]] std::optional<std::string> broken_succession(const LastDecision& last, const Decision& next);

// As above: what the fee moves, and the state after it, follow from the state before it.
[[nodiscard]] std::optional<std::string> broken_succession(const FeeState& before, const Fee& next);

// How many rows of the audit chain a batch makes. [pure]
[[nodiscard]] Seq audit_rows(const Batch& batch);

// Promises about sizes: of the canonical form, of the tables, and of the memory that a host needs for 100,000
// orchestrators.
static_assert(sizeof(Hash) == 32 && sizeof(SignedWei::Bytes) == 32 && sizeof(stipend_u256) == 32);
static_assert(sizeof(stipend_memory) == 128);
static_assert(sizeof(EngineState) <= 256);
static_assert(max_text_bytes <= INT32_MAX, "SQLite takes the sizes of texts as int");
static_assert(max_batch_rows <= UINT32_MAX);

}  // namespace stipend::ledger
