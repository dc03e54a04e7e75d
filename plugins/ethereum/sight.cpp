#include "sight.hpp"

#include <algorithm>

#include "ethereum/bytes.hpp"

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::ethereum::hex_text;

namespace {

std::vector<std::uint64_t> receipt_blocks(const Sights& sights) {
    std::vector<std::uint64_t> out;
    for (const auto& vote : sights.votes) {
        if (vote.phase == Phase::in_block) out.push_back(vote.receipt.block);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// The votes of the endpoints on one id.
struct Poll {
    std::vector<const Sights*> from;
    std::vector<const Vote*> votes;
    bool known = false;  // by one of them
    std::size_t in_block = 0;
};

Poll poll_of(const Views<Sights>& views, std::size_t id) {
    Poll out;
    for (const auto& view : views) {
        if (!view || view->votes[id].phase == Phase::unsure) continue;
        const auto& vote = view->votes[id];
        out.from.push_back(&*view);
        out.votes.push_back(&vote);
        out.known = out.known || vote.phase != Phase::none;
        if (vote.phase == Phase::in_block) ++out.in_block;
    }
    return out;
}

// The sighting that a quorum has in the block of `receipt`; nothing without a quorum.
std::optional<Sighting> in_block(const Poll& poll, const Receipt& receipt, std::size_t quorum) {
    std::vector<std::uint64_t> depths;
    std::size_t finals = 0;
    for (std::size_t at = 0; at < poll.votes.size(); ++at) {
        const auto& vote = *poll.votes[at];
        if (vote.phase != Phase::in_block || !(vote.receipt == receipt)) continue;
        const auto& heads = poll.from[at]->heads;
        depths.push_back(heads.newest - std::min(heads.newest, receipt.block));
        if (heads.final >= receipt.block) ++finals;
    }
    if (depths.size() < quorum) return std::nullopt;
    std::sort(depths.rbegin(), depths.rend());
    return Sighting{.phase = Phase::in_block,
                    .receipt = receipt,
                    .depth = depths[quorum - 1],
                    .final = finals >= quorum,
                    .paid = {}};
}

// What a quorum says of one attempt.
Result<Sighting> agreed_sight(const Settings& settings, std::size_t at, const Views<Sights>& views) {
    const auto poll = poll_of(views, at);
    if (poll.votes.size() < settings.quorum) {
        return fail(STIPEND_E_UNAVAILABLE, poll.votes.size(), " of ", views.size(),
                    " endpoints are sure of a transaction, want ", settings.quorum);
    }
    for (const auto* vote : poll.votes) {
        if (vote->phase != Phase::in_block) continue;
        if (auto found = in_block(poll, vote->receipt, settings.quorum)) return std::move(*found);
    }
    if (poll.in_block >= settings.quorum) {
        return fail(STIPEND_E_UNAVAILABLE, "the endpoints disagree about the block or the events of a transaction");
    }
    return Sighting{.phase = poll.known ? Phase::waiting : Phase::none, .receipt = {}, .paid = {}};
}

// Any endpoint's: it is proven by its hash.
const Bytes* shown_in(const Views<Sights>& views, std::size_t at) {
    for (const auto& view : views) {
        if (view && view->votes[at].shown) return &*view->votes[at].shown;
    }
    return nullptr;
}

// Sets what a transaction in a block has paid, where its events say that.
Result<void> judge(const Settings& settings, const Search& search, const Bytes* shown, Sighting& sighting) {
    if (sighting.phase != Phase::in_block || !search.watched) return {};
    sighting.paid.resize(search.attempt.batch_count);
    if (!sighting.receipt.executed) return {};
    const auto id = hex_text(search.attempt.id);
    if (shown == nullptr) {
        return fail(STIPEND_E_UNAVAILABLE, "no endpoint shows the transaction ", id, ", which is in a block");
    }
    auto outcome = outcome_of(settings, search.attempt, *shown, sighting.receipt);
    if (!outcome) {
        return std::move(outcome).error().in(
            cat("the transaction ", id, " is executed, and what it paid is not known"));
    }
    sighting.paid = std::move(outcome->paid);
    sighting.other = std::move(outcome->other);
    return {};
}

std::size_t transaction_bytes(std::uint64_t payments) {
    constexpr std::size_t each = 160;  // an address and an amount, in hex
    return RpcCall{}.most_bytes + payments * each;
}

// A payee that is a contract may write events too, as many as its gas suffices for: one of some 450 bytes takes 379. In
// a batch it has 32,300; the most is enough for some 480 payees that use all of that so.
std::size_t receipt_bytes(const Settings& settings, std::uint64_t payments) {
    constexpr std::uint64_t payee_gas = 32'300;
    constexpr std::size_t most = std::size_t{16} << 20;
    const auto gas = payments == 0 ? settings.max_payment_gas : payments * payee_gas;
    return std::min<std::size_t>(RpcCall{}.most_bytes + gas + gas / 4, most);
}

}  // namespace

Result<std::vector<Search>> searches_of(const Settings& settings, const std::vector<stipend::Attempt>& attempts) {
    std::vector<Search> out;
    for (const auto& attempt : attempts) {
        if (attempt.batch_count > stipend::ethereum::max_batch_payments) {
            return fail(STIPEND_E_LIMIT, "got a batch of ", attempt.batch_count, " payments, want at most ",
                        stipend::ethereum::max_batch_payments);
        }
        STIPEND_LET(watched, watched_contract(settings, attempt));
        out.push_back({attempt, watched});
    }
    return out;
}

std::vector<RpcCall> sight_calls(const Settings& settings, const std::vector<Search>& searches) {
    auto out = heads_calls(settings);
    for (const auto& [attempt, watched] : searches) {
        const auto params = cat("[\"", hex_text(attempt.id), "\"]");
        // First the transaction: what is mined between the two calls has a receipt in the second.
        out.push_back({"eth_getTransactionByHash", params, transaction_bytes(attempt.batch_count)});
        out.push_back({"eth_getTransactionReceipt", params, receipt_bytes(settings, attempt.batch_count)});
    }
    return out;
}

Result<Sights> read_sights(const Settings& settings, const std::vector<Search>& searches, Answers answers) {
    Sights out;
    STIPEND_SET(out.heads, read_heads(settings, answers));
    auto at = heads_count(settings);
    for (const auto& [attempt, watched] : searches) {
        const auto& transaction = answers[at++];
        STIPEND_LET(known, read_known(transaction, attempt.id));
        STIPEND_LET(receipt, read_receipt(answers[at++], attempt.id, watched));
        Vote vote{.phase = known ? Phase::waiting : Phase::none, .receipt = {}, .shown = {}};
        if (receipt) {
            vote.phase = Phase::in_block;
            vote.receipt = std::move(*receipt);
            if (watched) vote.shown = read_shown(transaction, attempt.id);
        }
        out.votes.push_back(std::move(vote));
    }
    return out;
}

std::vector<RpcCall> receipt_block_calls(const Sights& sights) {
    std::vector<RpcCall> out;
    for (const auto number : receipt_blocks(sights)) out.push_back(block_call(number));
    return out;
}

Result<Sights> with_blocks(Sights sights, Answers answers) {
    const auto numbers = receipt_blocks(sights);
    std::vector<Block> blocks;
    for (std::size_t at = 0; at < numbers.size(); ++at) {
        STIPEND_LET(block, read_block(answers[at], numbers[at]));
        blocks.push_back(std::move(block));
    }
    for (auto& vote : sights.votes) {
        if (vote.phase != Phase::in_block) continue;
        const auto found = std::lower_bound(numbers.begin(), numbers.end(), vote.receipt.block);
        const auto& block = blocks[static_cast<std::size_t>(found - numbers.begin())];
        if (block.hash != vote.receipt.block_hash) vote = {};
    }
    return sights;
}

Result<std::vector<Sighting>> agreed_sights(const Settings& settings, const std::vector<Search>& searches,
                                            const Views<Sights>& views) {
    STIPEND_TRY(check_quorum(settings, views));
    std::vector<Sighting> out;
    for (std::size_t at = 0; at < searches.size(); ++at) {
        STIPEND_LET(sighting, agreed_sight(settings, at, views));
        STIPEND_TRY(judge(settings, searches[at], shown_in(views, at), sighting));
        out.push_back(std::move(sighting));
    }
    return out;
}

}  // namespace evm
