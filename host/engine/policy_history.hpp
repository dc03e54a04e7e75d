// Recorded history decided again: by the policies that decided it, which have to come to the same, and by another one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/engine/explain.hpp"
#include "host/ledger/ledger.hpp"

namespace stipend::engine {

// Of one orchestrator, or of all.
struct HistorySum {
    std::uint64_t decisions = 0;
    Usd recorded = {};
    Usd again = {};           // by the other policy, at the checks that there were
    Usd again_by_time = {};   // and where its waits had been kept: its pay per minute for the time of each check
    std::uint64_t flips = 0;  // decisions in another tier
    std::uint64_t held = 0;   // that the other policy would not have made
    std::uint64_t waits = 0;  // after which the next check would have come at another time
};

class PolicyHistory {
  public:
    static constexpr std::size_t max_problems = 20;

    // The other policy for one orchestrator, with the base that it is paid by.
    struct Other {
        std::shared_ptr<const plugin::PolicyInstance> policy = {};
    };
    using OtherSource = std::function<Result<Other>(const std::string& orchestrator, Usd base)>;

    // `book` is asked for the states before decisions, and is not the one that the decisions are read by. All outlive
    // this.
    PolicyHistory(ledger::Ledger& book, const PolicySource& policies, const TermsSource& present,
                  const OtherSource& other)
        : book_(book), policies_(policies), present_(present), other_(other) {}

    // In the order of the chain. An error of a policy, or of the ledger, ends it.
    [[nodiscard]] Result<void> take(const ledger::DecisionLine& line);

    [[nodiscard]] const std::map<std::string, HistorySum>& sums() const { return sums_; }
    [[nodiscard]] HistorySum total() const;
    // Decisions that their own policy does not reproduce; the first ones as text.
    [[nodiscard]] std::uint64_t not_reproduced() const { return not_reproduced_; }
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  private:
    // How one orchestrator is decided, and where it is.
    struct Account {
        ledger::EngineState state;
        ledger::EngineState other_state;
        Usd base = {};
        std::shared_ptr<const plugin::PolicyInstance> policy;
        std::shared_ptr<const plugin::PolicyInstance> other;
        ledger::GenerationId generation = 0;
        bool known = false;
    };
    // Where the policies of a generation and the state before the decision are not known yet, or not any more.
    [[nodiscard]] Result<void> meet(Account& account, const ledger::DecisionLine& line);
    // True where it came to the same.
    [[nodiscard]] Result<bool> reproduce(Account& account, const ledger::DecisionLine& line);
    [[nodiscard]] Result<void> decide_by_other(Account& account, const ledger::DecisionLine& line, HistorySum& sum);

    ledger::Ledger& book_;
    const PolicySource& policies_;
    const TermsSource& present_;
    const OtherSource& other_;
    std::map<std::string, Account, std::less<>> accounts_;
    std::map<std::string, HistorySum> sums_;
    std::uint64_t not_reproduced_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace stipend::engine
