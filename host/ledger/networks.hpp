// The networks of a ledger, as they are read.
#pragma once

#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// Those of the namespace by id, beginning with 0, the coin of the ledger's chain. INVALID: one is damaged.
[[nodiscard]] Result<std::vector<Network>> load_networks(sqlite::Database& database, std::int64_t ns);

// On which network one orchestrator is owed, by the place in the chain.
class NetworkHistory {
  public:
    [[nodiscard]] static Result<NetworkHistory> load(sqlite::Database& database, OrchestratorId orchestrator);
    [[nodiscard]] NetworkId at(Seq seq) const;

  private:
    struct Change {
        Seq seq = 0;
        NetworkId network = 0;
    };
    std::vector<Change> changes_;  // by place
};

}  // namespace stipend::ledger
