// Reads what one decision follows from.
#include "host/ledger/sqlite_ledger.hpp"

#include <algorithm>
#include <functional>

#include "host/base/time.hpp"
#include "host/ledger/account_rows.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/demand.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/networks.hpp"

namespace stipend::ledger {
namespace {

Error basis_damaged(sqlite::Database& database, std::string_view what, std::int64_t number) {
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": ", what, " ", number,
                " is damaged: run `stipend ledger verify` for details");
}

// Passes the rows of one orchestrator, with their places.
template <Listed Row, class Sink>
Result<void> each_of(sqlite::Database& database, std::string_view table, OrchestratorId orchestrator, Sink&& sink) {
    STIPEND_LET(rows, database.prepare(cat("SELECT seq, ", columns<Row>(), " FROM ", table,
                                           " WHERE orchestrator = ? ORDER BY seq")));
    rows.bind(orchestrator);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const Seq seq = rows.i64();
        auto row = read_row<Row>(rows);
        if (rows.malformed()) return basis_damaged(database, cat(table, " seq"), seq);
        sink(seq, std::move(row));
    }
}

// Runs something on each archive that is found, the oldest first, and then on the main file.
using InFiles = std::function<Result<void>(const std::function<Result<void>(sqlite::Database&)>&)>;

class BasisReader {
  public:
    // All outlive this.
    BasisReader(sqlite::Database& main, std::int64_t ns, InFiles in_files)
        : main_(main), ns_(ns), in_files_(std::move(in_files)) {}

    Result<std::optional<DecisionBasis>> read(const DecisionQuery& query) {
        STIPEND_LET(found, find(query));
        if (!found) return std::optional<DecisionBasis>();
        STIPEND_TRY(read_hashes(*found));
        STIPEND_TRY(read_around());
        STIPEND_TRY(read_price());
        STIPEND_SET(factors_, DemandFactors::load(main_, ns_));
        out_.decision.demand_ppm = factors_.at(out_.seq);
        STIPEND_TRY(read_demand());
        STIPEND_TRY(read_corrections());
        STIPEND_TRY(read_states());
        STIPEND_TRY(read_payout());
        return std::optional(std::move(out_));
    }

  private:
    // Sets seq, key and decision.
    Result<std::optional<StoredDecision>> find(const DecisionQuery& query) {
        OrchestratorId id = 0;
        auto epoch = query.epoch;
        if (query.seq == 0) {
            STIPEND_LET(known, main_.prepare("SELECT id FROM orchestrator WHERE ns = ? AND key = ?"));
            STIPEND_LET(is_known, known.bind(ns_).bind_text(query.orchestrator).next());
            if (!is_known) return std::optional<StoredDecision>();
            id = known.i64();
            if (epoch == 0) {
                STIPEND_SET(epoch, epoch_at(id, query.at));
            }
        }
        std::optional<StoredDecision> out;
        if (query.seq == 0) {
            STIPEND_SET(out, decision_of(id, epoch));
        } else {
            STIPEND_SET(out, lookup("WHERE seq = ?", [&](sqlite::Statement& rows) { rows.bind(query.seq); }));
        }
        if (!out) return out;
        STIPEND_LET(keys, main_.prepare("SELECT key FROM orchestrator WHERE id = ? AND ns = ?"));
        STIPEND_LET(is_here, keys.bind(out->decision.orchestrator).bind(ns_).next());
        if (!is_here) return std::optional<StoredDecision>();
        out_.key = keys.text();
        if (!query.orchestrator.empty() && query.orchestrator != out_.key) return std::optional<StoredDecision>();
        const bool covers =
            query.seq != 0 || query.epoch != 0 ||
            (floor_ms(out->decision.period_from) <= query.at && query.at < floor_ms(out->decision.decided_at));
        if (!covers) return std::optional<StoredDecision>();
        out_.seq = out->seq;
        out_.decision = out->decision;
        return out;
    }

