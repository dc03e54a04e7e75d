#include "host/ledger/past.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "host/base/time.hpp"
#include "host/ledger/archive_files.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/epochs.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/networks.hpp"

namespace stipend::ledger {
namespace {

class PastReader {
  public:
    // `database` outlives this.
    PastReader(sqlite::Database& database, stipend_unix_ns at, std::optional<std::string_view> key)
        : database_(database), at_(at), key_(key) {}

    Result<Past> read(const Namespace& ns) {
        STIPEND_LET(find, database_.prepare("SELECT id FROM namespace WHERE name = ?"));
        const auto name = ns.text();
        STIPEND_LET(found, find.bind_text(name).next());
        if (!found) return std::move(out_);
        ns_ = find.i64();
        find.reset();
        STIPEND_SET(out_.networks, load_networks(database_, ns_));
        STIPEND_TRY(find_row());
        STIPEND_TRY(read_orchestrators());
        STIPEND_TRY(add_other_debts());
        STIPEND_TRY(subtract_what_followed());
        STIPEND_TRY(add_payouts());
        return whole();
    }

  private:
    struct Orchestrator {
        PastStanding standing = {};
        std::int64_t last_epoch = 0;
        std::map<NetworkId, PastAmounts> amounts = {};
    };

    Error damaged(std::string_view what, std::int64_t number) {
        return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": ", what, " ", number,
                    " is damaged: run `stipend ledger verify` for details");
    }

    // The last row of a table that was written by then; 0: none. Times rise with places.
    Result<Seq> last_of(std::string_view table, std::string_view time) {
        STIPEND_LET(end, database_.number(cat("SELECT max(seq) FROM ", table)));
        STIPEND_LET(rows, database_.prepare(
                              cat("SELECT seq, ", time, " FROM ", table, " WHERE seq <= ? ORDER BY seq DESC LIMIT 1")));
        Seq before = 0;
        for (auto behind = end; before < behind;) {
            const auto middle = before + (behind - before + 1) / 2;
            STIPEND_LET(found, rows.bind(middle).next());
            const auto place = found ? rows.i64() : 0;
            const bool by_then = !found || rows.i64() <= at_;
            rows.reset();
            if (by_then) {
                before = middle;
            } else {
                behind = place - 1;
            }
        }
        STIPEND_LET(found, rows.bind(before).next());
        return found ? rows.i64() : 0;
    }

    Result<void> find_row() {
        constexpr std::pair<const char*, const char*> tables[] = {{"decision", "decided_at"},
                                                                  {"adjustment", "at"},
                                                                  {"manual_payment", "at"},
                                                                  {"payout", "at"},
                                                                  {"payout_step", "at"}};
        for (const auto& [table, time] : tables) {
            STIPEND_LET(last, last_of(table, time));
            out_.row = std::max(out_.row, last);
        }
        // To the end of its transaction's entries.
        STIPEND_LET(journal, database_.prepare("SELECT last FROM journal WHERE ref <= ? ORDER BY ref DESC LIMIT 1"));
        STIPEND_LET(found, journal.bind(out_.row).next());
        if (found) out_.row = std::max(out_.row, journal.i64());
        journal.reset();
        STIPEND_LET(archived, archived_through(database_));
        if (out_.row < archived) {
            return fail(STIPEND_E_INVALID, "what was before row ", archived, " is archived: got ", utc_text(at_));
        }
        STIPEND_LET(head, database_.number("SELECT max(seq) FROM audit"));
        if (head - out_.row > max_past_rows) {
            return fail(STIPEND_E_LIMIT, utc_text(at_), " is ", head - out_.row, " rows back, want at most ",
                        max_past_rows);
        }
        return {};
    }

