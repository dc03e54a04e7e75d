#include "token_client.hpp"

#include "livepeer/server_trust.hpp"
#include "livepeer/wire.hpp"
#include "stipend/url.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;

namespace {

std::string key_of(std::string_view address, std::string_view capability) {
    return cat(stipend::address_key(address), "\n", capability);
}

// A token that was never asked for, by a fault of this machine.
livepeer::Token not_asked(std::string why) {
    livepeer::Token token;
    token.cause = STIPEND_HTTP_CAUSE_LOCAL;
    token.why = std::move(why);
    return token;
}

}  // namespace

Result<TokenClient::AskPtr> TokenClient::ask(const std::string& address, std::string_view capability, bool registered,
                                             Done done) {
    auto ask = std::make_shared<Ask>();
    if (const auto header = credential_.at_once(); !header.empty()) {
        STIPEND_TRY(send(ask, address, capability, registered, header, std::move(done)));
        return ask;
    }
    // Later, so that a credential that cannot be asked for does not end a job from inside its start.
    auto fetch = [this, ask, address, registered, name = std::string(capability), done = std::move(done)]() mutable {
        credential_.ask(
            [this, ask, address, registered, name, done = std::move(done)](const Result<std::string>& header) mutable {
                if (ask->over) return;
                if (!header) {
                    ask->over = true;
                    return done(not_asked(cat("the gateway's credential is missing: ", header.error().message)));
                }
                // `send` moves `done` only into a request that was taken.
                auto shared = std::make_shared<Done>(std::move(done));
                auto sent = send(ask, address, name, registered, *header,
                                 [shared](const livepeer::Token& token) { (*shared)(token); });
                if (sent) return;
                ask->over = true;
                (*shared)(not_asked(sent.error().message));
            });
    };
    if (!host_.post(std::move(fetch))) return fail(STIPEND_E_BUSY, "the host takes no work");
    return ask;
}

Result<void> TokenClient::send(const AskPtr& ask, const std::string& address, std::string_view capability,
                               bool registered, std::string_view header, Done done) {
    const std::string bare(livepeer::without_slash(address));
    const auto url = cat(bare, "/process/token");
    const auto headers = cat("Livepeer-Eth-Address: ", header, "\r\nLivepeer-Capability: ", capability, "\r\n");
    stipend::HttpRequest request;
    request.url = url;
    request.headers = headers;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_token;
    if (registered) request.flags |= STIPEND_HTTP_PUBLIC_TARGET;
    const auto trust = settings_.trust.find(stipend::address_key(address));
    std::string pin;
    // Any certificate is accepted by default, as a gateway does.
    const livepeer::ServerTrust any{livepeer::ServerTrust::By::any, {}};
    STIPEND_TRY((trust == settings_.trust.end() ? any : trust->second).apply(request, pin));
    const auto asked_at = host_.monotonic();
    const bool own = credential_.own();
    STIPEND_SET(ask->exchange, host_.http(request, [this, ask, asked_at, own, key = key_of(address, capability),
                                                    done = std::move(done)](const HttpReply& reply) mutable {
        if (std::exchange(ask->over, true)) return;
        auto token = livepeer::read_token(reply);
        token.own_credential = own;
        note(key, token, asked_at);
        done(token);
    }));
    return {};
}

void TokenClient::cancel(const AskPtr& ask) const {
    if (!ask || std::exchange(ask->over, true)) return;
    if (ask->exchange != 0) host_.cancel_http(ask->exchange);
}

void TokenClient::note(const std::string& key, const livepeer::Token& token, stipend_mono_ns asked_at) {
    if (token.said == livepeer::Token::Said::unseen) return;
    if (seen_.size() >= max_prices && !seen_.contains(key)) seen_.clear();
    // A price that it no longer states does not count any more. Without a slot, the price can be that of a capability
    // which its worker has not registered yet, and then it is 0 whatever the worker will ask.
    const bool counts = token.said == livepeer::Token::Said::price && !token.none_free();
    seen_[key] = {token, counts ? asked_at + settings_.price_check_ns : 0};
}

const livepeer::Token* TokenClient::price(const std::string& address, std::string_view capability) const {
    const auto found = seen_.find(key_of(address, capability));
    return found != seen_.end() && found->second.until > host_.monotonic() ? &found->second.token : nullptr;
}

bool TokenClient::has_answered(const std::string& address, std::string_view capability) const {
    return seen_.contains(key_of(address, capability));
}

}  // namespace byoc
