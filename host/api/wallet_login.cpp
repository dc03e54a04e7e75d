#include "host/api/wallet_login.hpp"

#include <algorithm>
#include <array>

#include "host/api/session_routes.hpp"
#include "host/base/time.hpp"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t max_address_bytes = 64;
constexpr std::size_t max_signature_bytes = 256;
constexpr std::size_t max_login_id_bytes = 512;
constexpr std::string_view statement = "Log in to read what this manager has of your orchestrator.";

// A nonce is for its network too: requests from elsewhere do not use up what an address may have.
std::string challenge_id(const auth::EthAddress& address, const IpAddress& client) {
    return cat(address.text(), " ", client.is_v4() ? client.text() : client.network(64).text());
}

Reply refused_login() {
    return problem(401, auth::refused_answer);
}

}  // namespace

Reply WalletLogin::challenge(const Request& request) {
    const auto text = request.text("address", max_address_bytes);
    if (!text) return problem_of(text.error());
    const auto address = auth::EthAddress::parse(*text);
    if (!address) {
        return problem(422, "\"address\": want 0x and 40 hex digits with a right checksum, or in one case");
    }
    const auto now = clock_.now();
    std::string nonce;
    {
        const std::lock_guard lock(mutex_);
        auto issued = challenges_.issue(challenge_id(*address, request.client), now);
        if (!issued) return problem_of(issued.error());
        nonce = std::move(*issued);
    }
    const auto domain = terms_.origin.substr(terms_.origin.find("://") + 3);
    const auto message = auth::build_siwe({.scheme = {},
                                           .domain = domain,
                                           .address = *address,
                                           .statement = std::string(statement),
                                           .uri = terms_.origin,
                                           .chain_id = terms_.chain_id,
                                           .nonce = nonce,
                                           .issued_at = utc_text(now),
                                           .expiration_time = utc_text(now + terms_.max_age_s * ns_per_s),
                                           .not_before = {},
                                           .request_id = {},
                                           .resources = {}});
    if (!message) return problem_of(message.error());
    return json_reply(Json::object()
                          .append("message", *message)
                          .append("domain", domain)
                          .append("uri", terms_.origin)
                          .append("chain_id", terms_.chain_id)
                          .append("nonce", nonce)
                          .append("expires_in", terms_.max_age_s));
}

auth::ChallengeFault WalletLogin::take(const std::string& id, const std::string& nonce) {
    const std::lock_guard lock(mutex_);
    return challenges_.take(id, nonce, clock_.now());
}

Reply WalletLogin::login(const Request& request) {
    const auto text = request.text("message", auth::max_siwe_bytes);
    if (!text) return problem_of(text.error());
    const auto signature = request.text("signature", max_signature_bytes);
    if (!signature) return problem_of(signature.error());
    const auto wanted = request.text_or_none("orchestrator_id", max_login_id_bytes);
    if (!wanted) return problem_of(wanted.error());
    const auto* wants_session = request.body.find("session");
    if (wants_session != nullptr && !wants_session->is(Json::Kind::boolean)) {
        return problem(422, "\"session\": want true or false");
    }
    const auto message = auth::parse_siwe(*text);
    if (!message) return problem_of(message.error());
    const auto wallet = ascii::to_lower(message->address.text());
    const AccessTime now{clock_.now(), clock_.monotonic()};
    if (const auto wait_s = access_.begin_wallet_login(wallet, request.client, now); wait_s > 0) {
        return problem_later(429, "too many requests", wait_s);
    }
    const auto refuse = [&](std::string_view why) {
        log_(cat("access: login by wallet refused: ", wallet, ": ", why));
        return refused_login();
    };
    const auto fault = take(challenge_id(message->address, request.client), message->nonce);
    if (fault != auth::ChallengeFault::none) return refuse(cat("nonce: ", name_of(fault)));
    const auto signer = auth::verify_siwe(*message, *signature, terms_, now.wall);
    if (!signer) return refuse(name_of(signer.fault()));
    auto owned = owned_by_(wallet);
    if (!owned) return problem_of(owned.error());
    if (!wanted->empty()) std::erase_if(*owned, [&](const std::string& id) { return id != *wanted; });
    if (owned->empty()) return refuse("no orchestrator has proven this payout address");
    if (owned->size() > 1) return problem(422, "several orchestrators have this wallet: want \"orchestrator_id\"");
    if (wants_session != nullptr && wants_session->truth()) {
        access_.wallet_login_succeeded(wallet, request.client);
        const auto begun = access_.begin_owner_session(owned->front(), wallet, std::nullopt, now);
        if (begun) return begin_session_reply(access_, request, *begun, now);
        log_(cat("access: ", begun.error().message));
        return problem_of(begun.error());
    }
    const auto tokens = access_.log_in_wallet(wallet, owned->front(), request.client, now);
    if (!tokens) {
        log_(cat("access: ", tokens.error().message));
        return problem_of(tokens.error());
    }
    return json_reply(Json::object()
                          .append("access_token", tokens->access)
                          .append("token_type", "bearer")
                          .append("expires_in", tokens->lifetime_s)
                          .append("orchestrator_id", owned->front()));
}

std::vector<ApiRoute> wallet_routes(const std::shared_ptr<WalletLogin>& login) {
    std::vector<ApiRoute> out;
    const auto add = [&](std::string path, Handler handler) {
        out.push_back({.method = "POST",
                       .path = std::move(path),
                       .permission = std::nullopt,
                       .rate = RateClass::login,
                       .handler = std::move(handler)});
    };
    add("/api/v1/auth/wallet/challenge", [login](const Request& request) { return login->challenge(request); });
    add("/api/v1/auth/wallet", [login](const Request& request) { return login->login(request); });
    return out;
}

}  // namespace stipend::api
