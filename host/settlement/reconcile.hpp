// Compares what the ledger says of the payer's nonces with what the chain says. Changes nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/ledger/ledger.hpp"
#include "host/settlement/chain.hpp"

namespace stipend::settlement {

struct Reconciled {
    static constexpr std::size_t max_findings = 100;
    std::uint64_t slots = 0;                 // that were compared
    std::uint64_t bad = 0;                   // number of all findings
    std::vector<std::string> findings = {};  // the first ones
    SignedWei funds = {};                    // of the payer, by the chain
    std::string payer = {};
    std::uint64_t next_nonce = 0;  // of the payer, by the chain

    void find(std::string what) {
        if (++bad <= max_findings) findings.push_back(std::move(what));
    }
};

// What is compared: slots that have ended, and the last nonce of each payer.
struct LedgerSide {
    std::vector<ledger::EndedSlot> ended = {};
    ledger::OpenPayouts open = {};
    bool restored = false;  // it comes from a backup, and was not compared since
};

// Asks `chain` step by step, on the thread that calls this; `done` follows once. `chain` outlives that.
void reconcile(Chain& chain, std::shared_ptr<const LedgerSide> ledger, std::function<void(Result<Reconciled>)> done);

}  // namespace stipend::settlement
