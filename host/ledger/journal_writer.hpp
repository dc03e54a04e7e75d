// Writes a batch within an open transaction: rows, entries and the audit chain. Only this class writes amounts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/canonical.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

// Where the next rows go. Writing a batch advances it; the caller keeps the new position once the commit succeeded.
struct Position {
    Head head = {};
    OrchestratorId last_orchestrator = 0;
    GenerationId last_generation = 0;
    PayoutId last_payout = 0;
    SlotId last_slot = 0;
    NetworkId last_network = 0;
};

class JournalWriter {
  public:
    struct NamespaceRow {  // the namespace that is written
        std::int64_t id = 0;
        std::string name = {};
        std::uint64_t chain_id = 0;
    };
    [[nodiscard]] static Result<std::unique_ptr<JournalWriter>> prepare(sqlite::Database& database, NamespaceRow ns);

    // Writes `batch`, which must have passed check_batch, after `from`. On error the transaction must be rolled back.
    [[nodiscard]] Result<Position> write(const Batch& batch, const Position& from);

    // The transaction of the last write was rolled back: what is kept in memory of it is read anew.
    void rolled_back() { loaded_ = false; }

    // Appends one row to the chain and advances `at`.
    [[nodiscard]] Result<Seq> audit(Head& at, AuditKind kind, std::string_view body);

  private:
    JournalWriter(sqlite::Database& database, NamespaceRow ns) : database_(database), ns_(std::move(ns)) {}
    [[nodiscard]] Result<void> prepare_statements();

    // What is kept in memory of a network, and of each orchestrator of the namespace.
    struct Space {
        Network row = {};
        std::int64_t id = 0;       // of the namespace that has its accounts
        std::int64_t coin = 0;     // of the one with those of its chain's coin
        std::int64_t expense = 0;  // the account expense:payout
    };
    struct Member {
        bool known = false;
        NetworkId network = 0;
    };
    // journal_writer_networks.cpp
    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<void> load_space(const Network& row, std::int64_t space, std::int64_t coin);
    [[nodiscard]] Result<void> add_network(const Network& row);
    // The namespace of that name, made at its first use.
    [[nodiscard]] Result<std::int64_t> namespace_of(const std::string& name);
    [[nodiscard]] Result<const Space*> space_of(NetworkId network) const;
    [[nodiscard]] NetworkId network_of(OrchestratorId id) const {
        return members_[static_cast<std::size_t>(id)].network;
    }
    // From this place of the chain on it is owed on that network; what it was owed before stays where it is.
    [[nodiscard]] Result<void> enter_network(OrchestratorId id, const std::string& key, NetworkId network, Seq seq);
    [[nodiscard]] Result<void> move_debts(OrchestratorId id, NetworkId from, NetworkId to);
    [[nodiscard]] Result<SignedWei> owed_on(OrchestratorId id, NetworkId network);

    struct OpenGap {
        Seq seq = 0;
        stipend_unix_ns from = 0;
    };
    [[nodiscard]] Result<std::optional<OpenGap>> open_gap_of(OrchestratorId id);

