// Which failed checks a pardon has taken back.
#pragma once

#include <unordered_map>
#include <vector>

#include "host/ledger/rows.hpp"
#include "host/ledger/span_facts.hpp"

namespace stipend::analysis {

class Excused {
  public:
    // `facts` outlive it.
    explicit Excused(const ledger::SpanFacts& facts);
    [[nodiscard]] bool operator()(const ledger::Decision& decision) const;

  private:
    std::unordered_map<ledger::OrchestratorId, std::vector<const ledger::SpanFacts::TakenBack*>> by_id_;
};

}  // namespace stipend::analysis
