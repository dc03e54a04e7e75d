// What a running host says of itself.
#pragma once

#include "host/engine/runtime.hpp"
#include "stipend/json.hpp"

namespace stipend::api {

inline constexpr std::size_t max_listed = 1000;  // orchestrators and gaps in one answer

// [any thread but control and the ledger's] Asks the control thread and the ledger, and waits for both.
[[nodiscard]] Result<Json> status(engine::Runtime& runtime);

}  // namespace stipend::api
