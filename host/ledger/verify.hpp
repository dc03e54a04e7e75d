// Verifies a ledger: walks the chain once, file by file, then the journals of that file, and at the end compares the
// result with the states, balances and small tables. It needs memory for each orchestrator and for each rare change,
// not for each decision. The file may be damaged or forged: whatever it holds is a finding, never an assertion.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/ledger/archive_files.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/demand_rule.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/ledger.hpp"
#include "host/ledger/merkle.hpp"

namespace stipend::ledger {

// The next position; in a damaged file `seq` may be the highest integer.
[[nodiscard]] constexpr Seq next_seq(Seq seq) {
    return seq == INT64_MAX ? seq : seq + 1;
}

// As debt_account; 0 where a damaged file has other numbers than there are.
[[nodiscard]] constexpr std::int64_t debt_account_of(OrchestratorId id, NetworkId network) {
    const bool sound = network >= 0 && network <= static_cast<NetworkId>(max_networks);
    return sound && id <= max_orchestrator ? debt_account(id, network) : network == 0 ? id : 0;
}

class Verifier {
  public:
    Verifier(sqlite::Database& main, const VerifyOptions& options) : main_(main), options_(options) {}
    [[nodiscard]] Result<Report> run();

  private:
    struct Known {  // an orchestrator according to the tables
        std::string key = {};
        std::int64_t ns = 0;
    };
    struct Track {  // an orchestrator according to the chain
        std::uint64_t epoch = 0;
        stipend_unix_ns decided_at = 0;
        stipend_unix_ns next_at = 0;
        std::uint32_t consecutive_failures = 0;
        bool suspended = false;
        Seq row_seq = 0;     // position of the last change of its row
        Hash row_body = {};  // hash of the body of that change
        Seq state_seq = 0;   // position of the last change of its state
        bool by_decision = false;
        Hash state_digest = {};                                // digest of the state after that change
        std::vector<std::pair<Seq, NetworkId>> networks = {};  // each change of its network; none: it is 0
    };

    struct NetworkTrack {  // according to the tables
        Network row = {};
        std::int64_t ns = 0;
        std::int64_t space = 0;
        std::int64_t coin = 0;
    };
    struct PriceTrack {  // the last one of a network, according to the chain
        Seq seq = 0;
        std::string body = {};
        std::optional<std::int64_t> rate = {};  // USD for one whole unit of its asset, in 1e-8
    };

    struct DemandTrack {  // the last factor of a namespace, and those of the day before it
        std::optional<Demand> last = {};
        DemandWindow window = {};
    };

    struct Unpriced {  // a decision that does not fit the price before it
        std::string name = {};
        std::string what = {};
        Wei wei = {};
        Usd usd = {};
    };

    struct FeeTrack {  // the fees of an orchestrator according to the chain
        FeeState state = {};
        Seq seq = 0;                                    // position of the last one
        std::map<std::uint64_t, SignedWei> calls = {};  // of the day of `state`: what each has reserved
    };
    struct FeeAccounts {  // 0: there is none
        std::int64_t expense = 0;
        std::int64_t prepaid = 0;
    };

    struct PayoutTrack {  // a payout according to the chain
        OrchestratorId orchestrator = 0;
        PayoutState state = PayoutState::reserved;
        SlotId slot = 0;
        SignedWei wei = {};
        NetworkId network = 0;
    };
    struct SlotTrack {
        struct Signed {
            Hash id = {};
            bool gives_up = false;
        };
        bool paid = false;  // it was executed, and pays
        SlotState state = SlotState::open;
        std::uint32_t payouts = 0;
        NetworkId network = 0;
        std::vector<Signed> attempts = {};
    };

    using Entries = std::map<std::int64_t, SignedWei>;  // by account
    struct Debts;
    struct FeeRows;

    void bad(std::string row, std::string what);
    [[nodiscard]] std::string name_of(const StoredDecision& stored) const;

