// The names of kinds and states in bodies of the chain and in exports. Frozen, as the bodies are.
#include "host/ledger/canonical.hpp"

namespace stipend::ledger {

std::string_view kind_name(AuditKind kind) {
    switch (kind) {
        case AuditKind::decision:
            return "decision";
        case AuditKind::orchestrator:
            return "orchestrator";
        case AuditKind::state:
            return "state";
        case AuditKind::generation:
            return "generation";
        case AuditKind::gap_opened:
            return "gap opened";
        case AuditKind::gap_closed:
            return "gap closed";
        case AuditKind::adjustment:
            return "adjustment";
        case AuditKind::price:
            return "price";
        case AuditKind::host_started:
            return "host started";
        case AuditKind::host_stopped:
            return "host stopped";
        case AuditKind::archive:
            return "archive";
        case AuditKind::alert:
            return "alert";
        case AuditKind::fee:
            return "fee";
        case AuditKind::restored:
            return "restored";
        case AuditKind::pardon:
            return "pardon";
        case AuditKind::manual_payment:
            return "manual payment";
        case AuditKind::objection:
            return "objection";
        case AuditKind::objection_answer:
            return "objection answer";
        case AuditKind::payout:
            return "payout";
        case AuditKind::slot:
            return "slot";
        case AuditKind::attempt:
            return "attempt";
        case AuditKind::payout_step:
            return "payout step";
        case AuditKind::slot_end:
            return "slot end";
        case AuditKind::network:
            return "network";
        case AuditKind::demand:
            return "demand";
        case AuditKind::restored_accepted:
            return "restoration accepted";
    }
    return "unknown kind";
}

std::string_view fee_kind_name(FeeKind kind) {
    switch (kind) {
        case FeeKind::reserved:
            return "reserved";
        case FeeKind::added:
            return "added";
        case FeeKind::closed:
            return "closed";
        case FeeKind::unreserved:
            return "unreserved";
        case FeeKind::called:
            return "called";
        case FeeKind::returned:
            return "returned";
    }
    return "unknown";
}

std::string_view payout_state_name(PayoutState state) {
    switch (state) {
        case PayoutState::reserved:
            return "reserved";
        case PayoutState::held:
            return "held";
        case PayoutState::bound:
            return "bound";
        case PayoutState::sent:
            return "sent";
        case PayoutState::mined:
            return "mined";
        case PayoutState::confirmed:
            return "confirmed";
        case PayoutState::paid:
            return "paid";
        case PayoutState::returned:
            return "returned";
        case PayoutState::frozen:
            return "frozen";
    }
    return "unknown";
}

std::string_view stated_name(Stated stated) {
    return stated == Stated::wei ? "ETH" : "USD";
}

}  // namespace stipend::ledger
