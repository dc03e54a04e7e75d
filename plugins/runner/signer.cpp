#include "signer.hpp"

#include "livepeer/credential.hpp"
#include "livepeer/wire.hpp"

namespace runner {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;

namespace {

constexpr int price_too_high = 481;  // above a ceiling
constexpr int refresh_needed = 480;
constexpr int no_ticket_needed = 482;

Result<std::string> read_identity(const HttpReply& reply) {
    if (reply.status != STIPEND_OK) return fail(STIPEND_E_UNAVAILABLE, reply.error);
    if (reply.http_status() != 200) {
        return fail(STIPEND_E_UNAVAILABLE, "status ", reply.http_status(), ": \"", livepeer::error_text(reply.body()),
                    "\"");
    }
    STIPEND_LET(credential, livepeer::read_signer_answer(reply.body()));
    return credential.address;
}

}  // namespace

SignerAnswer read_signer_answer(const HttpReply& reply) {
    using Is = SignerAnswer::Is;
    SignerAnswer out;
    if (reply.status != STIPEND_OK) {
        // The peer, since a kept connection that breaks during a question ends as one that was not made.
        const bool unasked = stipend::view(reply.response->peer).empty();
        out.is = reply.status == STIPEND_E_CANCELLED ? Is::cancelled : unasked ? Is::unasked : Is::failed;
        out.why = reply.error;
        return out;
    }
    const auto status = reply.http_status();
    if (status == 200) {
        auto payment = livepeer::read_runner_payment(reply.body());
        if (!payment) {
            out.why = payment.error().message;
            return out;
        }
        out.payment = std::move(*payment);
        out.is = Is::paid;
        return out;
    }
    out.why = cat("status ", status, ": \"", livepeer::error_text(reply.body()), "\"");
    if (status == refresh_needed) out.is = Is::stale;
    if (status == 400 || status == price_too_high || status == no_ticket_needed) out.is = Is::refused;
    return out;
}

void Signer::identify(Identified done) {
    waiting_.push_back(std::move(done));
    if (!asking_) ask_identity();
}

void Signer::ask_identity() {
    asking_ = true;
    asked_.swap(waiting_);
    const auto url = cat(url_, "/sign-orchestrator-info");
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_answer;
    const auto sent = host_.http(request, [this](const HttpReply& reply) { identified(read_identity(reply)); });
    if (!sent) identified(stipend::Error(sent.error()));
}

void Signer::identified(const Result<std::string>& address) {
    if (address) address_ = *address;
    std::vector<Identified> asked;
    asked.swap(asked_);
    asking_ = false;
    for (auto& done : asked) done(address);
    if (!waiting_.empty() && !asking_) ask_identity();
}

Result<stipend_op> Signer::pay(const std::string& body, Answered done) const {
    const auto url = cat(url_, "/generate-live-payment");
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = "Content-Type: application/json\r\n";
    request.body = body;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_answer;
    return host_.http(request,
                      [done = std::move(done)](const HttpReply& reply) mutable { done(read_signer_answer(reply)); });
}

}  // namespace runner