    // verify.cpp
    [[nodiscard]] Result<void> load_known();
    [[nodiscard]] Result<void> check_file();
    [[nodiscard]] Result<void> check_archives();
    [[nodiscard]] Result<void> check_archive(const RecordedArchive& archive);
    void check_signature(sqlite::Database& file, const RecordedArchive& archive);
    [[nodiscard]] Result<void> start_from_carried(const RecordedArchive& last);
    [[nodiscard]] Result<void> check_carried();
    [[nodiscard]] Hash closing_hash() const;

    // verify_chain.cpp
    [[nodiscard]] Result<void> walk(sqlite::Database& file, Seq after);
    void check_decision(const StoredDecision& stored);
    [[nodiscard]] Result<std::string> expected_body(AuditKind kind, Seq seq, const std::string& body);
    [[nodiscard]] Result<std::string> closing_body(Seq seq, const std::string& body);
    void track_change(AuditKind kind, Seq seq, const std::string& body);

    // verify_heads.cpp
    void check_heads(Seq seq, AuditKind kind, std::string_view content, const Hash& hash);
    void report_cut_heads();

    // verify_amounts.cpp
    [[nodiscard]] Result<void> load_conversions();
    void take_price(Seq seq, const std::string& body);
    void check_amount(const StoredDecision& stored);
    void report_unpriced();

    // verify_networks.cpp
    [[nodiscard]] Result<void> load_networks();
    [[nodiscard]] Result<void> load_accounts();
    [[nodiscard]] Result<void> load_carried_networks(Seq through);
    [[nodiscard]] Result<std::string> network_row(Seq seq);
    [[nodiscard]] NetworkId network_at(OrchestratorId id, Seq seq) const;
    [[nodiscard]] std::int64_t space_of(NetworkId network) const;  // 0: there is none
    [[nodiscard]] std::int64_t coin_of(NetworkId network) const;   // the same
    [[nodiscard]] std::uint64_t chain_of(NetworkId network) const;
    [[nodiscard]] std::uint32_t decimals_of(NetworkId network) const;
    [[nodiscard]] std::int64_t space_of_account(std::int64_t account) const;
    [[nodiscard]] bool is_debt_account(std::int64_t id, std::int64_t ns, const std::string& name) const;
    [[nodiscard]] Result<void> check_networks();
    [[nodiscard]] Result<void> check_network_changes();
    [[nodiscard]] Result<void> check_other_debts();
    [[nodiscard]] Result<void> check_prices();

    // verify_fees.cpp
    [[nodiscard]] Result<void> load_fee_accounts();
    void check_fee(Seq seq, const std::string& body);
    void check_call(const std::string& name, const Fee& fee, FeeTrack& track);
    [[nodiscard]] Result<void> expect_fees(FeeRows& rows, Seq ref, Seq last, Entries& want);
    [[nodiscard]] Result<void> check_fee_states();
    [[nodiscard]] Result<void> check_fee_sums(const std::map<std::int64_t, SignedWei>& totals);

    // verify_journal.cpp
    [[nodiscard]] Result<void> check_journals(sqlite::Database& file, Seq after);
    [[nodiscard]] Result<void> check_orphan_entries(sqlite::Database& file, Seq after);
    void compare_entries(const Journal& journal, const Entries& want);
    void check_all_reserved(const Journal& journal);
    // Add the entries that a journal must hold.
    [[nodiscard]] Result<void> expect_decisions(Debts& debts, Seq ref, Seq last, Entries& want);
    void check_state_before(const Decision& d, const Track& track);
    void check_pardon(Seq seq, const Pardon& row, const Hash& digest);
    // Of the row of `table` at `ref`.
    [[nodiscard]] Result<void> expect_row(std::string_view table, Seq ref, Seq last, Entries& want);
    void expect_debt(Entries& want, OrchestratorId id, Seq seq, const SignedWei& wei);

    // verify_objections.cpp: the bodies of the rows at `seq`, as `expected_body` has them.
    [[nodiscard]] Result<std::string> objection_row(Seq seq);
    [[nodiscard]] Result<std::string> objection_answer_row(Seq seq);
    [[nodiscard]] Result<void> check_answered_objections();

