#include "host/ledger/account_rows.hpp"

#include <algorithm>
#include <utility>

#include "host/ledger/columns.hpp"
#include "host/ledger/epochs.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {
namespace {

Error damaged_row(const sqlite::Database& database, std::string_view what, Seq seq) {
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": ", what, " seq ", seq,
                " is damaged: run `stipend ledger verify` for details");
}

Error too_many(const sqlite::Database& database, std::string_view what, std::size_t most) {
    return fail(STIPEND_E_LIMIT, "ledger: ", database.path(), ": got more than ", most, " ", what,
                " of one orchestrator to read at once");
}

}  // namespace

Result<void> AccountRows::run() {
    STIPEND_SET(networks_, NetworkHistory::load(main_, range_.orchestrator));
    STIPEND_TRY(find_parts());
    STIPEND_TRY(find_others());
    std::size_t decisions = 0;
    for (const auto& part : parts_) decisions += static_cast<std::size_t>(part.last - part.before);
    if (decisions > max_account_rows) return too_many(main_, "decisions", max_account_rows);
    for (auto& part : parts_) STIPEND_TRY(pass_part(part));
    return pass_others_before(range_.before);
}

Result<std::unique_ptr<sqlite::Database>> AccountRows::open(const RecordedArchive& archive) const {
    if (archive.path.empty()) {
        return fail(STIPEND_E_UNAVAILABLE, "ledger: ", main_.path(), ": rows that are needed are in the archive ",
                    archive.facts.file, ", which is not found");
    }
    auto out = std::make_unique<sqlite::Database>();
    STIPEND_TRY(out->open(archive.path.string(), SQLITE_OPEN_READONLY, busy_timeout_ms_));
    return out;
}

Result<void> AccountRows::find_parts() {
    STIPEND_LET(archives, recorded_archives(main_, {}));
    STIPEND_LET(through, archived_through(main_));
    STIPEND_LET(last, main_.number(cat("SELECT epoch FROM engine_state WHERE orchestrator = ", range_.orchestrator)));
    STIPEND_LET(rest, add_part(nullptr, through, last));
    for (auto archive = archives.rbegin(); archive != archives.rend() && rest > 0; ++archive) {
        STIPEND_LET(file, open(*archive));
        STIPEND_SET(rest, add_part(std::move(file), archive->facts.first - 1, rest));
    }
    std::ranges::reverse(parts_);
    return {};
}

Result<std::int64_t> AccountRows::add_part(std::unique_ptr<sqlite::Database> archive, Seq older, std::int64_t last) {
    auto& file = archive ? *archive : main_;
    const auto of = range_.orchestrator;
    STIPEND_LET(first, epoch_before(file, of, std::max(range_.after, older) + 1, last));
    STIPEND_LET(end, epoch_before(file, of, range_.before, last));
    STIPEND_LET(absent, epoch_before(file, of, older + 1, last));
    if (end > first) parts_.push_back({.archive = std::move(archive), .before = first, .last = end});
    return range_.after >= older ? 0 : absent;
}

Result<void> AccountRows::find_others() {
    STIPEND_LET(adjustments, main_.prepare(cat("SELECT seq, ", columns<Adjustment>(),
                                               " FROM adjustment WHERE orchestrator = ? AND seq > ? AND seq < ? "
                                               "ORDER BY seq")));
    adjustments.bind(range_.orchestrator).bind(range_.after).bind(range_.before);
    STIPEND_LET(payments, main_.prepare(cat("SELECT seq, ", columns<ManualPayment>(),
                                            " FROM manual_payment WHERE orchestrator = ? AND seq > ? AND seq < ? "
                                            "ORDER BY seq")));
    payments.bind(range_.orchestrator).bind(range_.after).bind(range_.before);
    for (;;) {
        STIPEND_LET(more, adjustments.next());
        if (!more) break;
        const auto seq = adjustments.i64();
        auto row = read_row<Adjustment>(adjustments);
        if (adjustments.malformed()) return damaged_row(main_, "adjustment", seq);
        others_.push_back({seq, std::move(row)});
        if (others_.size() > max_account_others) return too_many(main_, "adjustments", max_account_others);
    }
    for (;;) {
        STIPEND_LET(more, payments.next());
        if (!more) break;
        const auto seq = payments.i64();
        STIPEND_LET(row, sound_payment(main_, payments, seq));
        others_.push_back({seq, std::move(row)});
        if (others_.size() > 2 * max_account_others) return too_many(main_, "manual payments", max_account_others);
    }
    std::ranges::sort(others_, {}, &Other::seq);
    return {};
}