    template <class Bind>
    Result<std::optional<StoredDecision>> lookup(std::string_view where, Bind bind) {
        std::optional<StoredDecision> out;
        STIPEND_TRY(in_files_([&](sqlite::Database& file) -> Result<void> {
            STIPEND_LET(rows, file.prepare(select_decisions(where)));
            bind(rows);
            STIPEND_LET(found, rows.next());
            if (!found) return {};
            out = read_decision(rows);
            if (out->malformed || broken_invariant(out->decision)) return basis_damaged(file, "decision seq", out->seq);
            return {};
        }));
        return out;
    }
    Result<std::optional<StoredDecision>> decision_of(OrchestratorId id, std::uint64_t epoch) {
        return lookup("WHERE epoch = ? AND orchestrator = ?",
                      [&](sqlite::Statement& rows) { rows.bind(epoch).bind(id); });
    }

    // The first epoch that was decided after `at`; one behind the last where there is none.
    Result<std::uint64_t> epoch_at(OrchestratorId id, stipend_unix_ns at) {
        STIPEND_LET(last, main_.number(
                              cat("SELECT ifnull((SELECT epoch FROM engine_state WHERE orchestrator = ", id, "), 0)")));
        std::uint64_t low = 1;
        auto high = static_cast<std::uint64_t>(last) + 1;
        while (low < high) {
            const auto middle = low + (high - low) / 2;
            STIPEND_LET(found, decision_of(id, middle));
            // What is in an archive that is not found is older. Times as text have milliseconds.
            const bool behind = found && floor_ms(found->decision.decided_at) > at;
            (behind ? high : low) = behind ? middle : middle + 1;
        }
        return low;
    }

    Result<void> read_hashes(const StoredDecision& stored) {
        std::optional<Hash> before;
        std::optional<Hash> at;
        if (stored.seq == 1) before = Hash{};
        STIPEND_TRY(in_files_([&](sqlite::Database& file) -> Result<void> {
            STIPEND_LET(rows, file.prepare("SELECT seq, hash FROM audit WHERE seq IN (?, ?)"));
            rows.bind(stored.seq - 1).bind(stored.seq);
            for (;;) {
                STIPEND_LET(more, rows.next());
                if (!more) return {};
                const Seq seq = rows.i64();
                (seq == stored.seq ? at : before) = rows.bytes32();
            }
        }));
        // The file before may not be found: its end is recorded.
        STIPEND_LET(archives, recorded_archives(main_, {}));
        for (const auto& archive : archives) {
            if (archive.facts.last + 1 == stored.seq) before = archive.facts.head;
        }
        if (!before || !at) return {};
        std::string body;
        encode_decision(body, stored.decision, stored.state_digest);
        Keccak keccak;
        out_.chained = row_hash(keccak, *before, stored.seq, AuditKind::decision, body) == *at;
        return {};
    }

