// The events of a manager: decisions, changes of an orchestrator's state, and alerts, as the ledger has them.
#pragma once

#include <string>

#include "host/api/event_feed.hpp"
#include "host/engine/ledger_reader.hpp"

namespace stipend::engine {

class ManagerEvents final : public api::EventSource {
  public:
    ManagerEvents(std::string state_folder, ledger::Namespace ns) : ledger_(std::move(state_folder), ns) {}
    Result<Part> read(std::int64_t after, std::size_t limit) override;
    Result<std::int64_t> end() override;

  private:
    LedgerReader ledger_;
};

}  // namespace stipend::engine
