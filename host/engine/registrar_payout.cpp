// Payout addresses: proven, and handed over, by a text that the wallet signs. It names this manager, the orchestrator,
// the address and the purpose, so that a signature for anything else (a login, a proof of life, another manager) is
// none.
#include "host/auth/payout_proof.hpp"
#include "host/engine/registrar.hpp"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_address_bytes = 64;
constexpr std::size_t max_nonce_bytes = 128;
constexpr std::size_t max_signature_bytes = 256;

}  // namespace

// What has to be signed now, but for the nonce: by the stated address, or where that is proven, by it for its
// successor.
std::variant<auth::PayoutProof, api::Reply> Registrar::wanted_payout_proof(const api::Request& request) {
    const auto& id = request.path.at("id");
    if (auto secret = check_secret(request, id, false); secret.refusal) return std::move(*secret.refusal);
    const auto successor = request.text_or_none("eth_address", max_address_bytes);
    if (!successor) return api::problem_of(successor.error());
    const auto found = parts_.store->find(id);
    if (!found) return reply_of(found.error());
    if (!*found || (*found)->state == registry::RegistrationState::removed) {
        return api::problem(404, "no such registration");
    }
    const auto& registration = **found;
    const auto stated = auth::EthAddress::parse(registration.stated.payout_address);
    if (!stated) return api::problem(409, "no payout address is stated: register again with \"eth_address\"");
    auth::PayoutProof out{
        .origin = parts_.origin, .orchestrator_id = id, .address = *stated, .successor = {}, .nonce = {}};
    if (successor->empty()) {
        if (registration.payout_proven) return api::problem(409, "the payout address is proven already");
        return out;
    }
    const auto next = auth::EthAddress::parse(*successor);
    if (!next) return api::problem(422, "\"eth_address\": want 0x and 40 hex digits, with a right checksum");
    if (!registration.payout_proven) {
        return api::problem(409, "the stated payout address is not proven, so that it hands over to none");
    }
    if (*next == *stated) return api::problem(422, "\"eth_address\": want another address than the present one");
    out.successor = *next;
    return out;
}

api::Reply Registrar::payout_challenge(const api::Request& request) {
    auto wanted = wanted_payout_proof(request);
    if (auto* refusal = std::get_if<api::Reply>(&wanted)) return std::move(*refusal);
    auto& proof = std::get<auth::PayoutProof>(wanted);
    {
        const std::lock_guard lock(mutex_);
        auto nonce = payout_challenges_.issue(proof.orchestrator_id, parts_.clock->now());
        if (!nonce) return api::problem(500, "the host failed; its log says why");
        proof.nonce = std::move(*nonce);
    }
    const auto text = auth::build_payout_proof(proof);
    if (!text) return api::problem_of(text.error());
    return api::json_reply(Json::object()
                               .append("message", *text)
                               .append("signer", proof.address.text())
                               .append("nonce", proof.nonce)
                               .append("expires_in", auth::ChallengeLimits().lifetime_ns / ns_per_s));
}

api::Reply Registrar::prove_payout(const api::Request& request) {
    const auto nonce = request.text("nonce", max_nonce_bytes);
    if (!nonce) return api::problem_of(nonce.error());
    const auto signature = request.text("signature", max_signature_bytes);
    if (!signature) return api::problem_of(signature.error());
    auto wanted = wanted_payout_proof(request);
    if (auto* refusal = std::get_if<api::Reply>(&wanted)) return std::move(*refusal);
    auto& proof = std::get<auth::PayoutProof>(wanted);
    const auto& id = proof.orchestrator_id;
    const auto now = parts_.clock->now();
    const auto refuse = [&](std::string_view why) {
        parts_.log(
            cat("registration: proof of a payout address refused from ", request.client.text(), ": ", why, ": ", id));
        return api::problem(401, "the signature is not the one that was asked for, is late, or was used before");
    };
    {
        const std::lock_guard lock(mutex_);
        const auto fault = payout_challenges_.take(id, *nonce, now);
        if (fault != auth::ChallengeFault::none) return refuse(auth::name_of(fault));
    }
    proof.nonce = *nonce;
    if (const auto signer = auth::verify_payout_proof(proof, *signature); !signer.ok()) {
        return refuse(auth::name_of(signer.fault()));
    }
    const auto address = ascii::to_lower(proof.address.text());
    const auto outcome =
        proof.successor ? parts_.store->hand_over_payout(id, address, ascii::to_lower(proof.successor->text()), now)
                        : parts_.store->prove_payout(id, address, now);
    if (!outcome || outcome->fault != registry::Fault::none) return reply_of(outcome);
    if (proof.successor) parts_.pending_changed();
    note(*outcome, proof.successor ? "payout address handed over" : "payout address proven", "its wallet");
    return api::json_reply(Json::object()
                               .append("success", true)
                               .append("orchestrator_id", id)
                               .append("payout_address", outcome->registration.stated.payout_address)
                               .append("payout_proven", outcome->registration.payout_proven));
}

}  // namespace stipend::engine
