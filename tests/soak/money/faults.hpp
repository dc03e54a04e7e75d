// Where the payer of the soak ends itself, and what it does wrong on purpose.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/payout_rows.hpp"

namespace soak {

using namespace stipend;

// A crash is SIGKILL, at the nth passing of the point with that name. [one thread]
class CrashPoint {
  public:
    CrashPoint() = default;
    CrashPoint(std::string name, int n) : name_(std::move(name)), left_(n) {}

    void pass(std::string_view name);

  private:
    std::string name_;
    int left_ = 0;
};

// Orders of steps that lose or double payments, each as a system in use has it.
enum class Wrong : std::uint8_t {
    none,
    send_before_record,  // what is bound and signed is recorded when it is sent
    credit_back,         // an error of sending returns what was to be paid, and ends the process
    newest_only,         // only the last attempt of a nonce is looked for
    second_nonce,        // a replacement takes another nonce
    nonce_ahead,         // the first nonce is above the chain's
    batch_without_id,    // a batch that is sent again has another id
    whole_batch,         // a batch with one payee that rejects counts as failed, and all of it is owed again
};
[[nodiscard]] Wrong wrong_of(std::string_view name);  // ends the process where there is none

// What is recorded of open nonces: the points and the wrong orders depend on it.
class Recorded {
  public:
    void load(const ledger::OpenPayouts& open);
    void apply(const ledger::PayoutChanges& changes);

    [[nodiscard]] bool has_attempt(std::uint64_t nonce) const;
    [[nodiscard]] bool slot_has_attempt(ledger::SlotId slot) const { return attempts_.contains(slot); }
    [[nodiscard]] bool is_old(const ledger::Hash& id) const;  // an attempt that was replaced
    [[nodiscard]] std::uint64_t next_nonce() const { return next_nonce_; }
    [[nodiscard]] bool empty() const { return next_nonce_ == 0; }
    // The attempt with these bytes; nullptr: none is recorded.
    [[nodiscard]] const ledger::Attempt* find(std::string_view raw) const;

  private:
    std::map<ledger::SlotId, std::uint64_t> nonces_;
    std::map<ledger::SlotId, std::vector<ledger::Attempt>> attempts_;
    std::uint64_t next_nonce_ = 0;
};

struct Faults {
    CrashPoint crash;
    Wrong wrong = Wrong::none;
    Recorded recorded;
    std::string inside;  // the point inside of the transaction that is written now
};

}  // namespace soak
