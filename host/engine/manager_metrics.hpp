// The metrics of a running manager. What the control thread reads for them is read in short turns.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/engine/call_desk.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/engine/manager_plan.hpp"
#include "host/engine/payout_desks.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

// The counters and gauges without labels. [control]
struct PlainMetrics {
    const Engine& engine;
    const ManagerPlan& plan;
    runtime::Host& host;
    const CallDesk& calls;
    std::uint64_t refused_observations = 0;
    const PayoutDesks* payouts = nullptr;  // NULL: settlement is not on
    void refresh(runtime::Metrics& metrics) const;

  private:
    void refresh_payouts(runtime::Metrics& metrics) const;
};

class ManagerMetrics {
  public:
    // Of the ledger in `state_folder`. Both references outlive this; no work of it runs once the loop is closed.
    ManagerMetrics(runtime::Host& host, const Engine& engine, std::string state_folder, ledger::Namespace ns)
        : host_(host), engine_(engine), ledger_(std::move(state_folder), ns) {}

    // Adds the metrics with labels. TIMEOUT where the control thread does not answer. By one caller at a time, which
    // waits for the control thread and the disk.
    Result<void> add(runtime::MetricPage& page, const PayoutDesks* payouts);

  private:
    // A payee with counts of its own, as the engine has it.
    struct Row {
        registry::Payee payee;
        PayeeCount count;
        std::uint32_t consecutive_failures = 0;
        bool active = false, suspended = false, held = false;
        stipend_unix_ns due_at = 0;
        double fees_today_eth = 0;
    };
    // Where several networks are paid: of each.
    struct Payouts {
        ledger::Network network;
        std::string name;
        PayoutDesk::Figures figures;
    };
    struct Totals {
        std::vector<Payouts> payouts;
        PayeeCount others;
        bool has_others = false;
        std::vector<Alert> alerts;
        std::size_t more_alerts = 0;
        Engine::Queues queues;
        Usd accrued, accrual_limit;
        ledger::GenerationId generation = 0;
        std::size_t active = 0, failing = 0;
    };
    // What the ledger says of payees. As old as it has to be for the ledger to be read in a hundredth of the time.
    struct Recorded {
        std::unordered_map<ledger::OrchestratorId, double> owed_eth;
        std::unordered_map<ledger::OrchestratorId, std::pair<std::string, double>> owed_tokens;  // with the symbol
        std::unordered_map<ledger::OrchestratorId, ledger::Decision> last;
        bool complete = false;
    };

    template <class Work>
    [[nodiscard]] auto on_control(Work work) -> Result<decltype(work())>;
    [[nodiscard]] Result<std::vector<Row>> rows();
    [[nodiscard]] Result<Totals> totals(const PayoutDesks* payouts);
    void read_ledger(const std::vector<Row>& rows);
    void add_counts(runtime::MetricPage& page, const std::vector<Row>& rows, const Totals& totals) const;
    void add_states(runtime::MetricPage& page, const std::vector<Row>& rows) const;
    void add_recorded(runtime::MetricPage& page, const std::vector<Row>& rows) const;
    static void add_payouts(runtime::MetricPage& page, const Totals& totals);
    void add_totals(runtime::MetricPage& page, const Totals& totals) const;

    runtime::Host& host_;
    const Engine& engine_;
    LedgerReader ledger_;
    Recorded recorded_;
    std::chrono::steady_clock::time_point read_again_;
};

}  // namespace stipend::engine
