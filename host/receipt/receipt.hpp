// The receipt of a payout: what was paid to which address by which transaction, and for which decisions, signed by the
// key of receipts. Its text, and how it is checked: docs/receipts.md.
//
// A receipt is made of what the ledger holds, whenever it is asked for, and is the same each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/ledger.hpp"
#include "host/receipt/key.hpp"
#include "stipend/json.hpp"

namespace stipend::receipt {

inline constexpr std::uint64_t max_listed_items = 50'000;  // with more, a receipt has their root alone
inline constexpr std::size_t max_document_bytes = std::size_t{64} << 20;

// {"receipt":BODY,"signature":"0x...","items":[ITEM...]}, an item on each line. None: there is no such payout, or it is
// not of `orchestrator`; an empty one is any. STATE: it is not paid yet, or never will be. INVALID: the ledger does not
// add up.
[[nodiscard]] Result<std::optional<std::string>> make_receipt(ledger::Ledger& book, const ledger::Namespace& ns,
                                                              ledger::PayoutId payout, std::string_view orchestrator,
                                                              const Key& key);

// What a check of a signed document found.
struct Checked {
    std::string what = {};                   // "receipt of payout 3: 6000000000000000 wei to 0x..."
    std::string signer = {};                 // that the document names
    std::vector<std::string> problems = {};  // what does not fit; empty: all does
};
// INVALID: no receipt at all. `address`: the signer that is wanted; empty: any.
[[nodiscard]] Result<Checked> check_receipt(const Json& document, std::string_view address);
// The same for the text of a receipt, or of a statement in any of its forms.
[[nodiscard]] Result<Checked> check_document(std::string_view text, std::string_view address);

// Adds a problem where `signature` is not that of `text` by `signer`, or that is not `address`. INVALID: `address` is
// none.
[[nodiscard]] Result<void> check_signer(Checked& out, std::string_view text, std::string_view signature,
                                        std::string_view address);

}  // namespace stipend::receipt
