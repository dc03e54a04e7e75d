#include "gateway_cli.hpp"

#include "livepeer/eth_key.hpp"
#include "livepeer/server_trust.hpp"
#include "livepeer/wire.hpp"
#include "stipend/json_parse.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Json;
using stipend::Result;
using stipend::Wei;

namespace {

constexpr std::uint64_t most_cli_answer = 65'536;

stipend::HttpRequest request_to(const CliEndpoint& endpoint, std::string_view url, std::uint32_t timeout_ms) {
    stipend::HttpRequest request;
    request.url = url;
    request.unix_socket = endpoint.unix_socket;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = most_cli_answer;
    return request;
}

// The body of a 200, else why not.
Result<std::string> body_of(const HttpReply& reply) {
    if (reply.status != STIPEND_OK) return fail(STIPEND_E_UNAVAILABLE, reply.error);
    if (reply.http_status() != 200) {
        return fail(STIPEND_E_UNAVAILABLE, "status ", reply.http_status(), ": \"",
                    livepeer::printable(reply.body(), 120), "\"");
    }
    return std::string(reply.body());
}

Result<Wei> amount_of(const Json* object, std::string_view key) {
    const auto* found = object == nullptr ? nullptr : object->find(key);
    if (found == nullptr || !(found->is(Json::Kind::number) || found->is(Json::Kind::string))) {
        return fail(STIPEND_E_INVALID, key, ": missing, or not an amount of wei");
    }
    auto amount = Wei::parse(found->text());
    if (!amount) return std::move(amount).error().in(key);
    return amount;
}

}  // namespace

Result<CliEndpoint> CliEndpoint::parse(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix:";
    if (text.starts_with(unix_scheme)) {
        auto path = text.substr(unix_scheme.size());
        while (path.starts_with("//")) path.remove_prefix(1);
        if (!path.starts_with('/')) {
            return fail(STIPEND_E_INVALID, "got \"", livepeer::printable(text, 80),
                        "\", want unix: and an absolute path");
        }
        return CliEndpoint{"http://localhost", std::string(path)};
    }
    if (!livepeer::check_url(text) || !text.starts_with("http://") || !livepeer::is_loopback_url(text)) {
        return fail(STIPEND_E_INVALID, "got \"", livepeer::printable(text, 80),
                    "\", want http:// and a loopback address, or unix:/path: this port signs anything with the "
                    "gateway's key, so it must not be reached over a network");
    }
    return CliEndpoint{std::string(livepeer::without_slash(text)), {}};
}

std::string Funds::text() const {
    return cat("deposit ", deposit.text(), " wei, reserve ", reserve.text(), " wei");
}

Result<Funds> read_funds(std::string_view body) {
    const auto json = stipend::parse_json(body, {.bytes = most_cli_answer, .depth = 8, .nodes = 1000});
    if (!json || !json->is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "senderInfo: got \"", livepeer::printable(body, 80), "\", want a JSON object");
    }
    Funds out;
    STIPEND_SET(out.deposit, amount_of(&*json, "Deposit"));
    STIPEND_SET(out.reserve, amount_of(json->find("Reserve"), "FundsRemaining"));
    return out;
}

void FundsReader::ask(Done done) {
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
    const auto url = cat(endpoint_.url, "/senderInfo");
    const auto sent = host_.http(request_to(endpoint_, url, timeout_ms), [this](const HttpReply& reply) {
        auto body = body_of(reply);
        if (!body) return over(std::move(body).error().in("gateway_cli"));
        over(read_funds(*body));
    });
    if (!sent) over(stipend::Error(sent.error()));
}

void FundsReader::over(const Result<Funds>& funds) {
    std::vector<Done> waiting;
    waiting.swap(waiting_);
    for (auto& done : waiting) done(funds);
}

void CredentialSource::ask(Done done) {
    if (!fetches()) return done(Result<std::string>(std::string(from_.header)));
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
    from_.cli.url.empty() ? ask_signer() : ask_cli();
}

void CredentialSource::ask_cli() {
    const auto url = cat(from_.cli.url, "/ethAddr");
    const auto sent = host_.http(request_to(from_.cli, url, timeout_ms), [this](const HttpReply& reply) {
        auto body = body_of(reply);
        if (!body) return over(std::move(body).error().in("ethAddr"));
        while (!body->empty() && (body->back() == '\n' || body->back() == '\r')) body->pop_back();
        // Nothing is sent to be signed unless it is the hash of an address.
        if (!livepeer::is_eth_address(*body)) {
            return over(
                fail(STIPEND_E_INVALID, "ethAddr: got \"", livepeer::printable(*body, 60), "\", want an address"));
        }
        ask_signature(*body);
    });
    if (!sent) over(stipend::Error(sent.error()));
}

void CredentialSource::ask_signature(const std::string& address) {
    const auto url = cat(from_.cli.url, "/signMessage");
    const auto body = livepeer::sign_request_body(address);
    auto request = request_to(from_.cli, url, timeout_ms);
    request.method = "POST";
    request.headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    request.body = body;
    const auto sent = host_.http(request, [this, address](const HttpReply& reply) {
        auto signature = body_of(reply);
        if (!signature) return over(std::move(signature).error().in("signMessage"));
        over(livepeer::make_credential(address, *signature));
    });
    if (!sent) over(stipend::Error(sent.error()));
}

void CredentialSource::ask_signer() {
    const auto url = cat(from_.remote_signer, "/sign-orchestrator-info");
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = most_cli_answer;
    const auto sent = host_.http(request, [this](const HttpReply& reply) {
        auto body = body_of(reply);
        if (!body) return over(std::move(body).error().in("sign-orchestrator-info"));
        over(livepeer::read_signer_answer(*body));
    });
    if (!sent) over(stipend::Error(sent.error()));
}

void CredentialSource::over(Result<livepeer::Credential> credential) {
    Result<std::string> header = std::string();
    if (credential) {
        from_.header = credential->header();
        from_.own = true;
        header = from_.header;
        host_.log(STIPEND_LOG_INFO, cat("prices are asked as ", credential->address, ", the gateway's own address"));
    } else {
        header = std::move(credential).error().in(from_.cli.url.empty() ? "remote_signer" : "gateway_cli");
    }
    std::vector<Done> waiting;
    waiting.swap(waiting_);
    for (auto& done : waiting) done(header);
}

}  // namespace byoc
