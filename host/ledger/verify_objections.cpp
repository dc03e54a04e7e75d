// Verifies objections: each is to a decision that was made before it, and has one answer at most, which came after it.
#include "host/ledger/verify.hpp"

namespace stipend::ledger {

Result<std::string> Verifier::objection_row(Seq seq) {
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Objection>(), " FROM objection WHERE seq = ?")));
    STIPEND_LET(found, rows.bind(seq).next());
    if (!found) return std::string("no row");
    const auto row = read_row<Objection>(rows);
    if (rows.malformed()) return std::string("a malformed row");
    if (const auto broken = broken_invariant(row)) return *broken;
    const auto name = cat("objection seq ", seq);
    if (!known_.contains(row.orchestrator)) bad(name, "belongs to no known orchestrator");
    const auto track = tracks_.find(row.orchestrator);
    const auto last = track == tracks_.end() ? 0 : track->second.epoch;
    // The decision may be in an archive that was not checked.
    if (row.epoch > last && (unchecked_ == 0 || last > 0)) {
        bad(name, cat("is to epoch ", row.epoch, ", which was not decided: the last one is ", last));
    }
    return objection_body(row);
}

Result<std::string> Verifier::objection_answer_row(Seq seq) {
    STIPEND_LET(rows,
                main_.prepare(cat("SELECT ", columns<ObjectionAnswer>(), " FROM objection_answer WHERE seq = ?")));
    STIPEND_LET(found, rows.bind(seq).next());
    if (!found) return std::string("no row");
    const auto row = read_row<ObjectionAnswer>(rows);
    if (rows.malformed()) return std::string("a malformed row");
    if (const auto broken = broken_invariant(row)) return *broken;
    const auto name = cat("objection answer seq ", seq);
    STIPEND_LET(to, main_.prepare("SELECT 1 FROM objection WHERE orchestrator = ? AND epoch = ? AND seq < ? AND "
                                  "answered = ?"));
    STIPEND_LET(answers, to.bind(row.orchestrator).bind(row.epoch).bind(seq).bind(seq).next());
    if (!answers) bad(name, cat("answers no objection of orchestrator ", row.orchestrator, " to epoch ", row.epoch));
    if (!row.adjustment.empty()) {
        STIPEND_LET(paid, main_.prepare("SELECT 1 FROM adjustment WHERE key = ? AND orchestrator = ? AND seq < ?"));
        STIPEND_LET(pays, paid.bind_text(row.adjustment).bind(row.orchestrator).bind(seq).next());
        if (!pays) bad(name, cat("names an adjustment that is not ahead of it: ", row.adjustment));
    }
    return objection_answer_body(row);
}

Result<void> Verifier::check_answered_objections() {
    STIPEND_LET(rows, main_.prepare("SELECT seq, answered FROM objection o WHERE answered IS NOT NULL AND NOT EXISTS "
                                    "(SELECT 1 FROM objection_answer a WHERE a.seq = o.answered AND "
                                    "a.orchestrator = o.orchestrator AND a.epoch = o.epoch) LIMIT 100"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const Seq seq = rows.i64();
        bad(cat("objection seq ", seq), cat("its answer is missing: seq ", rows.i64()));
    }
}

}  // namespace stipend::ledger
