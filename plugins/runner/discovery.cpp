#include "discovery.hpp"

#include "livepeer/wire.hpp"
#include "stipend/url.hpp"

namespace runner {

using stipend::cat;
using stipend::HttpReply;
using stipend::Result;

namespace {

std::string key_of(std::string_view address, std::string_view app) {
    return cat(stipend::address_key(address), "\n", app);
}

}  // namespace

Result<void> address_to(stipend::HttpRequest& request, const Settings& settings, std::string_view address,
                        bool registered, std::string& pin) {
    if (registered) request.flags |= STIPEND_HTTP_PUBLIC_TARGET;
    const auto trust = settings.trust.find(stipend::address_key(address));
    const livepeer::ServerTrust any{livepeer::ServerTrust::By::any, {}};
    return (trust == settings.trust.end() ? any : trust->second).apply(request, pin);
}

Look read_look(const HttpReply& reply, std::string_view app) {
    Look look{.exchange = read_exchange(reply), .offers = {}};
    auto& exchange = look.exchange;
    if (reply.status != STIPEND_OK) {
        exchange.reason = cat("no answer to discovery: ", reply.error);
        return look;
    }
    if (exchange.http_status != 200) {
        exchange.reason = cat("discovery: status ", exchange.http_status, ": \"", livepeer::error_text(reply.body()),
                              "\"", exchange.http_status == 404 ? ": does it run with -useLiveRunners?" : "");
        return look;
    }
    auto offers = livepeer::read_runner_offers(reply.body(), app);
    if (!offers) {
        exchange.reason = cat("discovery: ", offers.error().message);
        return look;
    }
    look.offers = std::move(*offers);
    exchange.valid = true;
    return look;
}

Result<Discovery::AskPtr> Discovery::ask(const std::string& address, const std::string& app, bool registered,
                                         Done done) {
    auto ask = std::make_shared<Ask>();
    const auto url = cat(livepeer::without_slash(address), "/discovery");
    stipend::HttpRequest request;
    request.url = url;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_body;
    std::string pin;
    STIPEND_TRY(address_to(request, settings_, address, registered, pin));
    const auto asked_at = host_.monotonic();
    STIPEND_SET(ask->exchange, host_.http(request, [this, ask, app, asked_at, key = key_of(address, app),
                                                    done = std::move(done)](const HttpReply& reply) mutable {
        if (std::exchange(ask->over, true)) return;
        const auto look = read_look(reply, app);
        note(key, look, asked_at);
        done(look);
    }));
    return ask;
}

void Discovery::cancel(const AskPtr& ask) const {
    if (!ask || std::exchange(ask->over, true)) return;
    host_.cancel_http(ask->exchange);
}

void Discovery::note(const std::string& key, const Look& look, stipend_mono_ns asked_at) {
    const auto* offer = look.exchange.valid ? livepeer::choose_runner(look.offers) : nullptr;
    if (offer == nullptr) {
        if (const auto found = known_.find(key); found != known_.end()) found->second.until = 0;
        return;
    }
    if (known_.size() >= max_known && !known_.contains(key)) known_.clear();
    known_[key] = {*offer, asked_at + settings_.discovery_age_ns};
}

const livepeer::RunnerOffer* Discovery::known(const std::string& address, std::string_view app) const {
    const auto found = known_.find(key_of(address, app));
    return found != known_.end() && found->second.until > host_.monotonic() ? &found->second.offer : nullptr;
}

void Discovery::forget(const std::string& address, std::string_view app) {
    if (const auto found = known_.find(key_of(address, app)); found != known_.end()) found->second.until = 0;
}

bool Discovery::has_offered(const std::string& address, std::string_view app) const {
    return known_.contains(key_of(address, app));
}

}  // namespace runner
