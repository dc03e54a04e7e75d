// Whether error budgets are used up too fast: each alert of a target looks at a longer stretch of time, which says that
// it matters, and at a shorter one, which says that it goes on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// What was measured in the last stretch of time, in steps of which the oldest leaves as a whole: it covers between
// (steps - 1) / steps of the stretch and all of it. [value]
class Stretch {
  public:
    Stretch(std::int64_t span_ns, std::size_t steps);
    // At the time of the decision. What is older than the stretch is left out.
    void add(stipend_unix_ns at, const Times& times);
    struct Sum {
        uint128 measured = 0;
        uint128 bad = 0;
        std::uint64_t checks = 0;
    };
    [[nodiscard]] Sum sum(stipend_unix_ns now) const;

  private:
    struct Step {
        std::int64_t number = -1;
        std::int64_t measured = 0;
        std::int64_t bad = 0;
        std::uint32_t checks = 0;
    };
    std::int64_t step_ns_;
    std::vector<Step> steps_;
};

// One thread at a time. Memory: some 2 kB for each alert of a target and each orchestrator that it is for.
class BurnBook {
  public:
    static constexpr std::size_t max_watched = 20'000;  // pairs of a target and an orchestrator

    explicit BurnBook(std::vector<config::Sla> targets);

    // The longest stretch of all; 0 without a target.
    [[nodiscard]] std::int64_t longest_ns() const { return longest_ns_; }
    // LIMIT: more than max_watched.
    [[nodiscard]] Result<void> take(const Check& check, const std::function<std::string(std::string_view)>& capability);

    struct Firing {
        std::string id;  // "sla:NAME:LONG:KEY", such as "sla:gold:1h:orch-1"
        std::string severity;
        std::string text;
    };
    // Those that fire now, by id. Where the shorter stretch has no check, an alert stays as it was.
    [[nodiscard]] std::vector<Firing> evaluate(stipend_unix_ns now);

  private:
    struct Watch {
        config::BurnAlert alert;
        Stretch longer;
        Stretch shorter;
        bool fires = false;
    };
    struct Watched {
        std::size_t target = 0;
        std::vector<Watch> watches = {};
    };
    struct Account {
        std::string key = {};
        std::vector<Watched> targets = {};
    };
    [[nodiscard]] Firing firing(const config::Sla& target, const std::string& key, const Watch& watch,
                                const Stretch::Sum& sum) const;

    std::vector<config::Sla> targets_;
    std::int64_t longest_ns_ = 0;
    std::size_t watched_ = 0;
    std::map<ledger::OrchestratorId, Account> accounts_;
};

}  // namespace stipend::analysis
