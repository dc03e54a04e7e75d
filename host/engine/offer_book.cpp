#include "host/engine/offer_book.hpp"

namespace stipend::engine {

void OfferBook::tick(stipend_unix_ns now) {
    if (under_way_ || now < due_at_) return;
    under_way_ = true;
    ++round_;
    due_at_ = now + round_ns;
    place_ = 0;
    go_on();
}

std::optional<stipend_unix_ns> OfferBook::next() const {
    return under_way_ ? std::nullopt : std::optional(due_at_);
}

void OfferBook::go_on() {
    while (asked_ < max_at_once && place_ < parts_.count()) {
        const auto payee = parts_.active(place_++);
        if (!payee) continue;
        {
            const std::lock_guard lock(mutex_);
            entries_[payee->key].round = round_;
        }
        ++asked_;
        parts_.ask(*payee, [self = shared_from_this(), key = payee->key](Result<Offer> offer) {
            self->parts_.post([self, key, offer = std::move(offer)] { self->answered(key, offer); });
        });
    }
    if (asked_ > 0) return;
    forget_others();
    under_way_ = false;
}

// Where the plugin itself failed, what was seen before stays, with its time.
void OfferBook::answered(const std::string& key, const Result<Offer>& offer) {
    if (offer) {
        const std::lock_guard lock(mutex_);
        entries_[key].seen = Seen{.reachable = offer->reachable,
                                  .capacity = offer->capacity,
                                  .price_per_s = offer->price_per_s,
                                  .at = parts_.now()};
    }
    --asked_;
    go_on();
}

void OfferBook::forget_others() {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& one) { return one.second.round != round_; });
}

std::optional<OfferBook::Seen> OfferBook::seen(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? std::nullopt : found->second.seen;
}

}  // namespace stipend::engine
