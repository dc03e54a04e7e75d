#include "host/ledger/verify.hpp"

#include <algorithm>

#include "host/ledger/archive_signature.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/sqlite_ledger.hpp"
#include "stipend/hex.hpp"

namespace stipend::ledger {

Result<Report> SqliteLedger::verify(const VerifyOptions& options) {
    // One snapshot, since the host may write at the same time.
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(report, Verifier(database_, options).run());
    report.wal_missing = wal_missing_;
    return report;
}

Result<Report> Verifier::run() {
    STIPEND_TRY(check_file());
    STIPEND_TRY(load_known());
    STIPEND_TRY(load_conversions());
    STIPEND_TRY(check_archives());
    STIPEND_LET(through, archived_through(main_));
    STIPEND_TRY(walk(main_, through));
    report_unpriced();
    STIPEND_TRY(check_journals(main_, through));
    STIPEND_TRY(check_orchestrators());
    STIPEND_TRY(check_states());
    STIPEND_TRY(check_fee_states());
    STIPEND_TRY(check_accounts());
    STIPEND_TRY(check_networks());
    STIPEND_TRY(check_gaps());
    STIPEND_TRY(check_small_tables());
    STIPEND_TRY(check_restored());
    if (options_.expected_head && !expected_head_seen_ && options_.expected_head->seq > unchecked_) {
        bad(cat("audit seq ", options_.expected_head->seq),
            cat("the chain does not pass through the head that was exported: got an end at seq ", at_.seq, ", want ",
                hex_encode(options_.expected_head->hash), ": rows were cut off or replaced"));
    }
    report_cut_heads();
    report_.head = at_;
    report_.orchestrators = known_.size();
    return std::move(report_);
}

void Verifier::bad(std::string row, std::string what) {
    ++report_.bad;
    if (report_.findings.size() < Report::max_findings) {
        report_.findings.push_back({.row = std::move(row), .what = std::move(what)});
    }
}

std::string Verifier::name_of(const StoredDecision& stored) const {
    const auto known = known_.find(stored.decision.orchestrator);
    return cat("decision seq ", stored.seq, " (",
               known == known_.end() ? cat("orchestrator ", stored.decision.orchestrator) : known->second.key,
               ", epoch ", stored.decision.epoch, ")");
}

Result<void> Verifier::check_file() {
    STIPEND_LET(chain, main_.number("SELECT chain_id FROM meta"));
    chain_id_ = static_cast<std::uint64_t>(chain);
    STIPEND_LET(rows, main_.prepare("PRAGMA integrity_check(10)"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const std::string answer = rows.text();
        if (answer != "ok") bad(cat("file ", main_.path()), answer);
    }
}

Result<void> Verifier::load_known() {
    STIPEND_LET(spaces, main_.prepare("SELECT n.id, n.name, a.id FROM namespace n LEFT JOIN account a ON a.ns = n.id "
                                      "AND a.name = 'expense:payout'"));
    for (;;) {
        STIPEND_LET(more, spaces.next());
        if (!more) break;
        const std::int64_t id = spaces.i64();
        namespaces_.emplace(id, spaces.text());
        expense_accounts_.emplace(id, spaces.i64());
    }
    STIPEND_TRY(load_fee_accounts());
    STIPEND_TRY(load_networks());
    STIPEND_TRY(load_accounts());
    STIPEND_LET(rows, main_.prepare("SELECT id, key, ns FROM orchestrator"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const OrchestratorId id = rows.i64();
        Known known;
        known.key = rows.text();
        known.ns = rows.i64();
        known_.emplace(id, std::move(known));
    }
}

Result<void> Verifier::check_archives() {
    STIPEND_LET(archives, recorded_archives(main_, options_.archives));
    for (const auto& archive : archives) {
        if (archive.path.empty()) report_.missing_archives.push_back(archive.facts.file);
    }
    if (!archives.empty()) {
        // Archives are checked all or none: the chain has to be followed from its beginning.
        if (!report_.missing_archives.empty()) return start_from_carried(archives.back());
        for (const auto& archive : archives) STIPEND_TRY(check_archive(archive));
        return check_carried();
    }
    STIPEND_LET(carried, main_.number("SELECT count(*) FROM carried"));
    if (carried != 0) bad("carried", "balances were carried over from archives, but none is recorded");
    return {};
}

Result<void> Verifier::check_archive(const RecordedArchive& archive) {
    const std::string name = cat("archive ", archive.path.string());
    sqlite::Database file;
    STIPEND_TRY(file.open(archive.path.string(), SQLITE_OPEN_READONLY, 0));
    if (archive.facts.first != next_seq(at_.seq) || archive.facts.previous != at_.hash) {
        bad(name,
            cat("does not follow the one before: begins with seq ", archive.facts.first, ", want ", next_seq(at_.seq)));
    }
    if (archive.facts.first < 1) return {};
    if (archive.facts.signer != Hash{}) check_signature(file, archive);
    at_.hash = archive.facts.previous;
    const Seq before = archive.facts.first - 1;
    STIPEND_TRY(walk(file, before));
    STIPEND_TRY(check_journals(file, before));
    if (at_.seq != archive.facts.last || at_.hash != archive.facts.head) {
        bad(name, cat("its chain ends otherwise than the ledger recorded: got seq ", at_.seq, " ", hex_encode(at_.hash),
                      ", want seq ", archive.facts.last, " ", hex_encode(archive.facts.head)));
    }
    if (closing_hash() != archive.facts.closing) {
        bad(name, "its balances or epochs are not those that the ledger recorded");
    }
    at_ = {.seq = archive.facts.last, .hash = archive.facts.head};
    return {};
}

void Verifier::check_signature(sqlite::Database& file, const RecordedArchive& archive) {
    const std::string name = cat("archive ", archive.path.string());
    auto row = file.prepare("SELECT chain_id, first, last, previous, head, closing, signer, signature FROM seal");
    const auto found = row ? row->next() : Result<bool>(false);
    if (!found || !*found) return bad(name, "it is not signed");
    const auto chain_id = row->as<std::uint64_t>();
    ArchiveFacts facts;
    signed_fields(facts, Reader(*row));
    facts.signer = row->bytes32();
    const std::string signature = row->blob();
    const Hash digest = archive_digest(archive.facts, chain_id_);
    if (archive_digest(facts, chain_id) != digest || facts.signer != archive.facts.signer) {
        bad(name, "what is signed in it is not what the ledger recorded");
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(signature.data());
    if (!verify_signature(digest, archive.facts.signer, {bytes, signature.size()})) {
        bad(name, cat("its signature is not that of the recorded key ", hex_encode(archive.facts.signer)));
    }
}

Hash Verifier::closing_hash() const {
    std::map<std::int64_t, std::uint64_t> epochs;
    for (const auto& [account, sum] : sums_) epochs.emplace(account, 0);
    for (const auto& [id, track] : tracks_) {
        if (track.epoch > 0) epochs[id] = track.epoch;
    }
    std::string closing;
    for (const auto& [account, epoch] : epochs) {
        const auto sum = sums_.find(account);
        closing_encode(closing,
                       {.account = account, .epoch = epoch, .balance = sum == sums_.end() ? SignedWei() : sum->second});
    }
    return keccak256(closing);
}

Result<void> Verifier::start_from_carried(const RecordedArchive& last) {
    std::string closing;
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Carried>(), " FROM carried ORDER BY account")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const auto row = read_row<Carried>(rows);
        closing_encode(closing, row);
        sums_[row.account] = row.balance;
        if (row.epoch > 0) tracks_[row.account].epoch = row.epoch;
    }
    if (keccak256(closing) != last.facts.closing) {
        bad("carried", "the balances carried over from the archives are not those that the chain recorded");
    }
    at_ = {.seq = last.facts.last, .hash = last.facts.head};
    unchecked_ = last.facts.last;
    return load_carried_networks(unchecked_);
}

Result<void> Verifier::check_carried() {
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Carried>(), " FROM carried ORDER BY account")));
    std::size_t count = 0;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        ++count;
        const auto row = read_row<Carried>(rows);
        const auto sum = sums_.find(row.account);
        const SignedWei want = sum == sums_.end() ? SignedWei() : sum->second;
        const auto track = tracks_.find(row.account);
        const std::uint64_t want_epoch = track == tracks_.end() ? 0 : track->second.epoch;
        if (rows.malformed() || row.balance != want || row.epoch != want_epoch) {
            bad(cat("carried account ", row.account),
                cat("got ", row.balance.text(), " wei, epoch ", row.epoch, "; the archives hold ", want.text(),
                    " wei, epoch ", want_epoch));
        }
    }
    std::size_t want = sums_.size();
    for (const auto& [id, track] : tracks_) want += track.epoch > 0 && !sums_.contains(id) ? 1U : 0U;
    if (count != want) bad("carried", cat("got ", count, " accounts; the archives hold ", want));
    return {};
}

}  // namespace stipend::ledger
