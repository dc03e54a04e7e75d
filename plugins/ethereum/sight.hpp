// What endpoints know of attempts, and what of it a quorum agrees upon. Pure.
#pragma once

#include <vector>

#include "account.hpp"
#include "outcome.hpp"

namespace evm {

enum class Phase : std::uint8_t {
    unsure,    // the endpoint contradicts itself, such as in a reorganization: no vote
    none,      // it does not know the transaction
    waiting,   // it knows it
    in_block,  // it has a receipt, of a block of its chain
};
struct Vote {
    Phase phase = Phase::unsure;
    Receipt receipt;             // of one in a block
    std::optional<Bytes> shown;  // of one in a block whose events count: the transaction
};
struct Sights {  // of one endpoint
    Heads heads;
    std::vector<Vote> votes;  // one for each attempt
};
// What is looked for.
struct Search {
    stipend::Attempt attempt;
    std::optional<Address> watched;  // the contract whose events count
};
// UNSUPPORTED as watched_contract.
[[nodiscard]] stipend::Result<std::vector<Search>> searches_of(const Settings& settings,
                                                               const std::vector<stipend::Attempt>& attempts);

[[nodiscard]] std::vector<RpcCall> sight_calls(const Settings& settings, const std::vector<Search>& searches);
[[nodiscard]] stipend::Result<Sights> read_sights(const Settings& settings, const std::vector<Search>& searches,
                                                  Answers answers);
// The blocks that the receipts name, asked for by their numbers; none where there is no receipt.
[[nodiscard]] std::vector<RpcCall> receipt_block_calls(const Sights& sights);
// Votes whose block is not the one of that number become unsure.
[[nodiscard]] stipend::Result<Sights> with_blocks(Sights sights, Answers answers);

struct Sighting {
    Phase phase = Phase::none;
    Receipt receipt;
    std::uint64_t depth = 0;
    bool final = false;
    std::vector<std::uint8_t> paid;  // of a batch in a block: 1 or 0 for each payment
    std::string other = {};          // what one that is executed did instead of what it should; empty: it did that
};
// One for each search. UNAVAILABLE: no quorum has a vote, or those that have it in a block contradict each other, or
// none shows a transaction whose events count. INVALID: as outcome_of.
[[nodiscard]] stipend::Result<std::vector<Sighting>> agreed_sights(const Settings& settings,
                                                                   const std::vector<Search>& searches,
                                                                   const Views<Sights>& views);

}  // namespace evm
