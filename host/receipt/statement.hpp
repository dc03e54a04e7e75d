// A monthly statement of one orchestrator: what it earned and what was paid, so that the balance at the beginning, what
// was earned and what was paid give the balance at the end, and the payments are those of the chain.
//
// A balance is what is unpaid: owed, or reserved by a payout that is not final yet. A payment counts on the day on
// which its transaction was final.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/ledger.hpp"
#include "host/receipt/item.hpp"
#include "host/receipt/receipt.hpp"

namespace stipend::receipt {

inline constexpr std::size_t max_statement_rows = 20'000;  // of adjustments, manual payments, and payouts each

// A month of UTC.
struct Month {
    std::string name = {};  // "2026-11"
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
};
// INVALID: not YYYY-MM.
[[nodiscard]] Result<Month> parse_month(std::string_view text);

enum class Format { json, csv, html };
// INVALID: none of "json", "csv" and "html".
[[nodiscard]] Result<Format> parse_format(std::string_view text);
[[nodiscard]] std::string_view content_type(Format format);

struct Day {
    std::uint64_t decisions = 0;
    std::uint64_t with_pay = 0;
    Usd usd = {};
    SignedWei wei = {};
};

struct Statement {
    std::string orchestrator = {};
    ledger::Namespace ns = {};
    ledger::Network network = {};  // of all amounts
    Month month = {};
    bool complete = false;  // the month was over when it was made
    SignedWei opening = {};
    Totals totals = {};
    std::map<std::string, Day> days = {};  // by "2026-11-22"; only those with a decision
    std::vector<Json> adjustments = {};
    std::vector<Json> payments = {};
    std::vector<ledger::PayoutFacts> paid = {};  // in this month
    SignedWei paid_wei = {};
    SignedWei closing = {};
    SignedWei in_flight = {};  // the part of `closing` that payouts had reserved
};

// `network` as network_named takes it; empty: the one that the orchestrator is on. None: there is no such orchestrator.
// INVALID: there is no such network, or the ledger does not add up. LIMIT: too many rows.
[[nodiscard]] Result<std::optional<Statement>> make_statement(ledger::Ledger& book, const ledger::Namespace& ns,
                                                              std::string_view orchestrator, std::string_view network,
                                                              const Month& month, stipend_unix_ns now);
// The statement as it is handed out, with its signature. The same for the same statement.
[[nodiscard]] std::string statement_text(const Statement& statement, Format format, const Key& key);

// As check_receipt, of a statement in JSON, or of the text of one in another form.
[[nodiscard]] Result<Checked> check_statement(const Json& document, std::string_view address);
[[nodiscard]] Result<Checked> check_statement_text(std::string_view text, std::string_view address);

}  // namespace stipend::receipt
