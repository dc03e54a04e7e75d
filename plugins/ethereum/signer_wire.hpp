// Requests to the signer and its answers (docs/signer.md). Pure. The signer is believed nothing: what it returns is
// decoded, and compared with what was asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slot.hpp"
#include "transactions.hpp"

namespace evm {

inline constexpr std::size_t frame_head_bytes = 4;
inline constexpr std::size_t max_signer_answer_bytes = std::size_t{16} << 20;  // 100 attempts with the longest data

// The length of the text in four bytes, the most significant first, and the text.
[[nodiscard]] std::string frame(std::string_view text);
// Of at least frame_head_bytes.
[[nodiscard]] std::size_t frame_size(std::string_view head);

[[nodiscard]] std::string sign_request(const Order& order);
[[nodiscard]] std::string attempts_request(std::uint64_t nonce);

struct SignerAnswer {
    std::string refused;                    // the code and the message; empty: it has signed
    std::optional<SignedTransaction> made;  // of one that signed
};
// INVALID: it is no answer, or what was signed differs from the order in any field. UNAVAILABLE: the signer failed, and
// has signed nothing.
[[nodiscard]] stipend::Result<SignerAnswer> read_signed(const Settings& settings, const Order& order,
                                                        std::string_view answer);
// All of them of the payer, for that nonce of the chain, and each of a kind that order_of makes. INVALID otherwise.
[[nodiscard]] stipend::Result<std::vector<SignedTransaction>> read_attempts(const Settings& settings,
                                                                            std::uint64_t nonce,
                                                                            std::string_view answer);
}  // namespace evm
