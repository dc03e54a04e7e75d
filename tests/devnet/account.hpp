// The gateway's account on the chain, as far as the devnet plays one: its key, and what it put into the contract.
#pragma once

#include <string>
#include <utility>

#include "tests/devnet/eth.hpp"

namespace stipend::devnet {

// Amounts are decimal digits, in wei.
struct Account {
    Account(EthKey made, std::string paid_in, std::string set_aside)
        : key(std::move(made)),
          sender(plain_address(key.address())),
          deposit(std::move(paid_in)),
          reserve(std::move(set_aside)) {}

    EthKey key;
    std::string sender;  // the address in the form in which senders are compared
    std::string deposit;
    std::string reserve;
    bool deposit_hidden = false;  // the deposit counts as spent

    [[nodiscard]] const std::string& visible_deposit() const {
        static const std::string nothing = "0";
        return deposit_hidden ? nothing : deposit;
    }
    [[nodiscard]] bool has_deposit() const { return positive(visible_deposit()); }
    [[nodiscard]] bool has_reserve() const { return positive(reserve); }

  private:
    static bool positive(const std::string& digits) { return digits.find_first_not_of('0') != std::string::npos; }
};

}  // namespace stipend::devnet
