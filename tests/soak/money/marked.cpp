#include "tests/soak/money/marked.hpp"

#include <algorithm>
#include <cstdlib>

#include "host/settlement/settler.hpp"

namespace soak {

std::string MarkedBook::address(ledger::OrchestratorId id) {
    const auto digits = std::to_string(id);
    return cat("0xfeed", std::string(36 - digits.size(), '0'), digits);
}

Result<void> MarkedBook::write(const std::string& name, const ledger::Batch& batch) {
    faults_.crash.pass(name + "-before");
    faults_.inside = name + "-inside";
    auto committed = ledger_.commit(batch);
    faults_.inside.clear();
    if (ledger_.failed()) {
        // Nothing is known of a disk that failed: the next start reads what is there.
        std::fprintf(stderr, "%s\n", committed.error().message.c_str());
        std::_Exit(4);
    }
    faults_.crash.pass(name + "-after");
    return committed;
}

void MarkedBook::reserve(const Reservation& which, std::function<void(Result<std::vector<ledger::Payout>>)> done) {
    const auto state = ledger_.load_state();
    if (!state) return post_([done, error = state.error()] { done(error); });
    ledger::Batch batch;
    auto& reserved = batch.payouts.reserved;
    auto next = which.first;
    for (const auto& one : state->orchestrators) {
        const bool has_one = std::ranges::binary_search(which.without, one.row.id);
        if (has_one || one.owed < which.at_least || reserved.size() == which.most) continue;
        reserved.push_back(
            {.id = next++, .orchestrator = one.row.id, .to = address(one.row.id), .wei = one.owed, .at = which.at});
    }
    const auto committed = reserved.empty() ? Result<void>() : write("reserve", batch);
    auto answer = committed ? Result<std::vector<ledger::Payout>>(reserved) : committed.error();
    post_([done, answer] { done(answer); });
}

std::string MarkedBook::name_of(const ledger::PayoutChanges& changes) const {
    if (!changes.slots.empty()) return "bind";
    if (!changes.attempts.empty()) {
        return faults_.recorded.slot_has_attempt(changes.attempts[0].slot) ? "bump" : "attempt";
    }
    if (!changes.ends.empty()) return "end";
    const bool in_block =
        std::ranges::any_of(changes.steps, [](const auto& step) { return step.state == ledger::PayoutState::mined; });
    return in_block ? "mined" : "step";
}

void MarkedBook::commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) {
    const auto name = name_of(changes);
    Result<void> committed;
    if (faults_.wrong == Wrong::send_before_record && (name == "bind" || name == "attempt")) {
        deferred_.push_back(changes);
    } else {
        ledger::Batch batch;
        batch.payouts = changes;
        committed = write(name, batch);
    }
    if (committed) faults_.recorded.apply(changes);
    post_([done, committed] { done(committed); });
}

Result<void> MarkedBook::write_deferred() {
    for (; !deferred_.empty(); deferred_.pop_front()) {
        ledger::Batch batch;
        batch.payouts = deferred_.front();
        STIPEND_TRY(write("deferred", batch));
    }
    return {};
}

Result<void> MarkedBook::return_payment(std::string_view raw) {
    const auto* attempt = faults_.recorded.find(raw);
    STIPEND_LET(state, ledger_.load_state());
    ledger::Batch batch;
    batch.payouts.ends.push_back(
        {.slot = attempt->slot, .id = attempt->id, .block_hash = attempt->id, .block = 1, .at = attempt->at});
    for (const auto& payout : state.payouts.front().payouts) {
        if (payout.slot != attempt->slot) continue;
        batch.payouts.steps.push_back({.payout = payout.row.id,
                                       .state = ledger::PayoutState::returned,
                                       .slot = attempt->slot,
                                       .reason = "it was not sent",
                                       .at = attempt->at});
    }
    return write("returned", batch);
}

void MarkedChain::account(std::function<void(Result<Account>)> done) {
    chain_.account([this, done](Result<Account> account) {
        if (account && faults_.wrong == Wrong::nonce_ahead && faults_.recorded.empty()) {
            account->final_next_slot = ++account->next_slot;
        }
        faults_.crash.pass("account");
        done(std::move(account));
    });
}

void MarkedChain::estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) {
    chain_.estimate(work, [this, done](Result<Estimate> estimate) {
        faults_.crash.pass("estimated");
        done(std::move(estimate));
    });
}

void MarkedChain::sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) {
    const bool again = faults_.recorded.has_attempt(work.nonce);
    auto asked = work;
    const bool renamed = faults_.wrong == Wrong::batch_without_id && work.payments.size() > 1;
    if (again && (renamed || faults_.wrong == Wrong::second_nonce)) {
        second_nonce_ = std::max(second_nonce_, faults_.recorded.next_nonce());
        asked.nonce = second_nonce_++;
        if (renamed) asked.batch = batch_id(42161, asked.payer, asked.nonce);
    }
    chain_.sign(asked, [this, again, done](Result<SignedBytes> bytes) {
        if (bytes && !bytes->refused) faults_.crash.pass(again ? "bump-signed" : "signed");
        done(std::move(bytes));
    });
}

void MarkedChain::recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) {
    chain_.recall(nonce, [this, done](Result<std::vector<SignedBytes>> recalled) {
        faults_.crash.pass("recalled");
        done(std::move(recalled));
    });
}

void MarkedChain::send(const std::string& raw, std::function<void(Result<void>)> done) {
    chain_.send(raw, [this, raw, done](Result<void> sent) {
        faults_.crash.pass("sent");
        if (const auto written = book_.write_deferred(); !written) sent = written.error();
        if (!sent && faults_.wrong == Wrong::credit_back) {
            const auto returned = book_.return_payment(raw);
            std::fprintf(stderr, "returned on an error: %s\n", returned ? "" : returned.error().message.c_str());
            std::_Exit(3);
        }
        done(std::move(sent));
    });
}

void MarkedChain::sight(const std::vector<Sought>& ids, std::function<void(Result<std::vector<Sighting>>)> done) {
    chain_.sight(ids, [this, ids, done](Result<std::vector<Sighting>> sightings) {
        if (sightings && faults_.wrong == Wrong::newest_only) {
            for (std::size_t at = 0; at < ids.size(); ++at) {
                if (faults_.recorded.is_old(ids[at].id)) (*sightings)[at] = {};
            }
        }
        if (sightings && faults_.wrong == Wrong::whole_batch) {
            for (auto& one : *sightings) {
                if (std::ranges::find(one.paid, false) == one.paid.end()) continue;
                one.executed = false;
                one.paid.clear();
            }
        }
        faults_.crash.pass("sighted");
        done(std::move(sightings));
    });
}

}  // namespace soak
