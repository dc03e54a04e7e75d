#include "host/engine/price_gate.hpp"

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

Result<std::int64_t> rate_e8(std::int64_t mantissa, std::int32_t exponent) {
    __int128 value = mantissa;
    for (int shift = exponent + 8; shift != 0 && value != 0; shift += shift < 0 ? 1 : -1) {
        value = shift < 0 ? value / 10 : value * 10;
        if (value > INT64_MAX || value < INT64_MIN) {
            return fail(STIPEND_E_LIMIT, "rate too large: got ", mantissa, "e", exponent);
        }
    }
    return static_cast<std::int64_t>(value);
}

Result<void> PriceGate::check(const Quote& quote, stipend_unix_ns now) const {
    const auto refuse = [&](const auto&... why) {
        return fail(STIPEND_E_INVALID, "rate refused: got ", scaled_text(quote.usd_per_eth_e8, 8), " USD per ",
                    rules_.asset, " from ", quote.source, ", ", why...);
    };
    if (quote.usd_per_eth_e8 <= 0) return refuse("want more than 0");
    if (const auto rate = Usd::of_e8(quote.usd_per_eth_e8); rate < rules_.min || rate > rules_.max) {
        return refuse("want ", rules_.min.text(), " .. ", rules_.max.text(), " (price.min, price.max)", rules_.network);
    }
    if (quote.observed_at > now + 60 * ns_per_s) return refuse("observed in the future");
    if (now - quote.observed_at > rules_.max_age_ns || (quote.valid_until != 0 && quote.valid_until < now)) {
        return refuse("observed ", duration_text((now - quote.observed_at) / ns_per_s * ns_per_s),
                      " ago, want at most ", duration_text(rules_.max_age_ns), " (price.max_age)", rules_.network);
    }
    if (last_) {
        // new <= old x step and old <= new x step, without a division.
        const auto a = static_cast<__int128>(quote.usd_per_eth_e8);
        const auto b = static_cast<__int128>(last_->usd_per_eth_e8);
        const auto step = static_cast<__int128>(rules_.max_step_ppm);
        if (a * 1'000'000 > b * step || b * 1'000'000 > a * step) {
            return refuse("want at most a factor of ", scaled_text(rules_.max_step_ppm, 6),
                          " from the last accepted rate, ", scaled_text(last_->usd_per_eth_e8, 8),
                          " (price.max_step; raise it once where the move is real)", rules_.network);
        }
    }
    return {};
}

Result<void> PriceGate::offer(Quote quote, stipend_unix_ns now) {
    auto checked = check(quote, now);
    refused_ = !checked.ok();
    if (checked) last_ = std::move(quote);
    return checked;
}

std::optional<std::int64_t> PriceGate::rate(stipend_unix_ns now) const {
    if (refused_ || !last_ || now - last_->observed_at > rules_.max_age_ns) return std::nullopt;
    if (last_->valid_until != 0 && last_->valid_until < now) return std::nullopt;
    return last_->usd_per_eth_e8;
}

}  // namespace stipend::engine
