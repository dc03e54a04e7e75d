// Pays what is owed: reserves it, binds it to a nonce, signs, sends, and watches what becomes of it.
//
// Deterministic: it reads no clock and does no I/O of its own. One thing at a time is under way, a question to the
// chain or a commit; what was decided before an answer is looked at again after it. What it sends is in the ledger
// first, and what the ledger says is paid or goes back is final on the chain. Errors change nothing but the time of the
// next try.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/settlement/chain.hpp"
#include "host/settlement/numbering.hpp"
#include "host/settlement/rules.hpp"
#include "stipend/result.hpp"

namespace stipend::settlement {

// Why nothing is bound now. The first five keep from being signed and sent as well what is bound already.
namespace blocks {
inline constexpr std::string_view restored = "restored";      // the ledger comes from a backup: Rules::restored
inline constexpr std::string_view chain = "chain";            // the endpoints are of another one
inline constexpr std::string_view endpoints = "endpoints";    // they contradict each other
inline constexpr std::string_view foreign = "foreign";        // the payer's key was used by something else
inline constexpr std::string_view unanswered = "unanswered";  // a question to the chain, the signer or the ledger
inline constexpr std::string_view reverts = "reverts";        // payments were executed as failures
inline constexpr std::string_view surge = "surge";            // far more is to be paid today than on other days
inline constexpr std::string_view shrunk = "shrunk";          // the payer has fewer tokens than what it paid leaves
inline constexpr std::string_view clock = "clock";            // it differs from that of the chain
inline constexpr std::string_view gas = "gas";                // it costs more than the limit
inline constexpr std::string_view funds = "funds";            // the payer has too little
inline constexpr std::string_view nonce = "nonce";            // the payer's own transactions are not final yet
inline constexpr std::array all{restored, chain,  endpoints, foreign, unanswered, reverts,
                                surge,    shrunk, clock,     gas,     funds,      nonce};
// Over when a person releases a payout.
[[nodiscard]] constexpr bool is_breaker(std::string_view id) {
    return id == reverts || id == surge || id == shrunk;
}
}  // namespace blocks
struct Block {
    std::string_view id = {};  // one of `blocks`; empty: nothing blocks
    std::string text = {};     // for people
};

// The id of the batch that pays by a nonce. A nonce is executed once, so no batch of the payer has another's id.
[[nodiscard]] Hash batch_id(std::uint64_t chain_id, std::string_view payer, std::uint64_t nonce);

class Settler {
  public:
    // `chain`, `book` and `numbering` outlive it; the first two answer no more once it is gone.
    Settler(Rules rules, Chain& chain, Book& book, Numbering& numbering, ledger::OpenPayouts open);
    Settler(const Settler&) = delete;
    Settler& operator=(const Settler&) = delete;

    void set_rules(Rules rules) { rules_ = std::move(rules); }
    // Goes on where something is due at `now`; nothing else happens between two calls, but for answers.
    void run(stipend_unix_ns now);
    // When to call `run` next, later than the last call; none while an answer is awaited.
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const;
    [[nodiscard]] bool busy() const { return busy_; }

