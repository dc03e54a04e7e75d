// The chances of all orchestrators, and how good such chances were in the span.
#pragma once

#include "host/analysis/context.hpp"
#include "host/analysis/prediction.hpp"

namespace stipend::analysis {

// A row for each orchestrator. Beside them the back-test: each hour and each day of the span after the first 24 known
// hours of its orchestrator, predicted by what was known before it, with two baselines; days begin with every hour.
class PredictionReport final : public Analysis {
  public:
    static constexpr std::size_t max_orchestrators = 20'000;  // 3 kB each
    static constexpr std::uint32_t first_known_hours = 24;

    explicit PredictionReport(const Context& context) : context_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

  private:
    struct Account {
        std::string key = {};
        Predictor predictor = {};
        Hour hour = {};  // not over yet
    };
    void add(Account& account, std::int64_t hour, std::int64_t measured, std::int64_t up);
    void end_hour(Account& account);
    [[nodiscard]] static Json row_of(const Account& account, std::int64_t next_hour);

    const Context& context_;
    std::unordered_map<ledger::OrchestratorId, Account> accounts_;
    Score hours_;
    Score days_;
};

}  // namespace stipend::analysis
