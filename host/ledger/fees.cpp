#include "host/ledger/fees.hpp"

#include <algorithm>

namespace stipend::ledger {
namespace {

constexpr std::int64_t ns_per_utc_day = 86'400'000'000'000;

Result<FeeStep> close(const FeeState& before, const SignedWei& wei) {
    if (before.open_wei.zero() || wei > before.open_wei) {
        return fail(STIPEND_E_INVALID, "closes at ", wei.text(), " wei of ", before.open_wei.text(), " reserved");
    }
    FeeStep out{.moved = {}, .after = before};
    STIPEND_SET(out.moved, wei.minus(before.open_wei));
    STIPEND_LET(back_today, before.open_day_wei.minus(std::min(wei, before.open_day_wei)));
    STIPEND_SET(out.after.day_wei, before.day_wei.minus(back_today));
    STIPEND_SET(out.after.total_wei, before.total_wei.plus(out.moved));
    out.after.open_wei = out.after.open_day_wei = {};
    return out;
}

// Only what the day counts beside the open reservation can be a call's.
Result<FeeStep> give_back(const FeeState& before, const SignedWei& wei, std::int64_t day) {
    STIPEND_LET(beside, before.day_wei.minus(before.open_day_wei));
    if (before.day != day || wei.zero() || wei > beside) {
        return fail(STIPEND_E_INVALID, "returns ", wei.text(), " wei of day ", day, ", and day ", before.day,
                    " counts ", beside.text(), " wei beside the open reservation");
    }
    FeeStep out{.moved = {}, .after = before};
    STIPEND_SET(out.moved, wei.negated());
    STIPEND_SET(out.after.day_wei, before.day_wei.minus(wei));
    STIPEND_SET(out.after.total_wei, before.total_wei.minus(wei));
    return out;
}

}  // namespace

const SignedWei& max_fee() {
    static const SignedWei most = *SignedWei::parse("1000000000000000000000000000");
    return most;
}

const SignedWei& max_fee_total() {
    static const SignedWei most = *SignedWei::parse("1" + std::string(60, '0'));
    return most;
}

std::int64_t fee_day(stipend_unix_ns at) {
    return at / ns_per_utc_day;
}

Result<FeeStep> fee_step(const FeeState& before, FeeKind kind, const SignedWei& wei, std::int64_t day) {
    if (wei.negative() || wei > max_fee())
        return fail(STIPEND_E_LIMIT, "amount out of range: got ", wei.text(), " wei");
    if (kind == FeeKind::closed) return close(before, wei);
    if (kind == FeeKind::returned) return give_back(before, wei, day);
    if (kind == FeeKind::added && before.open_wei.zero()) {
        return fail(STIPEND_E_INVALID, "adds to a reservation, and there is none");
    }
    FeeStep out{.moved = wei, .after = before};
    FeeState& after = out.after;
    if (after.day != day) {
        after.day = day;
        after.day_wei = after.open_day_wei = {};
    }
    if (kind == FeeKind::reserved || kind == FeeKind::unreserved) after.open_wei = after.open_day_wei = {};
    if (kind == FeeKind::reserved || kind == FeeKind::added) {
        STIPEND_SET(after.open_wei, after.open_wei.plus(wei));
        STIPEND_SET(after.open_day_wei, after.open_day_wei.plus(wei));
    }
    STIPEND_SET(after.day_wei, after.day_wei.plus(wei));
    STIPEND_SET(after.total_wei, after.total_wei.plus(wei));
    return out;
}

}  // namespace stipend::ledger