    struct SlotView {
        ledger::Slot row = {};
        std::vector<ledger::Attempt> attempts = {};
        std::vector<Sighting> sightings = {};    // of the attempts; fewer: not looked for yet
        stipend_unix_ns sent_at = 0;             // the last time; 0: the newest attempt was not sent in this run
        std::uint64_t gas = 0;                   // its limit; 0: not estimated in this run
        std::uint64_t likely = 0;                // the gas that it takes
        std::optional<Fees> signed_before = {};  // the last ones that the signer remembers without this ledger
        std::string dear = {};                   // why it is not signed again with higher fees; empty: it may be
        std::string unread = {};                 // why the chain's answer about it cannot be read; empty: it can
        stipend_unix_ns unread_since = 0;
        stipend_unix_ns missing_since = 0;  // that its nonce is used for good, and by no attempt; 0: it is not
        bool gives_up = false;              // nothing is to be paid by it any more
        bool recalled = false;              // the signer was asked what it remembers, or cannot remember anything
        bool looked_at = false;             // in this run, on the chain
    };
    [[nodiscard]] const std::map<PayoutId, ledger::OpenPayout>& payouts() const { return payouts_; }
    [[nodiscard]] const std::map<SlotId, SlotView>& slots() const { return slots_; }
    [[nodiscard]] Block block() const;
    [[nodiscard]] const Rules& rules() const { return rules_; }
    [[nodiscard]] const std::optional<Account>& account() const { return account_; }  // as it was asked for last
    // Those about which no answer could be read for as long as an attempt is waited for before it is sent again. They
    // keep their state, and the others go on.
    [[nodiscard]] std::vector<SlotId> unread() const;
    // When the chain is asked about attempts next.
    [[nodiscard]] stipend_unix_ns next_look() const { return std::max(sight_due_, retry_due_); }
    [[nodiscard]] SignedWei bound_today() const;
    // Whether the limits of its day keep a payout from being bound.
    [[nodiscard]] bool waits_for_a_day(const ledger::OpenPayout& payout) const;

    // What a person orders; each is an edge of the graph, or CONFLICT. `by` is that person: never empty. `done` follows
    // the commit.
    void hold(PayoutId payout, std::string reason, std::string by, std::function<void(Result<void>)> done);
    void release(PayoutId payout, std::string by, std::function<void(Result<void>)> done);
    void give_back(PayoutId payout, std::string reason, std::string by, std::function<void(Result<void>)> done);
    // Ends what froze a payout, and all others of its slot: where the chain has used their nonce for good for another
    // transaction they are owed again; otherwise they go on, and freeze again where the contradiction has stayed. BUSY:
    // the chain was not asked yet, or not for long enough.
    void unfreeze(PayoutId payout, std::string by, std::function<void(Result<void>)> done);
    // Ends a frozen payout whose transaction is executed for good and did something else than it should, and all others
    // of its slot: as paid, or as owed again. What it really moved is the person's to know. BUSY: the chain was not
    // asked yet, or its block can still be replaced. CONFLICT: it is not frozen, or the chain says no such thing of it.
    enum class Settled : std::uint8_t { paid, owed };
    void settle(PayoutId payout, Settled as, std::string by, std::function<void(Result<void>)> done);
    // Where the chain is ahead of the ledger ("foreign"): records that its final nonces were used by something else, at
    // most `max_accepted` at a time, so that the next one follows them. What those transactions paid is not known here:
    // debts stay as they are. BUSY: none of them is final yet.
    void accept_foreign(std::string by, std::function<void(Result<void>)> done);
    static constexpr std::uint64_t max_accepted = 1'000;

  private:
    using State = ledger::PayoutState;
    struct Gas {
        std::uint64_t gas = 0;     // the limit
        std::uint64_t likely = 0;  // that it takes
        stipend_unix_ns at = 0;
    };

    // settler.cpp
    void go_on();
    bool start_something();
    void commit(ledger::PayoutChanges changes, std::function<void()> then = {});
    // Around a commit, so that no other settler takes the same numbers.
    void begin_commit(const ledger::PayoutChanges& changes);
    void end_commit(const ledger::PayoutChanges& changes);
    void apply(const ledger::PayoutChanges& changes);
    void apply_step(const ledger::PayoutStep& step);
    void note_failures(const ledger::PayoutChanges& changes);
    void failed(std::string_view what, const Error& error);
    // One of its payouts is frozen: only a person moves it.
    [[nodiscard]] bool is_frozen(SlotId slot) const;
    [[nodiscard]] bool is_any_frozen() const { return frozen_ != 0; }
    // Nothing is sent, signed, bound or reserved.
    [[nodiscard]] bool only_watches() const;
    // Wraps an answer: nothing else is under way until it comes.
    template <class T>
    std::function<void(Result<T>)> answer(void (Settler::*take)(Result<T>)) {
        STIPEND_ASSERT(!busy_);
        busy_ = true;
        return [this, take](Result<T> given) {
            busy_ = false;
            (this->*take)(std::move(given));
            go_on();
        };
    }

