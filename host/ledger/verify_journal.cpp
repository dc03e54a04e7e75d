// Verifies double entry: each journal holds what its decisions or its adjustment or manual payment owe, and sums to
// zero.
#include <algorithm>

#include "host/ledger/invariants.hpp"
#include "host/ledger/verify.hpp"
#include "host/ledger/verify_fees.hpp"

namespace stipend::ledger {
namespace {

// False if the sum leaves the range, which is a finding; the sum is unchanged then.
bool add_to(std::map<std::int64_t, SignedWei>& entries, std::int64_t account, const SignedWei& wei) {
    SignedWei sum;
    if (!SignedWei::add(entries[account], wei, sum)) return false;
    entries[account] = sum;
    return true;
}

}  // namespace

// The debts of the decisions of one file, in chain order.
struct Verifier::Debts {
    bool more = false;
    Seq seq = 0;
    OrchestratorId orchestrator = 0;
    SignedWei wei = {};

    Result<void> open(sqlite::Database& file, Seq after) {
        STIPEND_LET(prepared, file.prepare("SELECT seq, orchestrator, wei FROM decision WHERE seq > ? ORDER BY seq"));
        rows_ = std::move(prepared);
        rows_.bind(after);
        return advance();
    }
    Result<void> advance() {
        STIPEND_LET(found, rows_.next());
        more = found;
        if (!found) return {};
        seq = rows_.i64();
        orchestrator = rows_.i64();
        wei = SignedWei::from_bytes(rows_.bytes32());
        return {};
    }