    // Those that were there, with what they are owed now on the network that they are on.
    Result<void> read_orchestrators() {
        STIPEND_LET(rows,
                    database_.prepare(cat("SELECT o.id, o.key, o.network, s.epoch, s.owed FROM orchestrator o JOIN "
                                          "engine_state s ON s.orchestrator = o.id WHERE o.ns = ? AND "
                                          "o.first_seen_at <= ? ",
                                          key_ ? "AND o.key = ?" : "")));
        rows.bind(ns_).bind(at_);
        if (key_) rows.bind_text(*key_);
        for (;;) {
            STIPEND_LET(more, rows.next());
            if (!more) break;
            const auto id = rows.i64();
            auto& one = known_[id];
            one.standing.key = rows.text();
            const auto network = rows.i64();
            one.last_epoch = rows.i64();
            one.amounts[network].owed = SignedWei::from_bytes(rows.bytes32());
            if (rows.malformed()) return damaged("the state of orchestrator", id);
        }
        STIPEND_LET(decisions, database_.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
        for (auto& [id, one] : known_) {
            STIPEND_LET(epoch, epoch_before(database_, id, out_.row + 1, one.last_epoch));
            STIPEND_LET(there, decisions.bind(epoch).bind(id).next());
            if (!there) continue;
            auto stored = read_decision(decisions);
            decisions.reset();
            if (stored.malformed || broken_invariant(stored.decision)) return damaged("decision seq", stored.seq);
            one.standing.seq = stored.seq;
            one.standing.last = std::move(stored.decision);
        }
        return {};
    }

    // Passes (orchestrator, network, amount) of the statement's rows that are of one of ours.
    template <class Sink>
    Result<void> each_amount(sqlite::Statement& rows, Sink sink) {
        for (;;) {
            STIPEND_LET(more, rows.next());
            if (!more) return {};
            const auto id = rows.i64();
            const auto network = rows.i64();
            const auto amount = SignedWei::from_bytes(rows.bytes32());
            if (rows.malformed()) return damaged("an amount of orchestrator", id);
            const auto one = known_.find(id);
            if (one != known_.end()) STIPEND_TRY(sink(one->second.amounts[network], amount));
        }
    }

    Result<void> add_other_debts() {
        STIPEND_LET(rows, database_.prepare("SELECT orchestrator, network, owed FROM debt"));
        return each_amount(rows, [](PastAmounts& of, const SignedWei& owed) -> Result<void> {
            STIPEND_SET(of.owed, of.owed.plus(owed));
            return {};
        });
    }

    // Debts have accounts above zero: see debt_account.
    Result<void> subtract_what_followed() {
        STIPEND_LET(rows, database_.prepare(cat("SELECT account & ", max_orchestrator,
                                                ", account >> 40, wei FROM entry WHERE journal > ? AND account > 0")));
        rows.bind(out_.row);
        return each_amount(rows, [](PastAmounts& of, const SignedWei& moved) -> Result<void> {
            STIPEND_LET(back, moved.negated());
            STIPEND_SET(of.owed, of.owed.plus(back));
            return {};
        });
    }

    // Without a step a payout is as it was reserved.
    Result<void> add_payouts() {
        const auto read = [&](bool over, PayoutState state, SignedWei PastAmounts::*to) -> Result<void> {
            constexpr std::string_view was =
                "(SELECT s.state FROM payout_step s WHERE s.payout = p.id AND s.seq <= ?1 ORDER BY s.seq DESC LIMIT 1)";
            STIPEND_LET(rows, database_.prepare(
                                  cat("SELECT p.orchestrator, p.network, p.wei FROM payout p WHERE p.seq <= ?1 AND ",
                                      over ? cat(was, " = ?2") : cat("ifnull(", was, ", 0) NOT IN (?2, ?3)"))));
            rows.bind(out_.row).bind(static_cast<int>(state));
            if (!over) rows.bind(static_cast<int>(PayoutState::returned));
            return each_amount(rows, [to](PastAmounts& of, const SignedWei& wei) -> Result<void> {
                STIPEND_SET(of.*to, (of.*to).plus(wei));
                return {};
            });
        };
        STIPEND_TRY(read(true, PayoutState::paid, &PastAmounts::paid));
        return read(false, PayoutState::paid, &PastAmounts::under_way);
    }

    Past whole() {
        for (auto& [id, one] : known_) {
            for (auto& [network, amounts] : one.amounts) {
                if (amounts.owed == SignedWei() && amounts.under_way == SignedWei() && amounts.paid == SignedWei())
                    continue;
                amounts.network = network;
                one.standing.amounts.push_back(amounts);
            }
            out_.standings.push_back(std::move(one.standing));
        }
        return std::move(out_);
    }

    sqlite::Database& database_;
    const stipend_unix_ns at_;
    const std::optional<std::string_view> key_;
    std::int64_t ns_ = 0;
    Past out_;
    std::map<OrchestratorId, Orchestrator> known_;
};

}  // namespace

Result<Past> past(const std::filesystem::path& file, const Namespace& ns, stipend_unix_ns at,
                  std::optional<std::string_view> key) {
    sqlite::Database database;
    STIPEND_TRY(open_to_read(database, file.string()));
    sqlite::Transaction snapshot(database);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    return PastReader(database, at, key).read(ns);
}

}  // namespace stipend::ledger
