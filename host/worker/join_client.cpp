#include "host/worker/join_client.hpp"

#include "host/auth/crypto.hpp"
#include "host/base/percent.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "host/http/exchange.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::uint32_t join_patience_ms = 30'000;
constexpr std::size_t max_join_answer_bytes = 64 << 10;
constexpr std::size_t max_join_detail_bytes = 300;
constexpr std::size_t max_join_text_bytes = 512;
constexpr std::string_view join_path = "/api/v1/livepeer/orchestrators";

// What a manager sends is shown on a terminal.
std::string join_text(const Json& object, std::string_view name) {
    const auto* found = object.find(name);
    const bool is_text = found != nullptr && found->is(Json::Kind::string);
    return is_text ? printable_line(clip(found->text(), max_join_text_bytes)) : std::string();
}

std::optional<bool> join_flag(const Json& object, std::string_view name) {
    const auto* found = object.find(name);
    if (found == nullptr || !found->is(Json::Kind::boolean)) return std::nullopt;
    return found->truth();
}

JoinState state_in(const Json& answer) {
    return {.state = join_text(answer, "state"),
            .challenge = join_text(answer, "challenge"),
            .reached = join_flag(answer, "endpoint_reached"),
            .why = join_text(answer, "message")};
}

}  // namespace

struct JoinClient::Sent {
    int status = 0;
    Json body = Json::object();
};

Result<JoinClient::Sent> JoinClient::send(const std::string& method, const std::string& path, const std::string& body,
                                          const std::string& credential) const {
    STIPEND_LET(client, http::CurlClient::create({.secrets = [&credential](std::string_view) -> Result<std::string> {
                    return credential;
                }}));
    http::HttpRequest request;
    request.method = method;
    request.url = cat(manager_, path);
    request.headers = "Authorization: Bearer ${secret:key}\r\nAccept: application/json\r\n";
    if (!body.empty()) request.headers += "Content-Type: application/json\r\n";
    request.body = body;
    request.ca_file = ca_;
    request.timeout_ms = join_patience_ms;
    request.max_response_bytes = max_join_answer_bytes;
    const auto got = http::exchange(*client, std::move(request));
    if (!got) {
        const auto& why = got.error().message;
        const bool trust = why.find("certificate") != std::string::npos;
        return fail(STIPEND_E_UNAVAILABLE, "no manager answers at ", manager_, ": ", why,
                    trust ? "; --ca FILE names the authorities that are trusted" : "");
    }
    Sent out{.status = static_cast<int>(got->status)};
    auto json = parse_json(got->body);
    if (json && json->is(Json::Kind::object)) out.body = std::move(*json);
    return out;
}

Error JoinClient::refusal(const Sent& sent, std::string_view what) const {
    auto detail = join_text(sent.body, "detail");
    if (detail.find(own_secret_) != std::string::npos) detail.clear();
    const bool later = sent.status == 429 || sent.status == 408 || sent.status >= 500;
    return Error{later ? STIPEND_E_UNAVAILABLE : STIPEND_E_INVALID,
                 cat(what, ": ", manager_, " answered with status ", sent.status, detail.empty() ? "" : ": ",
                     clip(detail, max_join_detail_bytes))};
}

Result<JoinInvitation> JoinClient::invitation(const std::string& token) const {
    STIPEND_LET(sent, send("GET", cat(join_path, "/invitation"), "", token));
    if (sent.status == 401) {
        return fail(STIPEND_E_INVALID, "the invitation: ", manager_,
                    " does not know it; it was made by another manager, or is gone by now");
    }
    if (sent.status != 200) return refusal(sent, "the invitation");
    const auto state = join_text(sent.body, "state");
    const auto used_by = join_text(sent.body, "used_by");
    JoinInvitation out{.capability = join_text(sent.body, "capability"),
                       .network = join_text(sent.body, "network"),
                       .expires_at = join_text(sent.body, "expires_at"),
                       .approve = join_flag(sent.body, "approve").value_or(false)};
    if (state == "open" || (state == "used" && used_by == id_)) return out;
    if (state == "used") {
        return fail(STIPEND_E_INVALID, "the invitation was used already, by ", used_by, ": ask for another one");
    }
    if (state == "expired") {
        return fail(STIPEND_E_INVALID, "the invitation has expired at ", out.expires_at, ": ask for another one");
    }
    return fail(STIPEND_E_INVALID, "the invitation is ", state.empty() ? "in no known state" : state,
                ": ask for another one");
}

Result<JoinState> JoinClient::enroll(const JoinTerms& terms, const std::string& worker_key,
                                     const std::string& token) const {
    auto capabilities = Json::array();
    capabilities.push(terms.capability);
    auto body = Json::object()
                    .append("orchestrator_id", terms.id)
                    .append("endpoint", terms.endpoint)
                    .append("capabilities", std::move(capabilities))
                    .append("eth_address", terms.payout_address)
                    .append("worker_key", worker_key);
    if (!token.empty()) body.append("secret", own_secret_);
    STIPEND_LET(sent, send("POST", cat(join_path, "/register"), body.dump(), token.empty() ? own_secret_ : token));
    if (sent.status == 401 && token.empty()) {
        return fail(STIPEND_E_STATE, "the registration: ", manager_, " does not know ", id_,
                    ", or its secret was replaced; an invitation, by --token-file, registers it");
    }
    if (sent.status != 200) return refusal(sent, "the registration");
    auto out = state_in(sent.body);
    if (out.challenge.empty()) {
        return fail(STIPEND_E_INVALID, "the registration: an answer without a challenge: is ", manager_, " a manager?");
    }
    return out;
}

Result<JoinState> JoinClient::prove(const std::string& challenge) const {
    auto text = cat(challenge, ":", id_, ":", own_secret_);
    const auto response = sha256_hex(text);
    auth::wipe(text);
    const auto body = Json::object()
                          .append("orchestrator_id", id_)
                          .append("manager_challenge", challenge)
                          .append("orchestrator_response", response)
                          .dump();
    STIPEND_LET(sent, send("POST", cat(join_path, "/", url_part(id_), "/proof"), body, own_secret_));
    if (sent.status != 200) return refusal(sent, "the proof");
    return state_in(sent.body);
}

Result<std::string> JoinClient::state() const {
    STIPEND_LET(sent, send("GET", cat(join_path, "/", url_part(id_), "/status"), "", own_secret_));
    if (sent.status != 200) return refusal(sent, "the state");
    return join_text(sent.body, "registration");
}

}  // namespace stipend::worker