    // settler_orders.cpp
    void order(PayoutId payout, State state, std::string reason, std::string by,
               std::function<void(Result<void>)> done);
    [[nodiscard]] Result<void> may_order(PayoutId payout, std::string_view by) const;
    // The slot of a payout that may be ordered and is frozen, once the chain was asked about it.
    [[nodiscard]] Result<SlotView*> frozen_slot(PayoutId payout, std::string_view by);
    void commit_order(ledger::PayoutChanges changes, std::function<void(Result<void>)> done);

    // settler_watch.cpp
    bool look_at_account();
    void take_account(Result<Account> account);
    bool look_at_attempts();
    void begin_look();
    bool ask_part();
    void take_sightings(Result<std::vector<Sighting>> sightings);
    [[nodiscard]] Result<void> check_sightings(const std::vector<Sighting>& sightings) const;
    void lose_part(const Error& error);
    void lose_look(const Error& error);
    void watch_nonce(SlotView& slot);
    void follow(SlotView& slot, ledger::PayoutChanges& changes);
    void freeze_other(const SlotView& slot, std::size_t attempt, ledger::PayoutChanges& changes);
    void end(const SlotView& slot, std::size_t attempt, ledger::PayoutChanges& changes);
    void step_all(const SlotView& slot, State state, const Sighting* seen, std::string_view reason,
                  ledger::PayoutChanges& changes);

    // settler_breakers.cpp
    [[nodiscard]] Block breaker() const;
    struct Surge {
        PayoutId payout = 0;
        std::string text = {};
    };
    [[nodiscard]] std::optional<Surge> surge() const;
    void turn_day(std::int64_t today);
    void watch_funds();
    void note_paid(const ledger::PayoutStep& step);
    void note_released(const ledger::PayoutStep& step);

    // settler_bind.cpp
    bool reserve();
    void take_reserved(Result<std::vector<ledger::Payout>> reserved);
    // The highest nonce of the payer as the chain has it now.
    [[nodiscard]] std::optional<std::uint64_t> last_nonce() const {
        return account_ ? numbering_.last_nonce(rules_.chain_id, account_->payer) : std::nullopt;
    }
    // Why nothing can be bound, though what is bound goes on.
    [[nodiscard]] Block binding_block() const;
    bool hold_failed();
    bool bind();
    bool hold_over_limit();
    // What can be bound now together, in the order of ids, within the limits; at most `most`.
    [[nodiscard]] std::vector<PayoutId> due_payouts(std::size_t most) const;
    [[nodiscard]] std::vector<PaymentTo> payments_of(const std::vector<PayoutId>& payouts) const;
    void ask_for_estimate(std::vector<PayoutId> payouts);
    void take_estimate(Result<Estimate> estimate);
    void take_estimate_of_batch(Result<Estimate> estimate);
    void take_estimate_of_slot(Result<Estimate> estimate);
    void bind_together(const std::vector<PayoutId>& payouts, Gas gas);
    void bind_each(const std::vector<PayoutId>& payouts);
    // After the commit of a new slot.
    void open_slot(SlotId slot, Gas gas, const std::vector<PayoutId>& payouts);
    [[nodiscard]] std::uint64_t next_nonce() const;

    // settler_funds.cpp
    struct Obstacle {
        std::string_view block = {};  // "funds", or empty: it is in the way of these payouts alone
        std::string text = {};        // empty: there is none
        SignedWei fee = {};           // where there is none: what it costs at most
    };
    // What is bound and not in a block yet, which the payer still holds: what is paid, and the fees.
    struct UnderWay {
        SignedWei paid = {};
        SignedWei fees = {};
    };
    // `beside` is bound together with it, and is to be paid too.
    [[nodiscard]] Obstacle obstacle(const SignedWei& wei, std::uint64_t gas, std::size_t payouts,
                                    const UnderWay& beside) const;
    void note_obstacle(const std::vector<PayoutId>& payouts, const Obstacle& why);
    [[nodiscard]] static Obstacle shortage(const Result<SignedWei>& needed, const SignedWei& has,
                                           std::string_view unit);
    // Why a fee is more than it may be; empty: it is not.
    [[nodiscard]] std::string too_dear(const SignedWei& fee, const SignedWei& wei, std::size_t payouts) const;
    // The same of a slot that is to be signed again with these fees.
    [[nodiscard]] std::string too_dear_again(const SlotView& slot, const Fees& fees) const;
    // None beyond the range of an amount.
    [[nodiscard]] std::optional<UnderWay> under_way() const;