Result<void> AccountRows::pass_part(Part& part) {
    auto& file = part.archive ? *part.archive : main_;
    STIPEND_LET(rows, file.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
    STIPEND_LET(prices, file.prepare(cat("SELECT body", price_before)));
    for (auto epoch = part.before + 1; epoch <= part.last; ++epoch) {
        STIPEND_LET(found, rows.bind(epoch).bind(range_.orchestrator).next());
        if (!found) {
            return fail(STIPEND_E_INVALID, "ledger: ", file.path(), ": epoch ", epoch, " of orchestrator ",
                        range_.orchestrator, " is missing: run `stipend ledger verify` for details");
        }
        STIPEND_TRY(pass_decision(rows, prices, file));
        rows.reset();
    }
    return {};
}

Result<void> AccountRows::pass_decision(sqlite::Statement& rows, sqlite::Statement& prices, sqlite::Database& file) {
    const auto stored = read_decision(rows);
    if (stored.malformed || broken_invariant(stored.decision)) return damaged_row(file, "decision", stored.seq);
    STIPEND_TRY(pass_others_before(stored.seq));
    if (networks_.at(stored.seq) != range_.network) {
        if (elsewhere_.first_epoch == 0) elsewhere_.first_epoch = stored.decision.epoch;
        elsewhere_.last_epoch = stored.decision.epoch;
        return {};
    }
    const auto elsewhere = std::exchange(elsewhere_, {});
    if (range_.detailed && passed_any_ && elsewhere.first_epoch != 0) STIPEND_TRY(sink_({.elsewhere = &elsewhere}));
    passed_any_ = true;
    AccountLine line{.seq = stored.seq, .decision = &stored.decision};
    if (range_.detailed) {
        STIPEND_TRY(pass_generation(stored.decision.generation));
        STIPEND_TRY(find_rate(prices, stored.seq));
        line.usd_per_eth_e8 = rate_;
    }
    return sink_(line);
}

Result<void> AccountRows::pass_others_before(Seq seq) {
    for (; next_other_ < others_.size() && others_[next_other_].seq < seq; ++next_other_) {
        const auto& [at, row] = others_[next_other_];
        if (networks_.at(at) != range_.network) continue;
        STIPEND_TRY(sink_(
            {.seq = at, .adjustment = std::get_if<Adjustment>(&row), .payment = std::get_if<ManualPayment>(&row)}));
    }
    return {};
}

Result<void> AccountRows::pass_generation(GenerationId id) {
    if (!generations_.insert(id).second) return {};
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Generation>(), " FROM generation WHERE id = ?")));
    STIPEND_LET(found, rows.bind(id).next());
    if (!found) return damaged_row(main_, "generation", id);
    const auto row = read_row<Generation>(rows);
    return sink_({.generation = &row});
}

Result<void> AccountRows::find_rate(sqlite::Statement& prices, Seq seq) {
    const bool first = rated_ == 0;
    STIPEND_LET(found, prices.bind(rated_).bind(seq).bind(range_.network).next());
    if (found) rate_ = rate_of_price(prices.text());
    prices.reset();
    rated_ = seq;
    return first && !found ? find_older_rate(seq) : Result<void>();
}

// The first decision of a file may lie behind the price in an older one.
Result<void> AccountRows::find_older_rate(Seq seq) {
    STIPEND_LET(archives, recorded_archives(main_, {}));
    for (auto archive = archives.rbegin(); archive != archives.rend() && !rate_; ++archive) {
        if (archive->facts.first >= seq) continue;
        STIPEND_LET(file, open(*archive));
        STIPEND_LET(prices, file->prepare(cat("SELECT body", price_before)));
        STIPEND_LET(found, prices.bind(Seq{0}).bind(seq).bind(range_.network).next());
        if (found) rate_ = rate_of_price(prices.text());
    }
    return {};
}

}  // namespace stipend::ledger
