// The text of a job token.
#pragma once

#include <cstdint>
#include <string>

#include "tests/devnet/fine_wei.hpp"
#include "tests/devnet/settings.hpp"

namespace stipend::devnet {

struct Token {
    std::string addr = {};  // the sender's credential as it came
    std::string sig = {};
    std::uint32_t orchestrator = 0;
    FineWei price = 0;
    FineWei balance = 0;
    std::string service_address = {};
    std::int64_t capacity = 0;
};

// JSON with a newline, its fields as the era has them. The ticket parameters have a node's form and the settings'
// expected value; nothing here accepts a ticket that is made from them.
[[nodiscard]] std::string token_text(const Token& token, const Settings& settings);

}  // namespace stipend::devnet
