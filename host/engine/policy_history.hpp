// Recorded history decided again: by the policies that decided it, which have to come to the same, and by another one,
// at the recorded checks and at those of its own schedule.
#pragma once

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/engine/explain.hpp"
#include "host/engine/schedule_walk.hpp"
#include "host/ledger/ledger.hpp"

namespace stipend::engine {

// Of one orchestrator, or of all.
struct HistorySum {
    std::uint64_t decisions = 0;
    Usd recorded = {};
    Usd again = {};           // by the other policy, at the checks that there were
    std::uint64_t flips = 0;  // decisions in another tier
    std::uint64_t held = 0;   // that the other policy would not have made
    std::uint64_t waits = 0;  // after which the next check would have come at another time
    // At the checks of its own schedule, with the time that was not observed once as down and once as up: the smaller
    // and the larger sum, and the larger amount of such time. What was recorded at these checks suffices where there is
    // none.
    Usd low = {}, high = {};
    std::uint64_t least_checks = 0, most_checks = 0;
    std::int64_t unobserved_ns = 0;
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

    // Which factor of demand the other policy is handed for the decision at a place; without it, the recorded one. A
    // simulated check between two recorded ones has that of the later one.
    using DemandSource = std::function<std::uint32_t(ledger::Seq)>;
    void set_demand(DemandSource demand) { demand_ = std::move(demand); }
    // Handed what the other policy decides for each recorded check.
    using Observer = std::function<void(const ledger::DecisionLine& recorded, const stipend_decision& other)>;
    void set_observer(Observer observer) { observer_ = std::move(observer); }

    // In the order of the chain. An error of a policy, or of the ledger, ends it. What is kept grows with the number of
    // orchestrators, not with that of decisions.
    [[nodiscard]] Result<void> take(const ledger::DecisionLine& line);
    // After the last line: the sums are complete. Where an orchestrator waits beyond its last check, its schedule goes
    // on until then, or until `end`, when the last decision of any orchestrator was made.
    [[nodiscard]] Result<void> finish(stipend_unix_ns end);

    // After finish().
    [[nodiscard]] const std::map<std::string, HistorySum>& sums() const { return sums_; }
    [[nodiscard]] HistorySum total() const;
    // Decisions that their own policy does not reproduce; the first ones as text.
    [[nodiscard]] std::uint64_t decisions() const { return decisions_; }
    [[nodiscard]] std::uint64_t not_reproduced() const { return not_reproduced_; }
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  private:
    using Walks = std::array<ScheduleWalk, 2>;  // down, up
    // How one orchestrator is decided, and where it is.
    struct Account {
        std::string key;
        ledger::EngineState state;
        ledger::EngineState other_state;
        Usd base = {};
        std::shared_ptr<const plugin::PolicyInstance> policy;
        std::shared_ptr<const plugin::PolicyInstance> other;
        ledger::GenerationId generation = 0;
        bool known = false;
        std::optional<CheckBefore> before = {};
        HistorySum sum = {};
        // Once the other policy asks for a check at another time than the recorded one; and what it had paid by then.
        std::unique_ptr<Walks> walks = {};
        Usd paid_before = {};
        std::uint64_t checks_before = 0;
    };
    class Round;
    // Where the policies of a generation and the state before the decision are not known yet, or not any more.
    [[nodiscard]] Result<void> meet(Account& account, const ledger::DecisionLine& line);
    [[nodiscard]] Result<void> meet_other(Account& account);
    static void pardon(Account& account, const ledger::Pardon& pardon, const ledger::EngineState& after,
                       stipend_unix_ns due_at);
    // Tries the beginning of another orchestrator of the same generation for this one's first decision: where that
    // reproduces it, the ledger, which takes longer than a hundred decisions, is not asked.
    [[nodiscard]] bool begins_alike(Account& account, const ledger::Decision& d) const;
    void note_beginning(const Account& account, const ledger::Decision& d);
    // True where it came to the same.
    [[nodiscard]] static Result<bool> reproduce(Account& account, const ledger::Decision& d);
    [[nodiscard]] Result<bool> meet_and_reproduce(Account& account, const ledger::DecisionLine& line);
    // The recorded check, and those of its own schedule until then.
    [[nodiscard]] static Result<stipend_decision> decide_by_other(Account& account, const ledger::Decision& d);
    [[nodiscard]] static Result<void> settle_other(Account& account, const ledger::Decision& d,
                                                   const stipend_decision& decision);
    [[nodiscard]] static Result<void> walk(Account& account, const KnownStretch& stretch);
    static void complete(Account& account);

    ledger::Ledger& book_;
    const PolicySource& policies_;
    const TermsSource& present_;
    const OtherSource& other_;
    DemandSource demand_;
    Observer observer_;
    std::unordered_map<ledger::OrchestratorId, Account> accounts_;
    // The first decision of one orchestrator for each generation.
    struct Beginning {
        ledger::EngineState state;
        Usd base = {};
        std::shared_ptr<const plugin::PolicyInstance> policy;
    };
    std::map<ledger::GenerationId, Beginning> beginnings_;
    std::map<std::string, HistorySum> sums_;
    std::uint64_t decisions_ = 0;
    std::uint64_t not_reproduced_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace stipend::engine