  private:
    sqlite::Statement rows_;
};

void Verifier::expect_debt(Entries& want, OrchestratorId id, Seq seq, const SignedWei& wei) {
    if (wei.zero()) return;
    const auto known = known_.find(id);
    const auto network = network_at(id, seq);
    const std::int64_t own = known == known_.end() ? 0 : known->second.ns;
    const auto expense = expense_accounts_.find(network == 0 ? own : space_of(network));
    const auto negated = wei.negated();
    if (expense == expense_accounts_.end() || !negated || !add_to(want, debt_account_of(id, network), wei) ||
        !add_to(want, expense->second, *negated)) {
        bad(cat("debt of orchestrator ", id), cat("cannot be summed: ", wei.text(), " wei"));
    }
}

void Verifier::compare_entries(const Journal& journal, const Entries& want) {
    const Seq ref = journal.ref;
    const auto name = [&](std::int64_t account) { return cat("entry (journal ", ref, ", account ", account, ")"); };
    Entries got;
    for (const auto& [account, wei, space] : journal.entries) {
        got.emplace(account, wei);
        if (!add_to(sums_, account, wei)) bad(name(account), "its account leaves its range");
        const auto match = want.find(account);
        if (match == want.end()) {
            bad(name(account), cat("has no row that moves it: got ", wei.text(), " wei"));
        } else if (match->second != wei) {
            bad(name(account), cat("got ", wei.text(), " wei, want ", match->second.text()));
        }
    }
    for (const auto& [account, wei] : want) {
        if (!got.contains(account)) bad(name(account), cat("is missing: want ", wei.text(), " wei"));
    }
    if (const auto broken = broken_invariant(journal)) bad(cat("journal ", ref), *broken);
}

Result<void> Verifier::check_journals(sqlite::Database& file, Seq after) {
    STIPEND_LET(journals, file.prepare("SELECT ref, kind, last FROM journal WHERE ref > ? ORDER BY ref"));
    STIPEND_LET(entries, file.prepare("SELECT account, wei FROM entry WHERE journal = ? ORDER BY account LIMIT ?"));
    Debts debts;
    STIPEND_TRY(debts.open(file, after));
    FeeRows fees;
    if (report_.fees > 0) STIPEND_TRY(fees.open(file, after));
    journals.bind(after);
    Seq covered = after;
    for (;;) {
        STIPEND_LET(more, journals.next());
        if (!more) break;
        ++report_.journals;
        Journal journal;
        journal.ref = journals.i64();
        journal.kind = static_cast<JournalKind>(journals.as<std::uint8_t>());
        journal.last = journals.i64();
        const std::string name = cat("journal ", journal.ref);
        if (journal.ref <= covered || journal.last < journal.ref) {
            bad(name, cat("overlaps: got [", journal.ref, ", ", journal.last, "]"));
        }
        covered = std::max(covered, journal.last);
        Entries want;
        if (!journals.malformed() && journal.kind == JournalKind::decisions) {
            STIPEND_TRY(expect_decisions(debts, journal.ref, journal.last, want));
        } else if (!journals.malformed() && journal.kind == JournalKind::adjustment) {
            STIPEND_TRY(expect_row("adjustment", journal.ref, journal.last, want));
        } else if (!journals.malformed() && journal.kind == JournalKind::manual_payment) {
            STIPEND_TRY(expect_row("manual_payment", journal.ref, journal.last, want));
        } else if (!journals.malformed() && journal.kind == JournalKind::fees) {
            STIPEND_TRY(expect_fees(fees, journal.ref, journal.last, want));
        } else if (!journals.malformed() && journal.kind >= JournalKind::payout &&
                   journal.kind <= JournalKind::slot_end) {
            STIPEND_TRY(expect_payout(journal, want));
        } else {
            bad(name, cat("unknown kind: got ", static_cast<int>(journal.kind)));
        }
        // Bounded, since a forged file may hold any number of entries: one too many is enough for a finding.
        entries.bind(journal.ref).bind(max_journal_entries + 1);
        for (;;) {
            STIPEND_LET(another, entries.next());
            if (!another) break;
            Entry& entry = journal.entries.emplace_back();
            entry.account = entries.i64();
            entry.wei = SignedWei::from_bytes(entries.bytes32());
            entry.space = space_of_account(entry.account);
            if (entries.malformed()) bad(cat("entry (", name, ", account ", entry.account, ")"), "is not 32 bytes");
        }
        compare_entries(journal, want);
        if (journal.kind == JournalKind::payout) check_all_reserved(journal);
    }
    while (debts.more) {
        bad(cat("decision seq ", debts.seq), "is in no journal");
        STIPEND_TRY(debts.advance());
    }
    STIPEND_TRY(fees.skip_to(INT64_MAX, [&](Seq seq) { bad(cat("fee seq ", seq), "is in no journal"); }));
    return check_orphan_entries(file, after);
}

Result<void> Verifier::expect_decisions(Debts& debts, Seq ref, Seq last, Entries& want) {
    for (; debts.more && debts.seq < ref;) {
        bad(cat("decision seq ", debts.seq), "is in no journal");
        STIPEND_TRY(debts.advance());
    }
    Seq count = 0;
    for (; debts.more && debts.seq <= last; ++count) {
        expect_debt(want, debts.orchestrator, debts.seq, debts.wei);
        STIPEND_TRY(debts.advance());
    }
    if (last < ref || count != last - ref + 1) {
        bad(cat("journal ", ref), cat("covers [", ref, ", ", last, "]: got ", count, " decisions there"));
    }
    return {};
}

Result<void> Verifier::expect_row(std::string_view table, Seq ref, Seq last, Entries& want) {
    row_journals_.push_back(ref);
    STIPEND_LET(row, main_.prepare(cat("SELECT orchestrator, wei", table == "manual_payment" ? ", decimals" : ", NULL",
                                       " FROM ", table, " WHERE seq = ?")));
    STIPEND_LET(found, row.bind(ref).next());
    if (!found || last != ref) {
        bad(cat("journal ", ref), cat("belongs to no ", table));
        return {};
    }
    const OrchestratorId id = row.i64();
    expect_debt(want, id, ref, SignedWei::from_bytes(row.bytes32()));
    const auto decimals = row.maybe<std::uint32_t>();
    if (const auto own = decimals_of(network_at(id, ref)); decimals && *decimals != own) {
        bad(cat(table, " seq ", ref), cat("decimals: got ", *decimals, ", want those of its network, ", own));
    }
    return {};
}

Result<void> Verifier::check_orphan_entries(sqlite::Database& file, Seq after) {
    STIPEND_LET(orphans, file.prepare("SELECT journal, account FROM entry WHERE journal > ? AND journal NOT IN "
                                      "(SELECT ref FROM journal) LIMIT 100"));
    orphans.bind(after);
    for (;;) {
        STIPEND_LET(more, orphans.next());
        if (!more) return {};
        const Seq journal = orphans.i64();
        bad(cat("entry (journal ", journal, ", account ", orphans.i64(), ")"), "belongs to no journal");
    }
}

}  // namespace stipend::ledger