    Result<void> read_around() {
        const auto& d = out_.decision;
        STIPEND_LET(history, NetworkHistory::load(main_, d.orchestrator));
        const auto network = history.at(out_.seq);
        STIPEND_LET(networks, load_networks(main_, ns_));
        const auto found = std::ranges::find(networks, network, &Network::id);
        if (found == networks.end()) return basis_damaged(main_, "network", network);
        out_.network = *found;
        STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Generation>(), " FROM generation WHERE id = ?")));
        STIPEND_LET(known, rows.bind(d.generation).next());
        if (!known) return basis_damaged(main_, "generation", d.generation);
        out_.generation = read_row<Generation>(rows);
        if (rows.malformed()) return basis_damaged(main_, "generation", d.generation);
        if (d.epoch == 1) return {};
        STIPEND_LET(previous, decision_of(d.orchestrator, d.epoch - 1));
        if (previous) out_.previous = std::move(previous->decision);
        return {};
    }

    // The newest one ahead of it, which may be in an older file.
    Result<void> read_price() {
        return in_files_([&](sqlite::Database& file) -> Result<void> {
            STIPEND_LET(rows, file.prepare(cat("SELECT json_extract(body, '$.usd_per_eth_e8'), json_extract(body, "
                                               "'$.at'), json_extract(body, '$.source')",
                                               price_before)));
            STIPEND_LET(found, rows.bind(Seq{0}).bind(out_.seq).bind(out_.network.id).next());
            if (!found) return {};
            Price price{.usd_per_eth_e8 = rows.i64(), .at = rows.i64(), .source = rows.text()};
            if (price.usd_per_eth_e8 > 0) out_.price = std::move(price);
            return {};
        });
    }

    Result<void> read_demand() {
        STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Demand>(),
                                            " FROM demand WHERE ns = ? AND seq < ? ORDER BY seq DESC LIMIT 1")));
        STIPEND_LET(found, rows.bind(ns_).bind(out_.seq).next());
        if (!found) return {};
        out_.demand = read_row<Demand>(rows);
        if (rows.malformed() || broken_invariant(*out_.demand)) return basis_damaged(main_, "demand before", out_.seq);
        return {};
    }

    Result<void> read_corrections() {
        const auto& d = out_.decision;
        STIPEND_TRY(each_of<Pardon>(main_, "pardon", d.orchestrator, [&](Seq seq, Pardon row) {
            if (row.epoch + 1 == d.epoch && seq < out_.seq) out_.pardoned_before = row;
            if (seq < out_.seq && row.epoch < d.epoch) pardoned_ = std::max(pardoned_, row.epoch);
            const bool takes_back = d.epoch <= row.epoch && d.due_at >= row.from && d.due_at < row.to;
            if (takes_back && can_be_pardoned(d)) out_.pardons.push_back(std::move(row));
        }));
        return each_of<Adjustment>(main_, "adjustment", d.orchestrator, [&](Seq, Adjustment row) {
            if (row.from < d.decided_at && row.to > d.period_from) out_.adjustments.push_back(std::move(row));
        });
    }

    Result<void> read_states() {
        const auto& d = out_.decision;
        STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<EngineState>(),
                                            ", policy, policy_memory FROM state_before LEFT JOIN "
                                            "(SELECT id AS publication, policy, memory_version AS policy_memory FROM "
                                            "generation) ON publication = memory_generation WHERE orchestrator = ? AND "
                                            "epoch < ? ORDER BY epoch DESC LIMIT 1")));
        STIPEND_LET(found, rows.bind(d.orchestrator).bind(d.epoch).next());
        EngineState start;
        if (found) {
            start = read_row<EngineState>(rows);
            out_.memory_policy = rows.text();
            out_.memory_version = rows.as<std::uint32_t>();
            if (rows.malformed()) return basis_damaged(main_, "a state of orchestrator", d.orchestrator);
        }
        out_.stored = found;
        // A pardon changes what lies behind it.
        if (pardoned_ > start.epoch || d.epoch - start.epoch > max_basis_decisions) return {};
        STIPEND_LET(find, main_.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
        for (auto epoch = start.epoch + 1; epoch < d.epoch; ++epoch) {
            STIPEND_LET(there, find.bind(epoch).bind(d.orchestrator).next());
            if (!there) {
                out_.between = {};
                return {};
            }
            auto one = read_decision(find);
            one.decision.demand_ppm = factors_.at(one.seq);
            out_.between.push_back(std::move(one.decision));
            find.reset();
        }
        out_.start = start;
        return {};
    }

    // The first payout behind it that is not returned reserves all that is owed by then.
    Result<void> read_payout() {
        const auto& d = out_.decision;
        if (d.wei.zero()) return {};
        STIPEND_LET(rows, main_.prepare("SELECT id FROM payout WHERE orchestrator = ? AND network = ? AND seq > ? AND "
                                        "state != 8 ORDER BY seq LIMIT 1"));
        static_assert(static_cast<int>(PayoutState::returned) == 8);
        STIPEND_LET(found, rows.bind(d.orchestrator).bind(out_.network.id).bind(out_.seq).next());
        if (found) out_.payout = rows.i64();
        return {};
    }

    sqlite::Database& main_;
    const std::int64_t ns_;
    const InFiles in_files_;
    DecisionBasis out_ = {};
    DemandFactors factors_ = {};
    std::uint64_t pardoned_ = 0;  // the last epoch ahead of this one that a pardon came behind
};

}  // namespace

Result<std::optional<DecisionBasis>> SqliteLedger::decision_basis(const DecisionQuery& query) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    const auto each_file = [&](const std::function<Result<void>(sqlite::Database&)>& run) {
        return in_files(0, [&](sqlite::Database& file, Seq) { return run(file); });
    };
    STIPEND_LET(out, BasisReader(database_, ns_, each_file).read(query));
    if (!out) return out;
    const auto& d = out->decision;
    STIPEND_SET(out->observations, observations(d.orchestrator, d.period_from, d.decided_at));
    return out;
}

}  // namespace stipend::ledger