    // verify_demand.cpp
    [[nodiscard]] Result<std::string> demand_row(Seq seq);
    void check_demand(Seq seq, const Demand& row, DemandTrack& track);

    // verify_payouts.cpp: as above, and the entries of their journals.
    [[nodiscard]] Result<std::string> payout_row(AuditKind kind, Seq seq);
    [[nodiscard]] Result<void> check_payout(Seq seq, const Payout& row);
    [[nodiscard]] Result<void> check_slot(Seq seq, const Slot& row);
    [[nodiscard]] bool follows_own_nonces(const Slot& row) const;
    [[nodiscard]] Result<void> check_attempt(Seq seq, const Attempt& row);
    [[nodiscard]] Result<void> check_step(Seq seq, const PayoutStep& row);
    [[nodiscard]] Result<void> check_end(Seq seq, const SlotEnd& row);
    [[nodiscard]] Result<void> expect_payout(const Journal& journal, Entries& want);
    [[nodiscard]] Result<void> check_payout_states();
    void expect_transfer(Entries& want, std::int64_t from, std::int64_t to, const SignedWei& wei);
    // 0: there is none.
    [[nodiscard]] std::int64_t account_named(std::int64_t space, const std::string& name) const;

    // verify_state.cpp
    [[nodiscard]] Result<void> check_orchestrators();
    [[nodiscard]] Result<void> check_states();
    [[nodiscard]] Result<void> check_accounts();
    [[nodiscard]] Result<void> check_gaps();
    [[nodiscard]] Result<void> check_small_tables();
    [[nodiscard]] Result<void> check_restored();
    void check_state(OrchestratorId id, const EngineState& state, const SignedWei& owed, Seq seq);
    [[nodiscard]] bool has_audit_row(AuditKind kind, Seq seq) const;

    sqlite::Database& main_;
    const VerifyOptions& options_;
    Report report_;
    bool expected_head_seen_ = false;
    std::size_t next_head_ = 0;  // of the signed ones
    MerkleTree tree_;            // of the rows below it
    std::uint64_t chain_id_ = 0;
    Head at_;            // the last row of the chain that was walked
    Seq unchecked_ = 0;  // rows up to here are in missing archives
    std::map<NetworkId, PriceTrack> prices_;
    std::map<std::int64_t, DemandTrack> demands_;                            // by namespace
    std::map<NetworkId, NetworkTrack> networks_;                             // without 0
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> accounts_;  // by namespace and name; no debts
    std::unordered_map<std::int64_t, std::int64_t> account_spaces_;          // the namespace of each of them
    std::int64_t paid_space_ = 0;  // of what is owed, and paid, in the coin of the ledger's chain
    std::vector<Unpriced> unpriced_;
    std::set<GenerationId> converted_by_host_;
    std::string restored_body_;  // of the last restoration
    std::string accepted_body_;  // that the ledger may pay again after it; empty: it may not
    std::unordered_map<OrchestratorId, Known> known_;
    std::unordered_map<std::int64_t, std::string> namespaces_;
    std::unordered_map<std::int64_t, std::int64_t> expense_accounts_;  // by namespace
    std::unordered_map<std::int64_t, FeeAccounts> fee_accounts_;       // by namespace
    std::unordered_map<OrchestratorId, Track> tracks_;
    std::unordered_map<OrchestratorId, FeeTrack> fee_tracks_;
    std::map<PayoutId, PayoutTrack> payouts_;
    std::map<SlotId, SlotTrack> slots_;
    std::map<std::pair<OrchestratorId, NetworkId>, PayoutId> last_payouts_;
    std::map<std::pair<std::string, std::uint64_t>, SlotId>
        nonces_;  // of each payer and chain, by the slot that has it last
    Entries sums_;
    std::int64_t states_before_ = 0;                 // rows of that table that belong to a decision
    std::vector<Seq> row_journals_;                  // of adjustments and manual payments, ascending
    std::map<AuditKind, std::vector<Seq>> changes_;  // of all kinds but decisions, ascending
    Keccak keccak_;
    std::string buffer_;
};

}  // namespace stipend::ledger
