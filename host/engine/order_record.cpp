#include "host/engine/order_record.hpp"

namespace stipend::engine {

Result<std::optional<Json>> answer_before(ledger::Ledger& ledger, const api::OrderKey& key) {
    std::optional<Json> out;
    for (const auto& name : key.names) {
        STIPEND_LET(found, ledger.answered_request(key.principal, key.route, name));
        if (!found) continue;
        if (found->body_hash != key.body_hash) {
            return fail(STIPEND_E_INVALID, "this Idempotency-Key or reference was used for an order with another body");
        }
        if (out) continue;
        STIPEND_SET(out, parse_json(found->answer, {.bytes = ledger::max_text_bytes}));
    }
    return out;
}

void record_answer(ledger::Batch& batch, const api::OrderKey& key, const Json& answer, stipend_unix_ns now) {
    auto text = answer.dump();
    if (text.size() > ledger::max_text_bytes) {
        text = Json::object().append("note", "this was carried out; the answer was too long to be kept").dump();
    }
    for (const auto& name : key.names) {
        batch.answered.push_back({.principal = key.principal,
                                  .route = key.route,
                                  .key = name,
                                  .body_hash = key.body_hash,
                                  .answer = text,
                                  .at = now});
    }
}

}  // namespace stipend::engine
