// What an open payout waits for, for people.
#pragma once

#include <string>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {

struct Waiting {
    std::string text = {};
    std::string command = {};                  // what an operator can do about it; empty: nothing is to be done
    std::optional<stipend_unix_ns> next = {};  // when this host does the next thing by itself, where that is known
};

// `payout` is one of the settler's. [pure]
[[nodiscard]] Waiting waiting_of(const Settler& settler, ledger::PayoutId payout, stipend_unix_ns now);

// What keeps all payouts, and what an operator can do about it; empty texts: nothing does. [pure]
[[nodiscard]] Waiting waiting_of_all(const Settler& settler);

}  // namespace stipend::settlement
