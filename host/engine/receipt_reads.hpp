// Receipts and statements for the API, made of the ledger by a connection of its own. Thread-safe.
#pragma once

#include <filesystem>
#include <functional>

#include "host/api/receipt_routes.hpp"
#include "host/base/time.hpp"
#include "host/config/settings.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/receipt/key.hpp"

namespace stipend::engine {

class ReceiptReads final : public api::Receipts {
  public:
    // `clock` outlives this. `log` is called with what the host has wrong, which no answer says.
    ReceiptReads(const config::Settings& settings, const Clock& clock, std::function<void(const std::string&)> log);

    Result<std::string> signer() override;
    Result<std::optional<std::string>> receipt(std::string_view orchestrator, std::int64_t payout) override;
    Result<std::optional<StatementText>> statement(std::string_view orchestrator, std::string_view network,
                                                   std::string_view month, std::string_view format) override;

  private:
    // INVALID, as of what a request has wrong, means damage of the ledger here.
    template <class T>
    [[nodiscard]] Result<T> of_ledger(Result<T> result) const;
    [[nodiscard]] Result<receipt::Key> key() const;

    const std::filesystem::path state_;
    const ledger::Namespace ns_;
    const Clock& clock_;
    const std::function<void(const std::string&)> log_;
    LedgerReader ledger_;
};

}  // namespace stipend::engine
