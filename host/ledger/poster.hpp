// Writes a batch into an open transaction: rows, entries and the audit chain. The only code that writes money.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/canonical.hpp"
#include "host/ledger/sqlite.hpp"

namespace stipend::ledger {

enum class JournalKind : std::uint8_t { decisions = 1, adjustment = 2 };  // stored: never renumber

// Where the next rows go. A batch moves it; the move counts only once its transaction is committed.
struct Position {
    Head head = {};
    OrchestratorId last_orchestrator = 0;
    GenerationId last_generation = 0;
};

class Poster {
  public:
    struct Home {  // of the namespace that is written
        std::int64_t id = 0;
        std::string name = {};
        std::int64_t expense_account = 0;
    };
    [[nodiscard]] static Result<std::unique_ptr<Poster>> prepare(sqlite::Database& database, Home home);

    // Writes `batch`, which check_batch has passed, behind `from`. After an error the transaction must be rolled back.
    [[nodiscard]] Result<Position> write(const Batch& batch, const Position& from);

    // Adds one row to the chain behind `at`, which moves.
    [[nodiscard]] Result<Seq> audit(Head& at, AuditKind kind, std::string_view body);

  private:
    Poster(sqlite::Database& database, Home home) : database_(database), home_(std::move(home)) {}
    [[nodiscard]] Result<void> prepare_statements();

    struct OpenGap {
        Seq seq = 0;
        stipend_unix_ns from = 0;
    };
    [[nodiscard]] Result<std::optional<OpenGap>> open_gap_of(OrchestratorId id);

    // For kinds of rows that are rare: the statement is prepared when it is needed.
    template <class Row>
    [[nodiscard]] Result<void> insert_row(std::string_view table, Seq seq, const Row& row);
    [[nodiscard]] Result<void> add_generation(const Generation& row);
    [[nodiscard]] Result<void> add_orchestrator(const NewOrchestrator& added);
    [[nodiscard]] Result<void> change_orchestrator(const Orchestrator& row);
    [[nodiscard]] Result<void> open_gap(const GapOpening& gap);
    [[nodiscard]] Result<void> close_gap(const GapClosing& gap);
    [[nodiscard]] Result<void> add_adjustment(const Adjustment& row);
    [[nodiscard]] Result<void> set_price(const Price& row);
    [[nodiscard]] Result<void> observe(const Observation& seen);

    [[nodiscard]] Result<void> add_decisions(const std::vector<Decided>& decisions);
    [[nodiscard]] Result<void> add_decision(const Decided& decided);
    // One journal row for the decisions [first, head]: one entry for each debt, one for the expense of all.
    [[nodiscard]] Result<void> post_decisions(const std::vector<Decided>& decisions, Seq first);
    [[nodiscard]] Result<void> post_entry(Seq journal, std::int64_t account, const SignedWei& wei);
    [[nodiscard]] Error explain_refusal(const Decided& decided);

    [[nodiscard]] Result<void> check_ours(OrchestratorId id) const;
    [[nodiscard]] Result<Seq> audit(AuditKind kind, std::string_view body) { return audit(at_.head, kind, body); }
    [[nodiscard]] Hash digest_of(const EngineState& state);

    sqlite::Database& database_;
    Home home_;
    std::vector<bool> ours_;  // by orchestrator id: belongs to the namespace
    Position at_;
    Keccak keccak_;
    std::string body_;                  // reused
    std::vector<std::uint32_t> order_;  // reused

    sqlite::Statement find_key_;
    sqlite::Statement insert_orchestrator_;
    sqlite::Statement insert_account_;
    sqlite::Statement insert_state_;
    sqlite::Statement insert_audit_;
    sqlite::Statement insert_decision_;
    sqlite::Statement update_state_;
    sqlite::Statement insert_entry_;
    sqlite::Statement insert_journal_;
    sqlite::Statement find_gap_;
    sqlite::Statement insert_gap_;
    sqlite::Statement close_gap_;
    sqlite::Statement observe_;
};

}  // namespace stipend::ledger