    [[nodiscard]] Result<void> add_generation(const Generation& row);
    [[nodiscard]] Result<void> add_orchestrator(const NewOrchestrator& added);
    [[nodiscard]] Result<void> change_orchestrator(const Orchestrator& row);
    [[nodiscard]] Result<void> open_gap(const GapOpening& gap);
    [[nodiscard]] Result<void> close_gap(const GapClosing& gap);
    [[nodiscard]] Result<void> add_adjustment(const Adjustment& row);
    [[nodiscard]] Result<void> add_payment(const ManualPayment& row);
    [[nodiscard]] Result<void> add_objection(const Objection& row);
    [[nodiscard]] Result<void> add_objection_answer(const ObjectionAnswer& row);
    // Where the key is answered already, the first answer stays; `pays`: that is an error.
    [[nodiscard]] Result<void> add_answered(const AnsweredRequest& row, bool pays);
    // The journal of one row, by which its orchestrator is owed `wei` more.
    [[nodiscard]] Result<void> owe(Seq ref, JournalKind kind, OrchestratorId orchestrator, const SignedWei& wei);
    [[nodiscard]] Result<void> add_pardon(const Pardoned& pardoned);
    // journal_writer_payouts.cpp
    [[nodiscard]] Result<void> add_payout_changes(const PayoutChanges& changes);
    [[nodiscard]] Result<void> add_payout(const Payout& row);
    [[nodiscard]] Result<void> add_slot(const Slot& row);
    [[nodiscard]] Result<void> add_attempt(const Attempt& row);
    [[nodiscard]] Result<void> end_slot(const SlotEnd& row);
    [[nodiscard]] Result<void> add_payout_step(const PayoutStep& row);
    [[nodiscard]] Result<void> check_open_slot(SlotId slot, std::string_view name);
    [[nodiscard]] Result<void> check_binding(const PayoutStep& row, SlotId bound_to, std::string_view name);
    [[nodiscard]] Result<std::int64_t> inflight_account(const Space& space, OrchestratorId orchestrator);
    struct PayerOf {
        std::string payer = {};
        NetworkId network = 0;
    };
    [[nodiscard]] Result<PayerOf> payer_of(SlotId slot);
    // The journal of the row `ref`, by which `wei` move within one space.
    [[nodiscard]] Result<void> transfer(Seq ref, JournalKind kind, std::int64_t space, std::int64_t from,
                                        std::int64_t to, const SignedWei& wei);
    [[nodiscard]] Result<void> change_owed(OrchestratorId orchestrator, NetworkId network, const SignedWei& by);
    // journal_writer_fees.cpp
    [[nodiscard]] Result<void> add_fees(const std::vector<Fee>& fees);
    [[nodiscard]] Result<void> add_fee(const Fee& fee, sqlite::Statement& find, sqlite::Statement& put);
    [[nodiscard]] Result<std::int64_t> account_of(std::int64_t space, std::string_view name);
    [[nodiscard]] Result<void> set_price(const Price& row);
    [[nodiscard]] Result<void> add_demand(const Demand& row);
    [[nodiscard]] Result<void> observe(const Observation& seen);

    [[nodiscard]] Result<void> add_decisions(const std::vector<Decided>& decisions);
    [[nodiscard]] Result<void> add_decision(const Decided& decided);
    // The journal of the decisions [first, head].
    [[nodiscard]] Result<Journal> journal_of_decisions(Seq first);
    [[nodiscard]] Result<void> write_journal(const Journal& journal);
    [[nodiscard]] Error explain_conflict(const Decided& decided);

    [[nodiscard]] Result<void> check_in_namespace(OrchestratorId id) const;
    [[nodiscard]] Result<Seq> audit(AuditKind kind, std::string_view body) { return audit(at_.head, kind, body); }
    [[nodiscard]] Hash digest_of(const EngineState& state);

    sqlite::Database& database_;
    NamespaceRow ns_;
    bool loaded_ = false;  // the next two hold what the tables have
    std::map<NetworkId, Space> spaces_;
    std::vector<Member> members_;  // by orchestrator id
    Position at_;
    Keccak keccak_;
    std::string body_;            // reused
    std::vector<Entry> amounts_;  // of the decisions of the batch, reused

    sqlite::Statement find_key_;
    sqlite::Statement insert_orchestrator_;
    sqlite::Statement insert_account_;
    sqlite::Statement insert_state_;
    sqlite::Statement insert_audit_;
    sqlite::Statement insert_decision_;
    sqlite::Statement update_state_, keep_state_;
    sqlite::Statement insert_entry_;
    sqlite::Statement insert_journal_;
    sqlite::Statement find_gap_;
    sqlite::Statement insert_gap_;
    sqlite::Statement close_gap_;
    sqlite::Statement observe_;
};

}  // namespace stipend::ledger
