// What the ledger says of the past, for the API. Thread-safe.
#pragma once

#include <filesystem>

#include "host/api/past_routes.hpp"
#include "host/config/settings.hpp"
#include "host/ledger/network_rows.hpp"

namespace stipend::engine {

class PastReads final : public api::PastReads {
  public:
    // Of the ledger that `settings` name.
    explicit PastReads(const config::Settings& settings);

    Result<Then> then(stipend_unix_ns at, std::string_view orchestrator) override;
    Result<std::optional<api::ListPart>> changes(std::string_view orchestrator, std::optional<std::int64_t> before,
                                                 std::size_t limit) override;
    Result<std::optional<Json>> observations(std::string_view orchestrator, stipend_unix_ns from,
                                             stipend_unix_ns to) override;

  private:
    const std::filesystem::path file_;
    const ledger::Namespace ns_;
};

}  // namespace stipend::engine
