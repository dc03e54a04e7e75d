// What payments cost, and whether the payer has enough for them.
#include <algorithm>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {
namespace {

constexpr std::uint32_t ppm_one = 1'000'000;

// What gas costs at most; none beyond the range of an amount.
std::optional<SignedWei> cost_of(std::uint64_t gas, const SignedWei& per_gas) {
    try {
        CheckedU256 product = per_gas.magnitude().value();
        product *= gas;
        const auto wei = SignedWei::of(Wei(product));
        return wei ? std::optional(*wei) : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

// `ppm` millionths of `wei`, rounded down.
SignedWei share_of(const SignedWei& wei, std::uint32_t ppm) {
    const CheckedU256 whole = wei.magnitude().value();
    const auto part = std::min<std::uint32_t>(ppm, ppm_one);  // all of it at most
    const CheckedU256 share = whole / ppm_one * part + whole % ppm_one * part / ppm_one;
    const auto out = SignedWei::of(Wei(share));
    return out ? *out : SignedWei::highest();
}

Result<SignedWei> too_much() {
    return fail(STIPEND_E_LIMIT, "beyond the range of an amount");
}

Result<SignedWei> sum_of(std::initializer_list<const SignedWei*> parts) {
    SignedWei out;
    for (const auto* part : parts) {
        if (!SignedWei::add(out, *part, out)) return too_much();
    }
    return out;
}

}  // namespace

std::optional<Settler::UnderWay> Settler::under_way() const {
    UnderWay out;
    for (const auto& [id, payout] : payouts_) {
        if (payout.state != State::bound && payout.state != State::sent) continue;
        if (!SignedWei::add(out.paid, payout.row.wei, out.paid)) return std::nullopt;
    }
    for (const auto& [id, slot] : slots_) {
        const auto cost = slot.attempts.empty() ? cost_of(slot.gas, account_->cap)
                                                : cost_of(slot.attempts.back().gas, slot.attempts.back().cap_wei);
        if (!cost || !SignedWei::add(out.fees, *cost, out.fees)) return std::nullopt;
    }
    return out;
}

std::string Settler::too_dear(const SignedWei& fee, const SignedWei& wei, std::size_t payouts) const {
    if (!rules_.token) {
        if (fee <= share_of(wei, rules_.max_fee_ppm)) return {};
        return cat("its fee is too large a share of it: ", fee.text(), " wei of ", wei.text());
    }
    const auto most = cost_of(payouts, rules_.max_fee);
    if (!most || fee <= *most) return {};
    return cat("its fee is more than the limit: ", fee.text(), " wei, want at most ", most->text());
}

std::string Settler::too_dear_again(const SlotView& slot, const Fees& fees) const {
    SignedWei wei;
    for (const auto& [id, payout] : payouts_) {
        if (payout.slot == slot.row.id && !SignedWei::add(wei, payout.row.wei, wei)) wei = SignedWei::highest();
    }
    const auto wanted = account_->base_fee.plus(fees.tip);
    const auto fee = cost_of(fees.gas, wanted ? std::min(*wanted, fees.cap) : fees.cap);
    if (!fee) return "gas costs more than an amount can hold";
    return too_dear(*fee, wei, slot.row.payouts);
}

Settler::Obstacle Settler::obstacle(const SignedWei& wei, std::uint64_t gas, std::size_t payouts,
                                    const UnderWay& beside) const {
    const auto price = account_->base_fee.plus(account_->tip);
    const auto expected = price ? cost_of(gas, *price) : std::nullopt;
    const auto most = cost_of(gas, account_->cap);
    if (!expected || !most) return {.text = "gas costs more than an amount can hold"};
    if (auto text = too_dear(*expected, wei, payouts); !text.empty()) return {.text = std::move(text)};
    const auto others = under_way();
    const auto paid = others ? sum_of({&wei, &others->paid, &beside.paid}) : too_much();
    const auto fees = others ? sum_of({&*most, &others->fees, &beside.fees}) : too_much();
    // Of the coin, one account has to do for both.
    auto out = rules_.token ? shortage(fees, account_->coins, "wei for fees")
                            : shortage(paid && fees ? sum_of({&*paid, &*fees}) : too_much(), account_->funds, "wei");
    if (rules_.token && out.text.empty()) out = shortage(paid, account_->funds, "units of the token");
    out.fee = *most;
    return out;
}

Settler::Obstacle Settler::shortage(const Result<SignedWei>& needed, const SignedWei& has, std::string_view unit) {
    if (needed && *needed <= has) return {};
    const auto missing = needed ? needed->minus(has) : needed;
    return {.block = blocks::funds,
            .text = cat("the payer has too little: ", has.text(), " ", unit, ", want ",
                        needed ? needed->text() : "more", missing ? cat(", which is ", missing->text(), " more") : "")};
}

void Settler::note_obstacle(const std::vector<PayoutId>& payouts, const Obstacle& why) {
    // Funds that are too little keep all others as well: a smaller one behind it does not take what it waits for.
    if (!short_of_.empty()) bind_due_ = now_ + rules_.look_every_ns;
    for (const auto id : payouts) {
        if (short_of_.empty()) try_again_[id] = now_ + rules_.look_every_ns;
        payouts_.at(id).reason = why.text;
    }
}

}  // namespace stipend::settlement
