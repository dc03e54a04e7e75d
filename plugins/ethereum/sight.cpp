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
    return Sighting{
        .phase = Phase::in_block, .receipt = receipt, .depth = depths[quorum - 1], .final = finals >= quorum};
}

}  // namespace

std::vector<RpcCall> sight_calls(const Settings& settings, const std::vector<Bytes32>& ids) {
    auto out = heads_calls(settings);
    for (const auto& id : ids) {
        const auto params = cat("[\"", hex_text(id), "\"]");
        // First the transaction: what is mined between the two calls has a receipt in the second.
        out.push_back({"eth_getTransactionByHash", params});
        out.push_back({"eth_getTransactionReceipt", params});
    }
    return out;
}

Result<Sights> read_sights(const Settings& settings, const std::vector<Bytes32>& ids, Answers answers) {
    Sights out;
    STIPEND_SET(out.heads, read_heads(settings, answers));
    auto at = heads_count(settings);
    for (const auto& id : ids) {
        STIPEND_LET(known, read_known(answers[at++], id));
        STIPEND_LET(receipt, read_receipt(answers[at++], id));
        Vote vote{.phase = known ? Phase::waiting : Phase::none, .receipt = {}};
        if (receipt) vote = {.phase = Phase::in_block, .receipt = *receipt};
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

Result<std::vector<Sighting>> agreed_sights(const Settings& settings, std::size_t ids, const Views<Sights>& views) {
    STIPEND_TRY(check_quorum(settings, views));
    std::vector<Sighting> out;
    for (std::size_t id = 0; id < ids; ++id) {
        const auto poll = poll_of(views, id);
        if (poll.votes.size() < settings.quorum) {
            return fail(STIPEND_E_UNAVAILABLE, poll.votes.size(), " of ", views.size(),
                        " endpoints are sure of a transaction, want ", settings.quorum);
        }
        std::optional<Sighting> sighting;
        for (const auto* vote : poll.votes) {
            if (!sighting && vote->phase == Phase::in_block) {
                sighting = in_block(poll, vote->receipt, settings.quorum);
            }
        }
        if (!sighting && poll.in_block >= settings.quorum) {
            return fail(STIPEND_E_UNAVAILABLE, "the endpoints disagree about the block of a transaction");
        }
        if (!sighting) sighting = Sighting{.phase = poll.known ? Phase::waiting : Phase::none, .receipt = {}};
        out.push_back(std::move(*sighting));
    }
    return out;
}

}  // namespace evm
