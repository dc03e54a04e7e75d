// The fields of the records of payouts: see fields.hpp.
#pragma once

#include "host/ledger/field.hpp"
#include "host/ledger/payout_rows.hpp"

namespace stipend::ledger {

void fields(RowOf<Payout> auto& p, auto&& visit) {
    visit(Field{.column = "id"}, p.id);
    visit(Field{.column = "orchestrator"}, p.orchestrator);
    visit(Field{.column = "to_address", .max_bytes = max_address_bytes, .json = "to"}, p.to);
    visit(Field{.column = "wei"}, p.wei);
    visit(Field{.column = "at"}, p.at);
    visit(Field{.column = "network", .unsaid = 0}, p.network);
}

void fields(RowOf<Slot> auto& s, auto&& visit) {
    visit(Field{.column = "id"}, s.id);
    visit(Field{.column = "payer", .max_bytes = max_address_bytes}, s.payer);
    visit(Field{.column = "nonce"}, s.nonce);
    visit(Field{.column = "payouts"}, s.payouts);
    visit(Field{.column = "at"}, s.at);
    visit(Field{.column = "network", .unsaid = 0}, s.network);
}

// The chain holds the hash of the signed bytes.
void fields(RowOf<Attempt> auto& a, auto&& visit) {
    visit(Field{.column = "slot"}, a.slot);
    visit(Field{.column = "id"}, a.id);
    visit(Field{.column = "raw", .max_bytes = max_attempt_bytes, .json = "raw_keccak256"}, HashedBlob{a.raw});
    visit(Field{.column = "tip_wei"}, a.tip_wei);
    visit(Field{.column = "cap_wei"}, a.cap_wei);
    visit(Field{.column = "gas"}, a.gas);
    visit(Field{.column = "gives_up"}, a.gives_up);
    visit(Field{.column = "at"}, a.at);
}

void fields(RowOf<PayoutStep> auto& s, auto&& visit) {
    visit(Field{.column = "payout"}, s.payout);
    visit(Field{.column = "state"}, s.state);
    visit(Field{.column = "slot"}, s.slot);
    visit(Field{.column = "block_hash"}, s.block_hash);
    visit(Field{.column = "block"}, s.block);
    visit(Field{.column = "reason", .max_bytes = max_reason_bytes}, s.reason);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, s.by);
    visit(Field{.column = "at"}, s.at);
}

void fields(RowOf<SlotEnd> auto& e, auto&& visit) {
    visit(Field{.column = "slot"}, e.slot);
    visit(Field{.column = "id"}, e.id);
    visit(Field{.column = "block_hash"}, e.block_hash);
    visit(Field{.column = "block"}, e.block);
    visit(Field{.column = "fee_wei"}, e.fee_wei);
    visit(Field{.column = "executed"}, e.executed);
    visit(Field{.column = "by", .max_bytes = max_key_bytes}, e.by);
    visit(Field{.column = "at"}, e.at);
}

}  // namespace stipend::ledger
