#include "paid_periods.hpp"

#include "ethereum/keccak.hpp"
#include "stipend/hex.hpp"

namespace runner {

using stipend::cat;
using stipend::Result;

namespace {

// A key of the host's store is short, and an id may be long.
std::string key_of_period(std::string_view orchestrator_id, std::string_view app) {
    return "paid-" + stipend::hex_encode(stipend::keccak256(cat(orchestrator_id, "\n", app))).substr(0, 32);
}

}  // namespace

Result<PaidPeriods::State> PaidPeriods::of(std::string_view orchestrator_id, std::string_view app,
                                           stipend_unix_ns from) const {
    const auto text = host_.kv_get(key_of_period(orchestrator_id, app));
    if (!text && text.error().status == STIPEND_E_UNAVAILABLE) return State::unpaid;
    if (!text) return stipend::Error(text.error());
    if (*text == cat(from, " paid")) return State::paid;
    return *text == cat(from, " failed") ? State::failed : State::unpaid;
}

Result<void> PaidPeriods::set(std::string_view orchestrator_id, std::string_view app, stipend_unix_ns from,
                              State state) const {
    const auto text = cat(from, state == State::failed ? " failed" : " paid");
    return host_.kv_put(key_of_period(orchestrator_id, app), text);
}

}  // namespace runner
