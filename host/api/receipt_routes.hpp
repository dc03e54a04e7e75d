// The routes by which a payee gets receipts of its payouts and statements of its account.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"

namespace stipend::api {

// Thread-safe. Calls read the ledger, which takes up to seconds for an account of many years; BUSY: the ledger cannot
// be read now.
class Receipts {
  public:
    virtual ~Receipts() = default;

    // The address of the key that signs both.
    virtual Result<std::string> signer() = 0;
    // A JSON text. Nothing: that orchestrator has no such payout. STATE: it is not paid.
    virtual Result<std::optional<std::string>> receipt(std::string_view orchestrator, std::int64_t payout) = 0;
    struct StatementText {
        std::string text = {};
        std::string content_type = {};
    };
    // Nothing: there is no such orchestrator. INVALID: the month, or the form, is none. LIMIT: too many rows.
    virtual Result<std::optional<StatementText>> statement(std::string_view orchestrator, std::string_view network,
                                                           std::string_view month, std::string_view format) = 0;
};

// `receipts` outlives them.
[[nodiscard]] std::vector<ApiRoute> receipt_routes(Receipts& receipts);

}  // namespace stipend::api