    // settler_sign.cpp
    bool sign();
    void ask_for_signature(SlotView& slot, Fees fees, bool gives_up);
    // The next one that is bound and only wants its signature: all of them are recorded in one commit.
    bool sign_next();
    void record_signed();
    void take_signed(Result<SignedBytes> bytes);
    void take_recalled(Result<std::vector<SignedBytes>> recalled);
    [[nodiscard]] std::optional<std::vector<SlotId>> unsigned_above(const SlotView& slot) const;
    void take_back(SlotView& slot, std::string_view reason);
    bool send();
    void take_sent(Result<void> sent);
    bool replace();
    [[nodiscard]] SlotWork work_of(const SlotView& slot, bool gives_up) const;

    Rules rules_;
    Chain& chain_;
    Book& book_;
    Numbering& numbering_;
    std::map<PayoutId, ledger::OpenPayout> payouts_;
    std::size_t frozen_ = 0;  // payouts; asked for each slot at each step, so they are counted
    std::map<SlotId, SlotView> slots_;
    std::map<OrchestratorId, PayoutId> failed_;            // payees whose last payout failed, until a person's release
    std::uint64_t reverts_ = 0;                            // since a person's release
    std::map<std::string, SignedWei, std::less<>> bound_;  // on day_, by address
    std::int64_t day_ = 0;
    std::vector<SignedWei> past_days_;  // what was bound on the last days with payouts before day_, the newest first
    std::int64_t released_day_ = 0;     // on which a person released a payout last
    // Of a token: what its payer had when nothing was under way, less what it has paid since. None: not known.
    std::optional<PaymentTo> funds_left_;
    std::string shrunk_;  // why the payer's funds are not what they should be, until a person releases a payout
    std::optional<Account> account_;
    std::int64_t skew_ns_ = 0;  // between the newest block and this clock, when the account was asked for
    stipend_unix_ns now_ = 0;
    stipend_unix_ns account_due_ = 0;
    stipend_unix_ns sight_due_ = 0;
    stipend_unix_ns reserve_due_ = 0;
    stipend_unix_ns retry_due_ = 0;  // after an error
    std::uint32_t failures_ = 0;     // since all that was due was done
    bool busy_ = false;
    Block block_;
    std::string short_of_;                           // what the payer's funds lack for what is to be bound next
    stipend_unix_ns bind_due_ = 0;                   // when to look at the funds again
    std::vector<std::vector<SlotId>> parts_;         // slots to be asked about in this look, the last part next
    std::vector<SlotId> asked_of_;                   // slots whose sightings are awaited
    std::vector<Sought> asked_;                      // their attempts
    std::uint32_t lost_parts_ = 0;                   // of this look: that were not answered
    bool read_any_ = false;                          // in this look
    bool sight_failed_ = false;                      // the last look had a part that was not answered
    std::vector<PayoutId> estimated_;                // whose estimate is awaited
    std::map<PayoutId, Gas> single_gas_;             // of reserved ones, by a transaction of their own
    std::set<PayoutId> singly_;                      // those that no batch takes
    SlotId working_ = 0;                             // whose signature, memory or sending is awaited
    SlotWork work_;                                  // what is being signed for it
    ledger::PayoutChanges signed_;                   // attempts that are not recorded yet, and their steps
    std::string refusal_;                            // of the signer, until it says what it has signed
    std::map<PayoutId, stipend_unix_ns> try_again_;  // payouts that wait without being held
};

}  // namespace stipend::settlement
