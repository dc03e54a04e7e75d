// What the manager does to ask what an orchestrator offers.
#include "host/engine/manager.hpp"
#include "host/engine/plugin_calls.hpp"
#include "host/runtime/pending_answer.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t turn_patience_ns = 5 * ns_per_s;
constexpr std::int64_t offer_deadline_ns = 10 * ns_per_s;

}  // namespace

void Manager::watch_offers() {
    offers_ = std::make_shared<OfferBook>(
        OfferBook::Parts{.count = [this] { return engine_->payees().size(); },
                         .active = [this](std::size_t place) -> std::optional<registry::Payee> {
                             const auto at = static_cast<registry::PayeeIndex>(place);
                             return engine_->is_active(at) ? std::optional(engine_->payees()[at]) : std::nullopt;
                         },
                         .ask =
                             [this](const registry::Payee& payee, std::function<void(Result<Offer>)> done) {
                                 dispatch_.inspect(payee, offer_deadline_ns, std::move(done));
                             },
                         .post = [&loop = host_.loop()](std::function<void()> work) { loop.post(std::move(work)); },
                         .now = [this] { return host_.now(); }});
}

Result<std::optional<Json>> Manager::offer(std::string_view id) {
    runtime::PendingAnswer<Result<Offer>> answer;
    STIPEND_LET(found, host_.loop().ask_within(turn_patience_ns, [this, id = std::string(id), give = answer.giver()] {
        const auto at = engine_->payees().find(id);
        if (!at || !engine_->is_active(*at)) return false;
        dispatch_.inspect(engine_->payees()[*at], offer_deadline_ns, give);
        return true;
    }));
    if (!found) return std::optional<Json>();
    STIPEND_LET(offer, answer.wait_within(offer_deadline_ns + turn_patience_ns,
                                          fail(STIPEND_E_UNAVAILABLE, "the dispatch plugin does not answer")));
    if (!offer) {
        return fail(STIPEND_E_UNAVAILABLE, "the dispatch plugin has no offer of it: ", offer.error().message);
    }
    return std::optional(
        Json::object()
            .append("orchestrator", id)
            .append("reachable", offer->reachable)
            .append("capacity", offer->reachable && offer->capacity >= 0 ? Json(offer->capacity) : Json())
            .append("price_wei_per_second", offer->reachable ? Json(offer->price_per_s.text()) : Json())
            .append("announced_address", offer->announced.empty() ? Json() : Json(offer->announced))
            .append("latency_ms", offer->latency_ns / ns_per_ms));
}

}  // namespace stipend::engine
