// Verifies factors of demand: each follows from what its own row says and from the rows before it.
#include "host/ledger/verify.hpp"

namespace stipend::ledger {

Result<std::string> Verifier::demand_row(Seq seq) {
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Demand>(), ", ns FROM demand WHERE seq = ?")));
    STIPEND_LET(found, rows.bind(seq).next());
    if (!found) return std::string("no row");
    const auto row = read_row<Demand>(rows);
    const auto ns = rows.i64();
    if (rows.malformed()) return std::string("a malformed row");
    if (const auto broken = broken_invariant(row)) return *broken;
    check_demand(seq, row, demands_[ns]);
    return demand_body(row, namespaces_[ns]);
}

void Verifier::check_demand(Seq seq, const Demand& row, DemandTrack& track) {
    const auto name = cat("demand seq ", seq);
    const bool first = !track.last && unchecked_ == 0;
    const auto before = !track.last || track.last->factor_ppm == 0 ? demand_one : track.last->factor_ppm;
    if ((track.last || first) && row.before_ppm != before) {
        bad(name, cat("the factor before it: got ", row.before_ppm, ", want ", before));
    }
    const auto supply = std::max(row.up, track.last ? track.last->supply : 0);
    const auto left = track.last ? failures_left(*track.last) : 0;
    if (row.supply < supply || ((track.last || first) && row.supply != supply)) {
        bad(name, cat("supply: got ", row.supply, ", want ", supply));
    }
    if (row.failed < left) bad(name, cat("failed jobs: got ", row.failed, ", want at least ", left));
    const auto [least, most] = track.window.range(row.at);
    // More of the day may be in an archive that was not checked: then the range is wider.
    if (track.last && (row.least_ppm > least || row.most_ppm < most)) {
        bad(name, cat("the factors of the day before: got ", row.least_ppm, " .. ", row.most_ppm, ", want ", least,
                      " .. ", most));
    }
    track.window.add(row);
    track.last = row;
}

}  // namespace stipend::ledger
