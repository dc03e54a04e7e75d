// The route by which a payee, or its payer, learns why a decision is what it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "host/api/api_server.hpp"
#include "stipend/json.hpp"

namespace stipend::api {

// Thread-safe. A call computes for some 0.3 s; BUSY: the ledger cannot be read now.
class Explanations {
  public:
    virtual ~Explanations() = default;
    // Nothing: there is no such decision.
    virtual Result<std::optional<Json>> explanation(std::string_view orchestrator, std::uint64_t epoch) = 0;
};

// `explanations` outlives it.
[[nodiscard]] ApiRoute explain_route(Explanations& explanations);

}  // namespace stipend::api
