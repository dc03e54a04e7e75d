#include "host/engine/demand_replay.hpp"

#include <algorithm>

#include "host/base/time.hpp"
#include "stipend/decimal.hpp"

namespace stipend::engine {
namespace {

// Recorded cycles, one after the other, by other rules.
class Again {
  public:
    explicit Again(const ledger::DemandRules& rules) : rules_(rules) {}

    std::uint32_t next(const ledger::Demand& row) {
        const auto failed = row.failed - std::min(row.failed, last_recorded_ ? failures_left(*last_recorded_) : 0);
        last_recorded_ = row;
        if (row.factor_ppm == 0) {
            if (last_) take(ledger::no_demand(window_, *last_, row.at));
            return 0;
        }
        take(ledger::next_demand(rules_, window_, last_ ? &*last_ : nullptr,
                                 {.from = row.from,
                                  .at = row.at,
                                  .asked = row.asked,
                                  .failed = failed,
                                  .waiting = row.waiting,
                                  .up = row.up}));
        return static_cast<std::uint32_t>(last_->factor_ppm);
    }

  private:
    void take(const ledger::Demand& row) {
        window_.add(row);
        last_ = row;
    }

    const ledger::DemandRules rules_;
    ledger::DemandWindow window_;
    std::optional<ledger::Demand> last_, last_recorded_;
};

std::string factor_text(std::uint32_t ppm) {
    return scaled_text(ppm == 0 ? ledger::demand_one : ppm, 6);
}

}  // namespace

Result<DemandReplay> DemandReplay::read(ledger::Ledger& book, const std::optional<ledger::DemandRules>& rules,
                                        const std::function<Result<void>()>& proceed) {
    DemandReplay out;
    out.by_rules_ = rules.has_value();
    std::optional<Again> again;
    if (rules) again.emplace(*rules);
    ledger::DemandFilter part;
    for (std::size_t before = 1; before != out.cycles_.size();) {
        before = out.cycles_.size();
        if (proceed) STIPEND_TRY(proceed());
        STIPEND_TRY(book.demands(part, [&](const ledger::DemandLine& line) -> Result<void> {
            const auto recorded = static_cast<std::uint32_t>(line.row.factor_ppm);
            out.cycles_.push_back({.seq = line.seq,
                                   .at = line.row.at,
                                   .recorded = recorded,
                                   .again = again ? again->next(line.row) : recorded,
                                   .asked = line.row.asked,
                                   .failed = line.row.failed,
                                   .up = line.row.up});
            part.after = line.seq;
            return {};
        }));
        if (out.cycles_.empty()) break;
    }
    return out;
}

std::uint32_t DemandReplay::at(ledger::Seq seq) const {
    const auto behind = std::ranges::upper_bound(cycles_, seq, {}, &Cycle::seq);
    return behind == cycles_.begin() ? 0 : std::prev(behind)->again;
}

Json DemandReplay::json(stipend_unix_ns from, stipend_unix_ns to) const {
    std::vector<const Cycle*> in;
    for (const auto& one : cycles_) {
        if (one.at >= from && one.at < to) in.push_back(&one);
    }
    if (in.empty()) return {};
    const auto factor = [](const Cycle* one) { return one->again == 0 ? ledger::demand_one : one->again; };
    const auto [least, most] = std::ranges::minmax_element(in, {}, factor);
    auto series = Json::array();
    const auto points = std::min(in.size(), max_series);
    std::size_t from_cycle = 0;
    for (std::size_t point = 1; point <= points; ++point) {
        const auto behind = in.size() * point / points;
        const auto& one = *in[behind - 1];
        std::uint64_t asked = 0, failed = 0;
        for (; from_cycle < behind; ++from_cycle) {
            asked += in[from_cycle]->asked;
            failed += in[from_cycle]->failed;
        }
        series.push(Json::object()
                        .append("at", utc_text(one.at))
                        .append("factor", factor_text(one.again))
                        .append("recorded", factor_text(one.recorded))
                        .append("up", one.up)
                        .append("jobs", asked)
                        .append("failed", failed));
    }
    return Json::object()
        .append("cycles", in.size())
        .append("by", by_rules_ ? "configured" : "recorded")
        .append("least", factor_text((*least)->again))
        .append("most", factor_text((*most)->again))
        .append("last", factor_text(in.back()->again))
        .append("series", std::move(series));
}

}  // namespace stipend::engine
