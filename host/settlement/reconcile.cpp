#include "host/settlement/reconcile.hpp"

#include <algorithm>

#include "stipend/hex.hpp"

namespace stipend::settlement {
namespace {

constexpr std::size_t sighted_at_once = 64;
// That many in a row without an answer: the endpoints are gone, rather than some of what they are asked for.
constexpr std::size_t most_unread = 3;

std::string name_of(const ledger::EndedSlot& slot) {
    return cat("nonce ", slot.row.nonce, " of ", slot.row.payer, " (slot ", slot.row.id, ", 0x",
               hex_encode(slot.end.id), ")");
}

// Of how many payments its transaction is a batch.
std::uint64_t batch_of(const ledger::EndedSlot& slot) {
    return slot.row.payouts > 1 && !slot.gives_up ? slot.row.payouts : 0;
}

class Run : public std::enable_shared_from_this<Run> {
  public:
    Run(Chain& chain, std::shared_ptr<const LedgerSide> ledger, std::function<void(Result<Reconciled>)> done)
        : chain_(chain), ledger_(std::move(ledger)), done_(std::move(done)) {}

    void start() {
        chain_.account([self = shared_from_this()](Result<Account> account) {
            if (!account) return self->done_(account.error());
            self->compare_nonces(*account);
            self->next();
        });
    }

  private:
    // All that the payer ever spent it spent by its nonces: where each of them is this ledger's, nothing else did.
    void compare_nonces(const Account& account) {
        out_.payer = account.payer;
        out_.funds = account.funds;
        out_.next_nonce = account.next_slot;
        if (account.disagree) out_.find("the endpoints contradict each other about what is final");
        const auto& last_slots = ledger_->open.last_slots;
        const auto last = std::ranges::find(last_slots, account.payer, &ledger::Slot::payer);
        if (last == last_slots.end()) {
            if (ledger_->restored && account.next_slot > 0) {
                out_.find(cat("the chain has executed nonce ", account.next_slot - 1, " of ", account.payer,
                              ", but this ledger, which was restored, has none of its nonces"));
            }
            return;
        }
        if (account.next_slot > last->nonce + 1) {
            out_.find(cat("the chain has executed nonce ", account.next_slot - 1, " of ", account.payer,
                          ", but the last one of this ledger is ", last->nonce));
        }
        const auto open = std::ranges::any_of(
            ledger_->open.slots, [&](const ledger::OpenSlot& slot) { return slot.row.payer == account.payer; });
        if (!open && account.next_slot <= last->nonce) {
            out_.find(cat("this ledger has seen nonce ", last->nonce, " of ", account.payer,
                          " executed for good, but the chain's next one is ", account.next_slot));
        }
    }

    void next() {
        const auto& ended = ledger_->ended;
        if (at_ == ended.size()) return done_(std::move(out_));
        std::vector<Sought> sought;
        const auto end = std::min(ended.size(), at_ + (at_ < alone_until_ ? 1 : sighted_at_once));
        for (auto i = at_; i < end; ++i) sought.push_back({.id = ended[i].end.id, .batch = batch_of(ended[i])});
        chain_.sight(sought, [self = shared_from_this(), end](Result<std::vector<Sighting>> seen) {
            if (!seen) return self->failed(seen.error(), end);
            self->unread_ = 0;
            for (const auto& one : *seen) self->compare(self->ledger_->ended[self->at_++], one);
            self->next();
        });
    }

    // One transaction that cannot be read hides none of the others: each of them is asked for alone.
    void failed(const Error& error, std::size_t end) {
        if (end - at_ > 1) {
            alone_until_ = end;
            return next();
        }
        if (++unread_ == most_unread) return done_(error);
        out_.find(cat(name_of(ledger_->ended[at_++]), ": cannot be read: ", error.message));
        next();
    }

    void compare(const ledger::EndedSlot& slot, const Sighting& seen) {
        ++out_.slots;
        const auto& end = slot.end;
        if (seen.phase != Phase::in_block) return out_.find(cat(name_of(slot), ": is in no block"));
        if (seen.block_hash != end.block_hash) {
            return out_.find(cat(name_of(slot), ": is in block ", seen.block, " 0x", hex_encode(seen.block_hash),
                                 ", but was seen for good in block ", end.block, " 0x", hex_encode(end.block_hash)));
        }
        // What it counts as was a person's to say.
        if (!seen.other.empty() && end.by.empty()) {
            out_.find(cat(name_of(slot),
                          ": did something else than it should, which this ledger does not have: ", seen.other));
        } else if (seen.other.empty() && seen.executed != end.executed) {
            out_.find(cat(name_of(slot), ": was ", seen.executed ? "" : "not ",
                          "executed, but this ledger has the opposite"));
        }
        if (seen.fee != end.fee_wei) {
            out_.find(cat(name_of(slot), ": cost ", seen.fee.text(), " wei, but this ledger has ", end.fee_wei.text()));
        }
        if (batch_of(slot) != 0 && seen.executed && seen.paid != slot.paid) {
            out_.find(cat(name_of(slot), ": paid others of its payees than this ledger has"));
        }
        if (!seen.final) out_.find(cat(name_of(slot), ": is in a block that can still be replaced"));
    }

    Chain& chain_;
    const std::shared_ptr<const LedgerSide> ledger_;
    const std::function<void(Result<Reconciled>)> done_;
    Reconciled out_;
    std::size_t at_ = 0;
    std::size_t alone_until_ = 0;  // one at a time up to there
    std::size_t unread_ = 0;       // in a row
};

}  // namespace

void reconcile(Chain& chain, std::shared_ptr<const LedgerSide> ledger, std::function<void(Result<Reconciled>)> done) {
    std::make_shared<Run>(chain, std::move(ledger), std::move(done))->start();
}

}  // namespace stipend::settlement
