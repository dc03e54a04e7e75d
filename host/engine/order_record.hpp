// An order that was carried out, by the key that its sender gave it: it gets the first answer again.
#pragma once

#include <optional>

#include "host/api/order_key.hpp"
#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

// The answer that an order of one of these keys got; nothing: none was carried out. INVALID: it had another body.
[[nodiscard]] Result<std::optional<Json>> answer_before(ledger::Ledger& ledger, const api::OrderKey& key);

// Has the answer written with what `batch` does, one of more than 1 MiB as a note. Nothing without a key.
void record_answer(ledger::Batch& batch, const api::OrderKey& key, const Json& answer, stipend_unix_ns now);

}  // namespace stipend::engine
