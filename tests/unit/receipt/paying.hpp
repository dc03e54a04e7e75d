// A ledger whose three orchestrators earn and are paid, at times that a test decides.
#pragma once

#include "host/receipt/receipt.hpp"
#include "host/receipt/statement.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

namespace receipt_test {

using namespace ledger_test;
using namespace stipend::receipt;

inline constexpr std::int64_t day_ns = 1440 * minute_ns;

class Paying {
  public:
    Paying();

    // One decision for each orchestrator; those of generation 2 have amounts by the host.
    void decide();
    // Moves the next decisions, and what follows, to a later time.
    void pass(std::int64_t by_ns);
    void adjust(OrchestratorId id, const char* wei);
    void pay_by_hand(OrchestratorId id);
    // Reserves all that is owed.
    PayoutId reserve(OrchestratorId id);
    void settle(PayoutId id, bool paid);
    // A payout of all that is owed that is paid at once.
    PayoutId pay(OrchestratorId id) {
        const auto out = reserve(id);
        settle(out, true);
        return out;
    }
    void commit(const Batch& batch) { engine.must_commit(batch); }

    // Fails the test where there is none.
    [[nodiscard]] std::string receipt(PayoutId id, std::string_view of = {});
    [[nodiscard]] Json parsed_receipt(PayoutId id);
    [[nodiscard]] Statement statement(const char* month, OrchestratorId id = 1);

    [[nodiscard]] stipend_unix_ns now();

    TempFolder folder;
    std::unique_ptr<Ledger> ledger = must_open(folder / "ledger.db");
    Engine engine{*ledger, 3};
    Namespace ns{.mode = Mode::live, .chain_id = 42161};
    Key key = must_key();

  private:
    [[nodiscard]] Key must_key() const;
    PayoutId last_payout_ = 0;
    SlotId last_slot_ = 0;
    int adjustments_ = 0;
};

// The problems of a document, one in a line; empty: all fits.
[[nodiscard]] std::string problems_of(std::string_view text, std::string_view address = {});
// The text with the first `from` replaced, which must be there.
[[nodiscard]] std::string edited(std::string text, std::string_view from, std::string_view to);

}  // namespace receipt_test
